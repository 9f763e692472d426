/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A latch opens once. It is one 32-bit word: bit 0 says open, bit 1 says that somebody sleeps, and the other 30 bits
 * are its owner's, who keeps a state there, so that "the state is final" and "the latch is open" are one store.
 *
 *     closed ---- wait: sets WAITED, sleeps ----> closed|WAITED
 *       |                                             |
 *       +---- open -----> open <---- open, wakes -----+
 *
 * The owner changes its bits by read-modify-writes only: a plain store would take WAITED away from a sleeper.
 *
 * Lifetime: a waiter may free the latch as soon as it sees it open, so opening touches the word exactly once and
 * never again; the wake that follows uses the address only (see pl_futex_wake). */
#ifndef LIBPARALLEL_BASE_LATCH_H
#define LIBPARALLEL_BASE_LATCH_H

#include <stdbool.h>

#include "libparallel/base/atomics.h"

enum {
    PL_LATCH_OPEN = 1u << 0,
    PL_LATCH_WAITED = 1u << 1,
    PL_LATCH_OWNER_SHIFT = 2, /* the first bit that is the owner's */
};

struct pl_latch {
    _Atomic uint32_t word;
};

/* Pairs with the release in pl_latch_open(): who sees it open sees all that was written before it was opened. */
static inline bool pl_latch_is_open(struct pl_latch *latch)
{
    return (pl_load_acquire(&latch->word) & PL_LATCH_OPEN) != 0;
}

/* Opens the latch and adds `owner_delta` to the word, which the caller has chosen so that only its own bits change.
 * Returns the word as it was before. Exactly one thread opens a latch. */
uint32_t pl_latch_open(struct pl_latch *latch, uint32_t owner_delta);

/* Wakes who sleeps on a latch that has been opened, and may be gone. */
void pl_latch_wake(struct pl_latch *latch);

/* The same, if its word, as it was before, says that somebody does. */
static inline void pl_latch_wake_waiters(struct pl_latch *latch, uint32_t word)
{
    if (word & PL_LATCH_WAITED)
        pl_latch_wake(latch);
}

/* The same where the opener does not know the word: from *word, as it was looked at, to `opened`, which has PL_LATCH_OPEN and
 * all that was in *word but what the opener changes. False: it is another one, which stands in *word now. */
static inline bool pl_latch_open_from(struct pl_latch *latch, uint32_t *word, uint32_t opened)
{
    if (!pl_cas_acq_rel(&latch->word, word, opened)) /* as pl_latch_open() */
        return false;
    pl_latch_wake_waiters(latch, *word);
    return true;
}

/* Looks for at most so many turns, fewer if interrupted (patience.h); true if it is open. */
bool pl_latch_spin(struct pl_latch *latch, uint32_t turns);

/* Waits until the latch is open: spins up to `spin_turns`, then sleeps. False if the deadline passed first. */
bool pl_latch_wait(struct pl_latch *latch, uint64_t deadline_ns, uint32_t spin_turns);

#endif
