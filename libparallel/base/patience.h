/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How long a thread looks before it sleeps. To look for as long as a wake would cost is at most twice as bad as the best
 * choice made afterwards (the ski-rental bound), for twice that time at most three times; the latter it is, since two
 * threads that answer one another would otherwise sleep in turn for ever. The cost of wakes is measured: each thread that
 * slept and was called from another CPU says how long the call took, and an average is kept. A looker that finds itself
 * interrupted stops: more threads are awake than there are processors, or the process is throttled, and its time is better
 * spent by another.
 *
 * The setting PARALLEL_WAIT chooses: auto (this), spin (a second), sleep (not at all). */
#ifndef LIBPARALLEL_BASE_PATIENCE_H
#define LIBPARALLEL_BASE_PATIENCE_H

#include <stdbool.h>

#include "libparallel/base/atomics.h"

extern _Atomic uint32_t pl_patience_turns_; /* 0 before the first use, and for PARALLEL_WAIT=sleep */
uint32_t pl_patience_choose(void); /* for pl_patience_turns(), which finds 0 */

/* Turns of pl_spin_pause() and a look or two that a thread makes before it sleeps. Any thread; a load. */
static inline uint32_t pl_patience_turns(void)
{
    uint32_t turns = pl_load_acquire(&pl_patience_turns_); /* pairs with choose() and pl_patience_note_wake() */
    return turns != 0 ? turns : pl_patience_choose();
}

/* So many nanoseconds in turns, rounded up, once pl_patience_turns() has been called. */
uint32_t pl_patience_turns_of(uint64_t ns);

/* Says that the calling thread slept, was called at `called_ns` and goes on now. */
void pl_patience_note_wake(uint64_t called_ns);

/* To be asked at least once in PL_PATIENCE_TURNS_BETWEEN turns, with *looked_ns = 0 first: true if so much time has passed since the
 * last time that the processor must have been somewhere else. */
enum { PL_PATIENCE_TURNS_BETWEEN = 64 };
bool pl_patience_is_interrupted(uint64_t *looked_ns);

/* Turns that a sched_yield() counts for, with a switch to the other thread and back: 1 to 2 us. */
enum { PL_PATIENCE_TURNS_OF_YIELD = 16 };

#endif
