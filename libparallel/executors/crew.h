/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The crew: what a processes executor and its workers share. Slots carry the calls; a ring of hints says in which order
 * they are to be looked at; a bit a worker says who sleeps.
 *
 *     program: publish slot -> hint -> wake a sleeper           worker: take hint -> claim slot -> run -> finish
 *                  ^                                                                                     |
 *                  +----- collect slot <------------------ cell in the worker's own `done` <-------------+
 *
 * A hint is no more than that: it may point to a slot that was withdrawn, or be lost with a worker that died after it
 * took it. The program may repeat it at any time, for claiming is decided by the slot. So no step of a worker, wherever it
 * is killed, holds up anybody.
 *
 * One thread of the program at a time gives hints (under its lock), any number of workers take them. */
#ifndef LIBPARALLEL_EXECUTORS_CREW_H
#define LIBPARALLEL_EXECUTORS_CREW_H

#include "libparallel/executors/slot.h"
#include "libparallel/workers/seat.h"
#include "libparallel/workers/zygote.h"

enum {
    PL_CREW_SLOTS = 1024, /* 10 us of work for 20 workers even at 0.2 us a call; what waits beyond is private memory */
    PL_CREW_HINTS = 4096, /* a power of 2: withdrawn slots leave hints behind, so more than slots */
    PL_CREW_SLEEP_WORDS = PL_SEAT_LIMIT / 64,
};

_Static_assert(2 * (int)PL_CREW_SLOTS <= (int)PL_SEAT_DONE_CELLS, "a worker's cells never overflow (the tick)");

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
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t hints[PL_CREW_HINTS]; /* ticket << 16 | slot */
    struct pl_slot slots[PL_CREW_SLOTS];
};

/* ---- The program's side ---- */

/* What the program knows of the ring of hints. */
struct pl_crew_end {
    uint64_t tail;      /* ticket of the next hint */
    uint64_t past_head; /* a head of a while ago: the word itself is the workers', and to read it each time costs a miss */
};

/* Gives a hint with ticket end->tail, which is one higher afterwards. False: there is no room, all is as before.
 * Sequentially consistent, for the look at the sleepers that follows. */
bool pl_crew_hint(struct pl_crew *crew, struct pl_crew_end *end, uint32_t slot);

/* The ticket of the first hint that nobody has taken. */
static inline uint64_t pl_crew_head(struct pl_crew *crew)
{
    return pl_load_acquire(&crew->head); /* pairs with the taker's swap */
}

/* The slot that a ticket from the head on points to. For who gives the hints. */
uint32_t pl_crew_hinted_slot(const struct pl_crew *crew, uint64_t ticket);

/* Wakes one sleeping worker, given the seats; false if none sleeps. One that is bound elsewhere than to the caller's
 * processor goes first: the caller needs that one for itself. */
bool pl_crew_wake_one(struct pl_crew *crew, struct pl_seat *const seats[]);

/* How many workers of the first `seat_count` sleep. */
uint32_t pl_crew_count_sleepers(struct pl_crew *crew, uint32_t seat_count);

/* Takes the bit of a worker that has died, or is to be woken for another reason. */
void pl_crew_take_bit(struct pl_crew *crew, uint32_t index);

/* A call that was finished. */
struct pl_done_call {
    uint32_t slot;
    uint32_t generation; /* of the slot, as it was then */
    bool has_result;     /* it was a single one, and has not failed: its result, if up to 8 bytes, is */
    uint64_t result;
};

/* The next call that this seat's worker has finished, in its order; *position is raised. False: none. */
bool pl_crew_collect(struct pl_crew *crew, struct pl_seat *seat, uint64_t *position, struct pl_done_call *done);

/* ---- The worker's side ---- */

/* Takes the next hint and claims its slot, until one can be claimed. False: there are no more hints. */
bool pl_crew_claim(struct pl_crew *crew, uint16_t number, uint32_t *slot);

/* Finishes a slot, and writes its cell, with the result if it goes in there, else NULL. False: it was stopped, and the
 * worker waits to be killed. If true it owes the announcement, before it claims another call, sleeps or ends. */
bool pl_crew_finish(struct pl_crew *crew, struct pl_seat *seat, uint16_t number, uint64_t *position, uint32_t slot,
                    const uint64_t *result);

/* Rings if nobody looks at the cells, and the slot that this worker has finished last still waits to be collected. The
 * position is that after its cell. */
void pl_crew_announce(struct pl_crew *crew, struct pl_seat *seat, uint16_t number, uint64_t position, uint32_t slot);

/* Whether there is a hint to take. */
bool pl_crew_has_hint(struct pl_crew *crew);

/* Sleeps until somebody wakes this worker, or returns at once if there is a hint to take or it is dismissed. False: it
 * has slept for as long as an idle worker stays, and nobody wants it. */
bool pl_crew_sleep(struct pl_crew *crew, struct pl_seat *seat);

/* The life of a worker process: what a seat's `body` is. */
void pl_crew_work(struct pl_seat *seat);

#endif
