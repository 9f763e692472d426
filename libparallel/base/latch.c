/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The two moves of a latch. No wake-up is lost: WAITED is set by a read-modify-write on the same word that opening
 * changes by a read-modify-write, so one of the two comes first. If opening comes first the waiter sees OPEN in the
 * value it got back; if WAITED comes first the opener sees it and wakes; and between setting WAITED and sleeping the
 * kernel compares the word. */
#include "libparallel/base/latch.h"

#include "libparallel/base/clock.h"
#include "libparallel/base/futex.h"
#include "libparallel/base/patience.h"

void pl_latch_wake(struct pl_latch *latch)
{
    pl_futex_wake(&latch->word, PL_FUTEX_WAKE_ALL, PL_FUTEX_PRIVATE);
}

uint32_t pl_latch_open(struct pl_latch *latch, uint32_t owner_delta)
{
    /* Release: publishes the result to pl_latch_is_open() and pl_latch_wait(). Acquire: orders nothing here, but the
     * thread that opens goes on to read what observers registered. */
    uint32_t old = pl_add_acq_rel(&latch->word, owner_delta + PL_LATCH_OPEN);
    pl_latch_wake_waiters(latch, old);
    return old;
}

bool pl_latch_spin(struct pl_latch *latch, uint32_t turns)
{
    uint64_t looked_ns = 0;
    for (uint32_t turn = 1; turn <= turns; turn++) {
        if (pl_latch_is_open(latch))
            return true;
        if (turn % PL_PATIENCE_TURNS_BETWEEN == 0 && pl_patience_is_interrupted(&looked_ns))
            break;
        pl_spin_pause();
    }
    return pl_latch_is_open(latch);
}

bool pl_latch_wait(struct pl_latch *latch, uint64_t deadline_ns, uint32_t spin_turns)
{
    if (pl_latch_is_open(latch))
        return true;
    if (deadline_ns == PARALLEL_POLL)
        return false;
    if (pl_latch_spin(latch, spin_turns))
        return true;
    for (;;) {
        /* Acquire: if it is open by now, pairs with pl_latch_open(). */
        uint32_t word = pl_or_acquire(&latch->word, PL_LATCH_WAITED);
        if (word & PL_LATCH_OPEN)
            return true;
        enum pl_futex_result result =
            pl_futex_wait(&latch->word, word | PL_LATCH_WAITED, deadline_ns, PL_FUTEX_PRIVATE);
        if (pl_latch_is_open(latch))
            return true;
        if (result == PL_FUTEX_TIMED_OUT)
            return false;
    }
}
