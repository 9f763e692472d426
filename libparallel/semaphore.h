/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A counting semaphore for the threads of a process, or with `.shared = true` of all processes that share memory.
 *
 * It belongs to nobody: what a thread has acquired another one may release, and what a process had acquired when it was
 * killed is not given back by itself. What must be given back then is a job for parallel_mutex. */
#ifndef LIBPARALLEL_SEMAPHORE_H
#define LIBPARALLEL_SEMAPHORE_H

#include <stdbool.h>
#include <stdint.h>

#include <libparallel/compiler.h>
#include <libparallel/deadline.h>

PARALLEL_BEGIN_C

typedef struct parallel_semaphore parallel_semaphore;

#define PARALLEL_SEMAPHORE_LARGEST INT32_MAX

typedef struct parallel_semaphore_options {
    uint32_t value; /* at the beginning; at most PARALLEL_SEMAPHORE_LARGEST */
    bool shared;    /* false: for the threads of this process; true: in shared memory, for all processes */
} parallel_semaphore_options;

/* Makes a semaphore; NULL options mean the defaults: 0, private. 0; PARALLEL_EINVALID: no place for the result;
 * PARALLEL_ERANGE: the value is too large; PARALLEL_ENOMEMORY, or as parallel_shared_alloc(). Any thread; whoever has the
 * semaphore destroys it, once. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_semaphore_create(const parallel_semaphore_options *options,
                                                               parallel_semaphore **semaphore);

/* Takes 1 off the value, waiting while it is 0. 0; PARALLEL_ETIMEDOUT: it was 0 until the deadline. Any thread, any process if
 * shared; so the other calls. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_semaphore_acquire(parallel_semaphore *semaphore, uint64_t deadline_ns);

/* Adds `count` to the value and wakes as many waiters. 0; PARALLEL_ERANGE: the value would exceed
 * PARALLEL_SEMAPHORE_LARGEST; it is unchanged then. */
PARALLEL_API int parallel_semaphore_release(parallel_semaphore *semaphore, uint32_t count);

/* The value at some moment of the call: for reports, not for decisions. */
PARALLEL_API uint32_t parallel_semaphore_value(parallel_semaphore *semaphore);

/* Frees a semaphore that nobody waits for; whoever has acquired what it waited for may do so at once. NULL does
 * nothing. */
PARALLEL_API void parallel_semaphore_destroy(parallel_semaphore *semaphore);

PARALLEL_END_C

#endif
