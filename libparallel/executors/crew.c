/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The steps of the crew's protocol, both sides; docs/protocols/process-worker.md says why no call is lost or made
 * twice. */
#include "libparallel/executors/crew.h"

#include <sched.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/futex.h"
#include "libparallel/base/patience.h"
#include "libparallel/workers/zygote_process.h"

enum { SLOT_BITS = 16 };

static uint64_t cell_of(uint64_t ticket, uint32_t slot)
{
    return (ticket + 1) << SLOT_BITS | slot; /* + 1: a zeroed cell is nobody's */
}

static bool cell_has_ticket(uint64_t cell, uint64_t ticket)
{
    return cell >> SLOT_BITS == ticket + 1;
}

static uint32_t slot_of(uint64_t cell)
{
    return (uint32_t)(cell & ((1u << SLOT_BITS) - 1));
}

_Static_assert(PL_CREW_SLOTS <= 1 << PL_DONE_SLOT_BITS, "a slot's number fits into a cell");

static struct pl_done_cell *done_cell(struct pl_seat *seat, uint64_t position)
{
    return &seat->done[position % PL_SEAT_DONE_CELLS];
}

static uint64_t done_word(uint64_t position, bool has_result, uint32_t generation, uint32_t slot)
{
    return (position + 1) << PL_DONE_TICKET_SHIFT | (uint64_t)has_result << PL_DONE_RESULT_SHIFT |
           (uint64_t)generation << PL_DONE_SLOT_BITS | slot;
}

static bool is_done_word_at(uint64_t word, uint64_t position)
{
    return ((word ^ done_word(position, false, 0, 0)) >> PL_DONE_TICKET_SHIFT) == 0;
}

static uint32_t slot_of_done_word(uint64_t word)
{
    return (uint32_t)(word & ((1u << PL_DONE_SLOT_BITS) - 1));
}

/* ---- The program's side ---- */

bool pl_crew_hint(struct pl_crew *crew, struct pl_crew_end *end, uint32_t slot)
{
    if (end->tail - end->past_head >= PL_CREW_HINTS) {
        end->past_head = pl_crew_head(crew);
        if (end->tail - end->past_head >= PL_CREW_HINTS)
            return false;
    }
    /* Publishes the slot to pl_crew_claim(); seq_cst: before the look at the sleepers (step P3). */
    pl_store_seq_cst(&crew->hints[end->tail % PL_CREW_HINTS], cell_of(end->tail, slot));
    end->tail++;
    return true;
}

uint32_t pl_crew_hinted_slot(const struct pl_crew *crew, uint64_t ticket)
{
    return slot_of(pl_load_relaxed(&crew->hints[ticket % PL_CREW_HINTS])); /* relaxed: the caller wrote it */
}

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

static bool is_bound_to(const struct pl_seat *seat, int cpu)
{
    return cpu >= 0 && seat->place.kind == PL_PLACE_BOUND && pl_cpu_set_has(&seat->place.cpus, (size_t)cpu);
}

static void wake(struct pl_seat *seat)
{
    pl_store_relaxed(&seat->called_ns, pl_clock_now_ns()); /* published by the next store */
    pl_store_release(&seat->is_asleep, 0); /* what it is woken for it finds in the hints */
    pl_futex_wake(&seat->is_asleep, 1, PL_FUTEX_SHARED);
}

bool pl_crew_wake_one(struct pl_crew *crew, struct pl_seat *const seats[])
{
    int cpu = sched_getcpu();
    struct pl_seat *last_choice = NULL;
    for (uint32_t i = 0; i < PL_CREW_SLEEP_WORDS; i++) {
        /* Step P3; partner: pl_crew_sleep(). */
        for (uint64_t bits = pl_load_seq_cst(&crew->sleepers[i]); bits != 0; bits &= bits - 1) {
            uint32_t index = i * 64 + (uint32_t)__builtin_ctzll(bits);
            if (last_choice == NULL && is_bound_to(seats[index], cpu)) {
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

uint32_t pl_crew_count_sleepers(struct pl_crew *crew, uint32_t seat_count)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < PL_CREW_SLEEP_WORDS && i * 64 < seat_count; i++) {
        uint64_t bits = pl_load_seq_cst(&crew->sleepers[i]); /* step P3 */
        if (bits != 0) /* counting takes twenty instructions where the processor's own is not known to be there */
            count += (uint32_t)__builtin_popcountll(bits);
    }
    return count;
}

bool pl_crew_collect(struct pl_crew *crew, struct pl_seat *seat, uint64_t *position, struct pl_done_call *done)
{
    struct pl_done_cell *cell = done_cell(seat, *position);
    /* Acquires what pl_crew_finish() has released; seq_cst: partner of pl_crew_announce(), in a last look. */
    uint64_t word = pl_load_seq_cst(&cell->word);
    if (!is_done_word_at(word, *position))
        return false;
    done->slot = slot_of_done_word(word);
    pl_slot_fetch(&crew->slots[done->slot]);
    done->generation = (uint32_t)(word >> PL_DONE_SLOT_BITS);
    done->has_result = (word >> PL_DONE_RESULT_SHIFT & 1) != 0;
    done->result = cell->result;
    ++*position;
    /* Whatever follows will be wanted soon, so its lines are asked for now. Relaxed: no more than that. */
    uint64_t next = pl_load_relaxed(&done_cell(seat, *position)->word);
    if (is_done_word_at(next, *position))
        pl_slot_fetch(&crew->slots[slot_of_done_word(next)]);
    return true;
}

/* ---- The worker's side ---- */

bool pl_crew_claim(struct pl_crew *crew, uint16_t number, uint32_t *slot)
{
    for (;;) {
        uint64_t head = pl_load_acquire(&crew->head); /* pairs with the swap below, another worker's */
        uint64_t cell = pl_load_seq_cst(&crew->hints[head % PL_CREW_HINTS]); /* step W2; pairs with pl_crew_hint() */
        if (!cell_has_ticket(cell, head)) {
            if (pl_load_acquire(&crew->head) == head)
                return false;
            continue; /* others were faster, so the cell is a later one */
        }
        pl_slot_fetch(&crew->slots[slot_of(cell)]); /* while the swap is under way */
        uint64_t next = pl_load_relaxed(&crew->hints[(head + 1) % PL_CREW_HINTS]); /* relaxed: it is only fetched */
        if (cell_has_ticket(next, head + 1))
            pl_slot_fetch(&crew->slots[slot_of(next)]);
        /* Whoever moves the head has the hint. The cell was read before: its slot can be overwritten only after. */
        if (!pl_cas_acq_rel(&crew->head, &head, head + 1))
            continue;
        if (pl_slot_claim(&crew->slots[slot_of(cell)], number)) {
            *slot = slot_of(cell);
            return true;
        }
    }
}

bool pl_crew_finish(struct pl_crew *crew, struct pl_seat *seat, uint16_t number, uint64_t *position, uint32_t slot,
                    const uint64_t *result)
{
    uint32_t generation;
    if (!pl_slot_finish(&crew->slots[slot], number, &generation))
        return false;
    struct pl_done_cell *cell = done_cell(seat, *position);
    if (result != NULL)
        cell->result = *result;
    pl_store_release(&cell->word, done_word(*position, result != NULL, generation, slot)); /* and all that was before */
    ++*position;
    return true;
}

void pl_crew_announce(struct pl_crew *crew, struct pl_seat *seat, uint16_t number, uint64_t position, uint32_t slot)
{
    /* Relaxed: a later word of the slot means that somebody has collected it, and an old one that is seen rings in vain.
     * One that was collected and is done again has another worker's number. */
    uint64_t word = pl_load_relaxed(&crew->slots[slot].word);
    if (pl_slot_state_of(word) != PL_SLOT_DONE || pl_slot_number_of(word) != number)
        return;
    /* The cell once more, which orders it before the look at the bell (step W6); partner: the collector's last look. */
    _Atomic uint64_t *cell = &done_cell(seat, position - 1)->word;
    pl_store_seq_cst(cell, pl_load_relaxed(cell)); /* relaxed: this worker wrote it */
    uint32_t wanted = pl_load_seq_cst(&crew->wants_bell);
    if (wanted != 0 && pl_cas_seq_cst(&crew->wants_bell, &wanted, 0))
        pl_zygote_ring(crew->board);
}

bool pl_crew_has_hint(struct pl_crew *crew)
{
    uint64_t head = pl_load_acquire(&crew->head); /* a later head has its own look */
    uint64_t cell = pl_load_seq_cst(&crew->hints[head % PL_CREW_HINTS]);
    if (!cell_has_ticket(cell, head))
        return pl_load_acquire(&crew->head) != head;
    pl_slot_fetch(&crew->slots[slot_of(cell)]); /* first of all: the next look may be at the same slot, but to read it */
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
    if (!pl_crew_has_hint(crew) && pl_load_seq_cst(&seat->is_dismissed) == 0) /* step W2 */
        while (pl_load_acquire(&seat->is_asleep) == 1 && !is_late) {
            has_slept = true;
            is_late = pl_futex_wait(&seat->is_asleep, 1, deadline_ns, PL_FUTEX_SHARED) == PL_FUTEX_TIMED_OUT;
        }
    bool is_wanted = !take_bit(crew, seat->index); /* its bit was taken by whoever woke it */
    if (has_slept && is_wanted)
        pl_patience_note_wake(pl_load_relaxed(&seat->called_ns)); /* relaxed: published with is_asleep */
    return !is_late || is_wanted || pl_crew_has_hint(crew);
}
