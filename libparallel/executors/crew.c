/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The steps of the crew's protocol, but for the program's on the way of each call, which stand in crew.h;
 * docs/protocols/process-worker.md says why no call is lost or made twice. */
#include "libparallel/executors/crew.h"

#include <sched.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/futex.h"
#include "libparallel/base/patience.h"
#include "libparallel/workers/zygote_process.h"

/* ---- The program's side ---- */

static bool take_bit(struct pl_crew *crew, uint32_t index)
{
    uint64_t bit = UINT64_C(1) << index % 64;
    /* In one order with the sleeper's setting of it. */
    return (atomic_fetch_and_explicit(&crew->sleepers[index / 64], ~bit, memory_order_seq_cst) & bit) != 0;
}

void pl_crew_take_bit(struct pl_crew *crew, uint32_t index)
{
    (void)take_bit(crew, index);
}

static void wake(struct pl_seat *seat)
{
    pl_store_relaxed(&seat->called_ns, pl_clock_now_ns()); /* published by the next store */
    pl_store_release(&seat->is_asleep, 0); /* what it is woken for it finds in the hints */
    pl_futex_wake(&seat->is_asleep, 1, PL_FUTEX_SHARED);
}

bool pl_crew_wake_one(struct pl_crew *crew, struct pl_seat *const seats[], uint32_t seat_count)
{
    int cpu = sched_getcpu();
    struct pl_seat *last_choice = NULL;
    for (uint32_t i = 0; i < PL_CREW_SLEEP_WORDS && i * 64 < seat_count; i++) {
        /* Step P3; partner: pl_crew_sleep(). */
        for (uint64_t bits = pl_load_seq_cst(&crew->sleepers[i]); bits != 0; bits &= bits - 1) {
            uint32_t index = i * 64 + (uint32_t)__builtin_ctzll(bits);
            if (index >= seat_count)
                break;
            if (last_choice == NULL && pl_seat_is_bound_to(seats[index], cpu)) {
                last_choice = seats[index];
            } else if (take_bit(crew, index)) {
                wake(seats[index]);
                return true;
            }
        }
    }
    if (last_choice == NULL || !take_bit(crew, last_choice->index))
        return false;
    wake(last_choice);
    return true;
}

/* ---- The worker's side ---- */

/* Of the slot to claim: the word's line. */
static void fetch_slot(struct pl_crew *crew, uint64_t cell)
{
    pl_prefetch_to_write(&crew->slots[pl_hint_slot(cell)]);
}

/* What a hint says, which counts if it is still the one that was looked at: the caller swaps the head afterwards. */
static void read_hint(struct pl_hint *line, uint64_t cell, struct pl_claimed_call *call)
{
    call->slot = pl_hint_slot(cell);
    /* Relaxed, all: published by the cell, and overwritten only after the head has been moved. */
    call->generation = pl_load_relaxed(&line->generation);
    call->function = pl_load_relaxed(&line->function);
    for (int i = 0; i < PL_CREW_ARGUMENT_WORDS; i++)
        call->arguments[i] = pl_load_relaxed(&line->arguments[i]);
}

/* Where there are calls beside the one that is claimed, the next one's lines are asked for meanwhile. Where there are none,
 * its line is in the program's cache, which will write there next, and to look would take as long as all the rest. */
static void look_ahead(struct pl_crew *crew, uint64_t ticket)
{
    uint64_t cell = pl_load_relaxed(&pl_crew_hint_at(crew, ticket)->cell); /* relaxed: it is only asked for */
    if (!pl_hint_has_ticket(cell, ticket))
        return;
    fetch_slot(crew, cell);
    __builtin_prefetch(pl_crew_hint_at(crew, ticket + 1));
}

bool pl_crew_claim(struct pl_crew *crew, uint16_t number, struct pl_claimed_call *call)
{
    for (;;) {
        uint64_t head = pl_load_acquire(&crew->head); /* pairs with the swap below, another worker's */
        struct pl_hint *line = pl_crew_hint_at(crew, head);
        uint64_t cell = pl_load_seq_cst(&line->cell); /* step W2; pairs with pl_crew_hint() */
        if (!pl_hint_has_ticket(cell, head)) {
            if (pl_load_acquire(&crew->head) == head)
                return false;
            continue; /* others were faster, so the cell is a later one */
        }
        read_hint(line, cell, call);
        fetch_slot(crew, cell); /* while the swap is under way */
        if (call->function == NULL)
            __builtin_prefetch(&crew->slots[call->slot].function);
        if (!pl_hint_is_settled(cell))
            look_ahead(crew, head + 1);
        /* Whoever moves the head has the hint. The line was read before: it can be overwritten only after. */
        if (!pl_cas_acq_rel(&crew->head, &head, head + 1))
            continue;
        if (pl_slot_claim(&crew->slots[call->slot], call->generation, number))
            return true;
    }
}

bool pl_crew_finish(struct pl_crew *crew, struct pl_seat *seat, uint16_t number, uint64_t *position,
                    const struct pl_claimed_call *call, const uint64_t *result)
{
    if (!pl_slot_finish(&crew->slots[call->slot], call->generation, number))
        return false;
    struct pl_done_cell *cell = pl_done_cell_at(seat, *position);
    if (result != NULL)
        cell->result = *result;
    /* Publishes all that was before; seq_cst: before the look at the bell (step W6); partner: the collector's last look. */
    pl_store_seq_cst(&cell->word, pl_done_word(*position, result != NULL, (uint32_t)call->generation, call->slot));
    ++*position;
    return true;
}

void pl_crew_announce(struct pl_crew *crew)
{
    uint32_t wanted = pl_load_seq_cst(&crew->wants_bell);
    if (wanted != 0 && pl_cas_seq_cst(&crew->wants_bell, &wanted, 0))
        pl_zygote_ring(crew->board);
}

bool pl_crew_has_hint(struct pl_crew *crew, bool *settled)
{
    uint64_t head = pl_load_acquire(&crew->head); /* a later head has its own look */
    uint64_t cell = pl_load_seq_cst(&pl_crew_hint_at(crew, head)->cell);
    *settled = false;
    if (!pl_hint_has_ticket(cell, head))
        return pl_load_acquire(&crew->head) != head;
    fetch_slot(crew, cell);
    *settled = pl_hint_is_settled(cell);
    return true;
}

bool pl_crew_sleep(struct pl_crew *crew, struct pl_seat *seat)
{
    uint64_t bit = UINT64_C(1) << seat->index % 64;
    uint64_t deadline_ns = PARALLEL_NEVER;
    if (crew->idle_timeout_ns > 0)
        deadline_ns = pl_clock_now_ns() + crew->idle_timeout_ns;
    bool is_late = false, has_slept = false;
    pl_store_seq_cst(&seat->is_asleep, 1); /* before the bit and the look at is_dismissed, for who clears it */
    pl_or_seq_cst(&crew->sleepers[seat->index / 64], bit); /* step W1 */
    bool settled;
    if (!pl_crew_has_hint(crew, &settled) && pl_load_seq_cst(&seat->is_dismissed) == 0) /* step W2 */
        while (pl_load_acquire(&seat->is_asleep) == 1 && !is_late) {
            has_slept = true;
            is_late = pl_futex_wait(&seat->is_asleep, 1, deadline_ns, PL_FUTEX_SHARED) == PL_FUTEX_TIMED_OUT;
        }
    bool is_wanted = !take_bit(crew, seat->index); /* its bit was taken by whoever woke it */
    if (has_slept && is_wanted)
        pl_patience_note_wake(pl_load_relaxed(&seat->called_ns)); /* relaxed: published with is_asleep */
    return !is_late || is_wanted || pl_crew_has_hint(crew, &settled);
}
