/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A parking lot: where workers sleep when there is nothing to do, and from where one chosen worker, the one that
 * parked last (its caches are the warmest), is woken. docs/protocols/parking.md says why no wake-up is lost.
 *
 *   worker:                                        somebody with work:
 *     pl_parking_lot_enter(lot, me)                  publish the work           (seq_cst, or under a lock)
 *     look for work once more    (in the same way)   pl_parking_lot_wake_one()  (reads the count, seq_cst)
 *     found:  if (!pl_parking_lot_leave(lot, me) && there is more)
 *                 pl_parking_lot_wake_one(lot)
 *     none:   pl_parking_lot_sleep(lot, me, deadline), then from the top, also after a deadline
 *             (before it, as often as it likes: pl_parking_lot_doze(me, deadline), for chores while nobody calls)
 *
 * A shutdown is work too: publish it, then wake until nobody is parked.
 * Does not know what work is, nor who should be woken for it. */
#ifndef LIBPARALLEL_BASE_PARKING_LOT_H
#define LIBPARALLEL_BASE_PARKING_LOT_H

#include <pthread.h>
#include <stdbool.h>

#include "libparallel/base/atomics.h"

/* One for each worker; a line of its own, since the waker writes it while the worker polls or sleeps on it. */
struct pl_parker {
    _Alignas(PL_CACHE_LINE) _Atomic uint32_t is_called; /* futex word; 1: a wake was aimed here; written under the lock */
    int32_t cpu;                                        /* where it would run if called, -1: anywhere; its worker, before
                                                         * it enters */
    struct pl_parker *below;                            /* under the lot's lock */
    struct pl_parker *above;                            /* under the lot's lock */
    uint64_t called_ns;                                 /* when; written under the lock before is_called */
    bool is_parked;                                     /* under the lot's lock: on the stack */
    bool is_called_from_here;                           /* by a thread on `cpu`; written as called_ns */
};

struct pl_parking_lot {
    _Alignas(PL_CACHE_LINE) _Atomic uint32_t parked_count; /* == length of the stack; written under the lock */
    struct pl_parker *top;                                 /* under the lock */
    pthread_mutex_t lock; /* taken only to sleep and to wake: both cost a system call anyway */
};

_Static_assert(sizeof(struct pl_parker) == PL_CACHE_LINE, "a parker owns exactly one cache line");

/* Nobody may be in any call on the lot when it closes; workers that have ended are off the stack. */
void pl_parking_lot_open(struct pl_parking_lot *lot);
void pl_parking_lot_close(struct pl_parking_lot *lot);

/* Puts the calling worker on the stack: from now on a wake can be aimed at it. */
void pl_parking_lot_enter(struct pl_parking_lot *lot, struct pl_parker *self);

/* Takes the calling worker off again because it found work itself. False if a wake has been aimed at it meanwhile: it
 * is off the stack already, and owes that wake to others. What it found need not be what the wake was for, and while it
 * is busy nobody else would look, so if there is more work it wakes one in its place. */
bool pl_parking_lot_leave(struct pl_parking_lot *lot, struct pl_parker *self);

/* Sleeps until a wake is aimed at this worker (true), or the deadline passes (false: it is off the stack). */
bool pl_parking_lot_sleep(struct pl_parking_lot *lot, struct pl_parker *self, uint64_t deadline_ns);

/* The same, but after the deadline the worker is still on the stack, and sleeps or dozes again. */
bool pl_parking_lot_doze(struct pl_parker *self, uint64_t deadline_ns);

/* Wakes the worker that parked last; NULL if none is parked. Any thread. One load when nobody is parked. The result
 * says who it was; its worker may have ended by then, so it is to be compared, not followed. */
struct pl_parker *pl_parking_lot_wake_one(struct pl_parking_lot *lot);

/* The same, but of the last few it prefers one that would not run on `cpu`, where the caller itself is about to wait; stores
 * where the woken one will run. */
struct pl_parker *pl_parking_lot_wake_apart(struct pl_parking_lot *lot, int cpu, int *woken_cpu);

/* The number of parked workers at some moment of the call. Sequentially consistent: see the protocol page. */
static inline uint32_t pl_parking_lot_count(struct pl_parking_lot *lot)
{
    return pl_load_seq_cst(&lot->parked_count);
}

#endif
