/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The parking lot: a stack of parked workers under a lock, a count that can be read without it, and a futex word a
 * worker. A wake is always aimed: under the lock the waker takes a worker off the stack and writes its word, so two
 * wakes never hit one sleeper and a wake never falls on nobody. Protocol: docs/protocols/parking.md. */
#include "libparallel/base/parking_lot.h"

#include "libparallel/base/clock.h"
#include "libparallel/base/futex.h"
#include "libparallel/base/patience.h"

void pl_parking_lot_open(struct pl_parking_lot *lot)
{
    atomic_init(&lot->parked_count, 0);
    lot->top = NULL;
    pthread_mutex_init(&lot->lock, NULL); /* cannot fail: default attributes allocate nothing on Linux */
}

void pl_parking_lot_close(struct pl_parking_lot *lot)
{
    pthread_mutex_destroy(&lot->lock);
}

static void unlink_parker(struct pl_parking_lot *lot, struct pl_parker *parker)
{
    if (parker->above != NULL)
        parker->above->below = parker->below;
    else
        lot->top = parker->below;
    if (parker->below != NULL)
        parker->below->above = parker->above;
    parker->is_parked = false;
    /* Relaxed would do for the arithmetic, which the lock orders; seq_cst so that the count's every change stands in
     * the one order that the protocol page reasons about. */
    pl_sub_seq_cst(&lot->parked_count, 1);
}

void pl_parking_lot_enter(struct pl_parking_lot *lot, struct pl_parker *self)
{
    pthread_mutex_lock(&lot->lock);
    /* Relaxed: wakers write the word under the same lock, and only while its worker is on the stack. */
    pl_store_relaxed(&self->is_called, 0);
    self->above = NULL;
    self->below = lot->top;
    if (lot->top != NULL)
        lot->top->above = self;
    lot->top = self;
    self->is_parked = true;
    /* Partner: the load in pl_parking_lot_count() of a thread that has just published work. */
    pl_add_seq_cst(&lot->parked_count, 1);
    pthread_mutex_unlock(&lot->lock);
}

bool pl_parking_lot_leave(struct pl_parking_lot *lot, struct pl_parker *self)
{
    pthread_mutex_lock(&lot->lock);
    bool was_parked = self->is_parked;
    if (was_parked)
        unlink_parker(lot, self);
    pthread_mutex_unlock(&lot->lock);
    return was_parked;
}

bool pl_parking_lot_doze(struct pl_parker *self, uint64_t deadline_ns)
{
    /* Acquire: pairs with the release in wake_one(); the woken worker sees what its waker did before. */
    bool has_slept = false;
    while (pl_load_acquire(&self->is_called) == 0) {
        enum pl_futex_result result = pl_futex_wait(&self->is_called, 0, deadline_ns, PL_FUTEX_PRIVATE);
        if (result == PL_FUTEX_TIMED_OUT)
            return false;
        has_slept = result == PL_FUTEX_WOKEN;
    }
    if (has_slept && !self->is_called_from_here) /* that costs far less, or far more, than a wake across CPUs */
        pl_patience_note_wake(self->called_ns);
    return true;
}

bool pl_parking_lot_sleep(struct pl_parking_lot *lot, struct pl_parker *self, uint64_t deadline_ns)
{
    /* A worker that is not on the stack any more at its deadline: a wake came first after all. */
    return pl_parking_lot_doze(self, deadline_ns) || !pl_parking_lot_leave(lot, self);
}

/* So many are looked at; those below have slept for long, and their caches are cold. */
enum { LOOKED_AT = 8 };

/* Under the lock. */
static struct pl_parker *choose_apart(const struct pl_parking_lot *lot, int cpu)
{
    struct pl_parker *parker = lot->top;
    for (int i = 0; i < LOOKED_AT && parker != NULL; i++, parker = parker->below)
        if (parker->cpu != cpu)
            return parker;
    return lot->top;
}

struct pl_parker *pl_parking_lot_wake_apart(struct pl_parking_lot *lot, int cpu, int *woken_cpu)
{
    if (pl_parking_lot_count(lot) == 0)
        return NULL;
    pthread_mutex_lock(&lot->lock);
    struct pl_parker *parker = cpu >= 0 ? choose_apart(lot, cpu) : lot->top;
    if (parker != NULL) {
        *woken_cpu = parker->cpu;
        unlink_parker(lot, parker);
        parker->called_ns = pl_clock_now_ns();
        parker->is_called_from_here = cpu >= 0 && parker->cpu == cpu;
        /* Release: pairs with the acquire in sleep(). Under the lock: as soon as the lock is free, leave() can tell
         * the worker that it is off the stack, and the worker may park anew. A store that came later than that would
         * call it out of its next sleep while it still stands on the stack. */
        pl_store_release(&parker->is_called, 1);
    }
    pthread_mutex_unlock(&lot->lock);
    /* The address only. By now the worker may be awake, gone, or asleep again: then it looks at its word and sleeps on. */
    if (parker != NULL)
        pl_futex_wake(&parker->is_called, 1, PL_FUTEX_PRIVATE);
    return parker;
}

struct pl_parker *pl_parking_lot_wake_one(struct pl_parking_lot *lot)
{
    int cpu;
    return pl_parking_lot_wake_apart(lot, -1, &cpu);
}
