/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The steps of the crew's protocol, both sides; docs/protocols/process-worker.md says why no call is lost or made
 * twice. */
#include "libparallel/executors/crew.h"

#include <sched.h>
#include <string.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/copy.h"
#include "libparallel/base/futex.h"
#include "libparallel/base/patience.h"
#include "libparallel/workers/zygote_process.h"

enum { SLOT_BITS = 15, TICKET_SHIFT = SLOT_BITS + 1 };

static uint64_t cell_of(uint64_t ticket, bool is_settled, uint32_t slot)
{
    return (ticket + 1) << TICKET_SHIFT | (uint64_t)is_settled << SLOT_BITS | slot; /* + 1: a zeroed cell is nobody's */
}

static bool cell_has_ticket(uint64_t cell, uint64_t ticket)
{
    return cell >> TICKET_SHIFT == ticket + 1;
}

static bool is_settled(uint64_t cell)
{
    return (cell >> SLOT_BITS & 1) != 0;
}

static uint32_t slot_of(uint64_t cell)
{
    return (uint32_t)(cell & ((1u << SLOT_BITS) - 1));
}

static struct pl_hint *hint_at(struct pl_crew *crew, uint64_t ticket)
{
    return &crew->hints[ticket % PL_CREW_HINTS];
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

/* Of the slot to claim: the word's line. */
static void fetch_slot(struct pl_crew *crew, uint64_t cell)
{
    pl_prefetch_to_write(&crew->slots[slot_of(cell)]);
}

static uint32_t slot_of_done_word(uint64_t word)
{
    return (uint32_t)(word & ((1u << PL_DONE_SLOT_BITS) - 1));
}

/* ---- The program's side ---- */

/* Relaxed, all: published by the cell. */
static void describe(struct pl_hint *line, const struct pl_call_hint *hint)
{
    const struct pl_small_call *small = hint->small;
    pl_store_relaxed(&line->generation, hint->generation);
    pl_store_relaxed(&line->function, small != NULL ? small->function : NULL);
    for (size_t offset = 0; small != NULL && offset < small->size; offset += sizeof(uint64_t)) {
        size_t left = small->size - offset;
        uint64_t word = 0;
        pl_copy_small(&word, (const char *)small->arguments + offset, left < sizeof word ? left : sizeof word);
        pl_store_relaxed(&line->arguments[offset / sizeof word], word);
    }
}

bool pl_crew_hint(struct pl_crew *crew, struct pl_crew_end *end, const struct pl_call_hint *hint)
{
    if (end->tail - end->past_head >= PL_CREW_HINTS) {
        end->past_head = pl_crew_head(crew);
        if (end->tail - end->past_head >= PL_CREW_HINTS)
            return false;
    }
    struct pl_hint *line = hint_at(crew, end->tail);
    describe(line, hint);
    /* Publishes the call to pl_crew_claim(); seq_cst: before the look at the sleepers (step P3). */
    pl_store_seq_cst(&line->cell, cell_of(end->tail, hint->is_settled, hint->slot));
    end->tail++;
    pl_prefetch_to_write(hint_at(crew, end->tail)); /* workers have read it, a round ago */
    return true;
}

uint32_t pl_crew_hinted_slot(const struct pl_crew *crew, uint64_t ticket)
{
    return slot_of(pl_load_relaxed(&crew->hints[ticket % PL_CREW_HINTS].cell)); /* relaxed: the caller wrote it */
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
    done->generation = (uint32_t)(word >> PL_DONE_SLOT_BITS);
    done->has_result = (word >> PL_DONE_RESULT_SHIFT & 1) != 0;
    done->result = cell->result;
    ++*position;
    if (!done->has_result)
        __builtin_prefetch(&crew->slots[done->slot]);
    return true;
}

/* ---- The worker's side ---- */

/* What a hint says, which counts if it is still the one that was looked at: the caller swaps the head afterwards. */
static void read_hint(struct pl_hint *line, uint64_t cell, struct pl_claimed_call *call)
{
    call->slot = slot_of(cell);
    /* Relaxed, all: published by the cell, and overwritten only after the head has been moved. */
    call->generation = pl_load_relaxed(&line->generation);
    call->function = pl_load_relaxed(&line->function);
    for (int i = 0; i < PL_CREW_ARGUMENT_WORDS; i++)
        call->arguments[i] = pl_load_relaxed(&line->arguments[i]);
}

/* Where there are calls beside the one that is claimed, the next one's lines are asked for meanwhile. Where there are none, its
 * line is in the program's cache, which will write there next, and to look would take as long as all the rest. */
static void look_ahead(struct pl_crew *crew, uint64_t ticket)
{
    uint64_t cell = pl_load_relaxed(&hint_at(crew, ticket)->cell); /* relaxed: it is only asked for */
    if (!cell_has_ticket(cell, ticket))
        return;
    fetch_slot(crew, cell);
    __builtin_prefetch(hint_at(crew, ticket + 1));
}

bool pl_crew_claim(struct pl_crew *crew, uint16_t number, struct pl_claimed_call *call)
{
    for (;;) {
        uint64_t head = pl_load_acquire(&crew->head); /* pairs with the swap below, another worker's */
        struct pl_hint *line = hint_at(crew, head);
        uint64_t cell = pl_load_seq_cst(&line->cell); /* step W2; pairs with pl_crew_hint() */
        if (!cell_has_ticket(cell, head)) {
            if (pl_load_acquire(&crew->head) == head)
                return false;
            continue; /* others were faster, so the cell is a later one */
        }
        read_hint(line, cell, call);
        fetch_slot(crew, cell); /* while the swap is under way */
        if (call->function == NULL)
            __builtin_prefetch(&crew->slots[call->slot].function);
        if (!is_settled(cell))
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
    struct pl_done_cell *cell = done_cell(seat, *position);
    if (result != NULL)
        cell->result = *result;
    /* Publishes all that was before; seq_cst: before the look at the bell (step W6); partner: the collector's last look. */
    pl_store_seq_cst(&cell->word, done_word(*position, result != NULL, (uint32_t)call->generation, call->slot));
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
    uint64_t cell = pl_load_seq_cst(&hint_at(crew, head)->cell);
    *settled = false;
    if (!cell_has_ticket(cell, head))
        return pl_load_acquire(&crew->head) != head;
    fetch_slot(crew, cell);
    *settled = is_settled(cell);
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
