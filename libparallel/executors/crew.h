/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The crew: what a processes executor and its workers share. A ring of hints says which calls there are, in which order;
 * a slot a call says who has it; a bit a worker says who sleeps.
 *
 *     program: load slot -> hint -> wake a sleeper              worker: take hint -> claim slot -> run -> finish
 *                 ^                                                                                      |
 *                 +------ collect slot <------------------ cell in the worker's own `done` <-------------+
 *
 * A hint is no more than that: it may point to a call that was withdrawn, or be lost with a worker that died after it
 * took it. The program may repeat it at any time, for claiming is decided by the slot. So no step of a worker, wherever it
 * is killed, holds up anybody.
 *
 * A small call goes with its hint, which is a cache line: the one that searching workers look at. So it costs no other line
 * on its way to the worker, and the slot's word, which only workers write then, is mostly in the cache of one.
 *
 * One thread of the program at a time gives hints (under its lock), any number of workers take them. */
#ifndef LIBPARALLEL_EXECUTORS_CREW_H
#define LIBPARALLEL_EXECUTORS_CREW_H

#include "libparallel/base/copy.h"
#include "libparallel/executors/slot.h"
#include "libparallel/workers/seat.h"
#include "libparallel/workers/zygote.h"

enum {
    PL_CREW_SLOTS = 1024, /* 10 us of work for 20 workers even at 0.2 us a call; what waits beyond is private memory */
    PL_CREW_HINTS = 2048, /* a power of 2: withdrawn calls leave hints behind, so more than slots */
    PL_CREW_ARGUMENT_WORDS = 5,
    PL_CREW_ARGUMENT_BYTES = PL_CREW_ARGUMENT_WORDS * (int)sizeof(uint64_t),
    PL_CREW_SLEEP_WORDS = PL_SEAT_LIMIT / 64,
};

_Static_assert(2 * (int)PL_CREW_SLOTS <= (int)PL_SEAT_DONE_CELLS, "a worker's cells never overflow (the tick)");

/* Written by the program; the cell last. */
struct pl_hint {
    _Alignas(PL_CACHE_LINE) _Atomic uint64_t cell;   /* ticket + 1 48 | is settled 1 | slot 15 */
    _Atomic uint64_t generation;                     /* of the call */
    _Atomic(const parallel_function *) function;     /* as workers have it; NULL: the slot says what the calls are */
    _Atomic uint64_t arguments[PL_CREW_ARGUMENT_WORDS]; /* of a small call */
};

_Static_assert(sizeof(struct pl_hint) == PL_CACHE_LINE, "a hint takes one line");

struct pl_crew {
    /* Constant while workers live. */
    struct pl_zygote_board *board;
    int (*initializer)(void *context);
    void *initializer_context;
    uint64_t idle_timeout_ns; /* 0: an idle worker stays */
    uint64_t max_calls;  /* a worker makes before it is replaced; 0: any number */
    bool is_timed;       /* somebody wants to know when a call began */
    bool is_accounted;   /* somebody wants to know what a call has used */
    bool is_crowded;     /* there are not enough processors for the program and all workers */

    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t head; /* of the hints; workers */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t sleepers[PL_CREW_SLEEP_WORDS]; /* a bit a worker; set by itself */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t wants_bell; /* the program: somebody sleeps there until calls end */
    _Alignas(2 * PL_CACHE_LINE) struct pl_hint hints[PL_CREW_HINTS];
    struct pl_slot slots[PL_CREW_SLOTS];
};

/* ---- What stands in a hint and in a cell ---- */

enum { PL_HINT_SLOT_BITS = 15, PL_HINT_TICKET_SHIFT = PL_HINT_SLOT_BITS + 1 };

static inline uint64_t pl_hint_cell(uint64_t ticket, bool is_settled, uint32_t slot)
{
    /* + 1: a zeroed cell is nobody's. */
    return (ticket + 1) << PL_HINT_TICKET_SHIFT | (uint64_t)is_settled << PL_HINT_SLOT_BITS | slot;
}

static inline bool pl_hint_has_ticket(uint64_t cell, uint64_t ticket)
{
    return cell >> PL_HINT_TICKET_SHIFT == ticket + 1;
}

static inline bool pl_hint_is_settled(uint64_t cell)
{
    return (cell >> PL_HINT_SLOT_BITS & 1) != 0;
}

static inline uint32_t pl_hint_slot(uint64_t cell)
{
    return (uint32_t)(cell & ((1u << PL_HINT_SLOT_BITS) - 1));
}

static inline struct pl_hint *pl_crew_hint_at(struct pl_crew *crew, uint64_t ticket)
{
    return &crew->hints[ticket % PL_CREW_HINTS];
}

_Static_assert(PL_CREW_SLOTS <= 1 << PL_DONE_SLOT_BITS, "a slot's number fits into a cell");

static inline struct pl_done_cell *pl_done_cell_at(struct pl_seat *seat, uint64_t position)
{
    return &seat->done[position % PL_SEAT_DONE_CELLS];
}

static inline uint64_t pl_done_word(uint64_t position, bool has_result, uint32_t generation, uint32_t slot)
{
    return (position + 1) << PL_DONE_TICKET_SHIFT | (uint64_t)has_result << PL_DONE_RESULT_SHIFT |
           (uint64_t)generation << PL_DONE_SLOT_BITS | slot;
}

static inline bool pl_done_is_at(uint64_t word, uint64_t position)
{
    return ((word ^ pl_done_word(position, false, 0, 0)) >> PL_DONE_TICKET_SHIFT) == 0;
}

static inline uint32_t pl_done_slot(uint64_t word)
{
    return (uint32_t)(word & ((1u << PL_DONE_SLOT_BITS) - 1));
}

static inline uint32_t pl_done_generation(uint64_t word)
{
    return (uint32_t)(word >> PL_DONE_SLOT_BITS); /* all 32 bits of it that stand there */
}

/* ---- The program's side ---- */

/* What the program knows of the ring of hints. */
struct pl_crew_end {
    uint64_t tail;      /* ticket of the next hint */
    uint64_t past_head; /* a head of a while ago: the word itself is the workers', and to read it each time costs a miss */
};

/* The ticket of the first hint that nobody has taken. */
static inline uint64_t pl_crew_head(struct pl_crew *crew)
{
    return pl_load_acquire(&crew->head); /* pairs with the taker's swap */
}

/* A call that goes with its hint. */
struct pl_small_call {
    const parallel_function *function; /* as workers have it */
    const void *arguments;
    size_t size; /* of them, up to PL_CREW_ARGUMENT_BYTES */
};

/* What is said of a call. */
struct pl_call_hint {
    uint32_t slot;
    uint64_t generation;
    bool is_settled; /* all calls with earlier hints have ended, and who has made one of them owes no announcement */
    const struct pl_small_call *small; /* NULL: the slot says what the calls are */
};

/* Fills a hint's line but for the cell. Relaxed, all: published by that. */
static inline void pl_hint_describe(struct pl_hint *line, const struct pl_call_hint *hint)
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

/* Gives a hint with ticket end->tail, which is one higher afterwards: a worker may claim the call from now on. False: there
 * is no room, all is as before. A fence follows, and then a look at the sleepers. */
static inline bool pl_crew_hint(struct pl_crew *crew, struct pl_crew_end *end, const struct pl_call_hint *hint)
{
    if (end->tail - end->past_head >= PL_CREW_HINTS) {
        end->past_head = pl_crew_head(crew);
        if (end->tail - end->past_head >= PL_CREW_HINTS)
            return false;
    }
    struct pl_hint *line = pl_crew_hint_at(crew, end->tail);
    pl_hint_describe(line, hint);
    pl_store_release(&line->cell, /* publishes the call to pl_crew_claim() */
                     pl_hint_cell(end->tail, hint->is_settled, hint->slot));
    end->tail++;
    pl_prefetch_to_write(pl_crew_hint_at(crew, end->tail)); /* workers have read it, a round ago */
    return true;
}

/* The slot that a ticket from the head on points to. For who gives the hints. */
static inline uint32_t pl_crew_hinted_slot(const struct pl_crew *crew, uint64_t ticket)
{
    return pl_hint_slot(pl_load_relaxed(&crew->hints[ticket % PL_CREW_HINTS].cell)); /* relaxed: the caller wrote it */
}

/* Wakes one sleeping worker of the first `seat_count`, given their seats; false if none sleeps. One that is bound elsewhere
 * than to the caller's processor goes first: the caller needs that one for itself. */
bool pl_crew_wake_one(struct pl_crew *crew, struct pl_seat *const seats[], uint32_t seat_count);

/* Whether the seat's worker is bound to this processor; -1: to none. */
static inline bool pl_seat_is_bound_to(const struct pl_seat *seat, int cpu)
{
    return cpu >= 0 && seat->place.kind == PL_PLACE_BOUND && pl_cpu_set_has(&seat->place.cpus, (size_t)cpu);
}

static inline bool pl_crew_is_asleep(struct pl_crew *crew, uint32_t index)
{
    return (pl_load_relaxed(&crew->sleepers[index / 64]) >> index % 64 & 1) != 0; /* relaxed: advice */
}

/* How many workers of the first `seat_count` sleep. */
static inline uint32_t pl_crew_count_sleepers(struct pl_crew *crew, uint32_t seat_count)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < PL_CREW_SLEEP_WORDS && i * 64 < seat_count; i++) {
        uint64_t bits = pl_load_seq_cst(&crew->sleepers[i]); /* step P3 */
        if (bits != 0) /* counting takes twenty instructions where the processor's own is not known to be there */
            count += (uint32_t)__builtin_popcountll(bits);
    }
    return count;
}

/* Takes the bit of a worker that has died, or is to be woken for another reason. */
void pl_crew_take_bit(struct pl_crew *crew, uint32_t index);

/* A call that was finished. */
struct pl_done_call {
    uint32_t slot;
    uint32_t generation; /* the low half of it */
    bool has_result;     /* it was a single one, and has not failed: its result, if up to 8 bytes, is */
    uint64_t result;
};

/* The next call that this seat's worker has finished, in its order; *position is raised. False: none. */
static inline bool pl_crew_collect(struct pl_crew *crew, struct pl_seat *seat, uint64_t *position,
                                   struct pl_done_call *done)
{
    struct pl_done_cell *cell = pl_done_cell_at(seat, *position);
    /* Acquires what pl_crew_finish() has released; seq_cst: partner of pl_crew_announce(), in a last look. */
    uint64_t word = pl_load_seq_cst(&cell->word);
    if (!pl_done_is_at(word, *position))
        return false;
    done->slot = pl_done_slot(word);
    done->generation = pl_done_generation(word);
    done->has_result = (word >> PL_DONE_RESULT_SHIFT & 1) != 0;
    done->result = cell->result;
    ++*position;
    if (!done->has_result)
        __builtin_prefetch(&crew->slots[done->slot]);
    return true;
}

/* ---- The worker's side ---- */

/* A call that a worker has claimed. */
struct pl_claimed_call {
    uint32_t slot;
    uint64_t generation;
    const parallel_function *function; /* NULL: the slot says what the calls are */
    uint64_t arguments[PL_CREW_ARGUMENT_WORDS];
};

/* Takes the next hint and claims its slot, until one can be claimed. False: there are no more hints. */
bool pl_crew_claim(struct pl_crew *crew, uint16_t number, struct pl_claimed_call *call);

/* Finishes a call, and writes its cell, with the result if it goes in there, else NULL. False: it was stopped, and the
 * worker waits to be killed. If true it owes the announcement, before it claims another call, sleeps or ends, unless it
 * sees a hint by which all is settled. */
bool pl_crew_finish(struct pl_crew *crew, struct pl_seat *seat, uint16_t number, uint64_t *position,
                    const struct pl_claimed_call *call, const uint64_t *result);

/* Rings if nobody looks at the cells. */
void pl_crew_announce(struct pl_crew *crew);

/* Whether there is a hint to take; *is_settled: as it says. */
bool pl_crew_has_hint(struct pl_crew *crew, bool *is_settled);

/* Sleeps until somebody wakes this worker, or returns at once if there is a hint to take or it is dismissed. False: it
 * has slept for as long as an idle worker stays, and nobody wants it. */
bool pl_crew_sleep(struct pl_crew *crew, struct pl_seat *seat);

/* The life of a worker process: what a seat's `body` is. */
void pl_crew_work(struct pl_seat *seat);

#endif
