/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A barrier holds its parties until all have come, again and again: the threads of a process, or with `.shared = true` of
 * all processes that share memory.
 *
 * A party that is killed before it has come does not come any more, and a barrier cannot know that: wait with a deadline,
 * or let whoever learns of the death break the barrier. One that is killed while it waits has come; only if it was about
 * to give up at its deadline does its round stay a party ahead, so break the barrier also then. */
#ifndef LIBPARALLEL_BARRIER_H
#define LIBPARALLEL_BARRIER_H

#include <stdbool.h>
#include <stdint.h>

#include <libparallel/compiler.h>
#include <libparallel/deadline.h>

PARALLEL_BEGIN_C

typedef struct parallel_barrier parallel_barrier;

#define PARALLEL_BARRIER_MOST_PARTIES ((UINT32_C(1) << 30) - 1)

typedef struct parallel_barrier_options {
    uint32_t parties; /* how many must come; 1 to PARALLEL_BARRIER_MOST_PARTIES */
    bool shared;      /* false: for the threads of this process; true: in shared memory, for all processes */
} parallel_barrier_options;

/* Makes a barrier. 0; PARALLEL_EINVALID: no options, no parties or no place for the result; PARALLEL_ERANGE: too many
 * parties; PARALLEL_ENOMEMORY, or as parallel_shared_alloc(). Any thread; whoever has the barrier destroys it, once. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_barrier_create(const parallel_barrier_options *options,
                                                             parallel_barrier **barrier);

/* Waits until all parties wait. 0; for exactly one of them *is_last is true, for the others false (is_last may be NULL).
 * What a party wrote before, all can read after. PARALLEL_ETIMEDOUT: not all came until the deadline; this party counts
 * as not come, and the others wait on. PARALLEL_ECLOSED: the barrier is broken. Any thread, any
 * process if shared. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_barrier_wait(parallel_barrier *barrier, uint64_t deadline_ns,
                                                           bool *is_last);

/* Breaks the barrier: who waits, and who comes later, gets PARALLEL_ECLOSED. Once more does nothing. */
PARALLEL_API void parallel_barrier_break(parallel_barrier *barrier);

/* Frees a barrier from which every party has returned, not only one; NULL does nothing. */
PARALLEL_API void parallel_barrier_destroy(parallel_barrier *barrier);

PARALLEL_END_C

#endif
