/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Waiting for several futures, of any mixture of executors.
 *
 *   parallel_wait           until all, the first, or the first failed one has ended
 *   parallel_completion_set futures come out as they end, each at a cost of O(1)
 *   PARALLEL_AS_COMPLETED   the same as a loop (parallel_as_completed.h)
 *
 * After concurrent.futures.wait and as_completed of Python. */
#ifndef LIBPARALLEL_WAIT_H
#define LIBPARALLEL_WAIT_H

#include <libparallel/future.h>

PARALLEL_BEGIN_C

enum parallel_wait_mode {
    PARALLEL_ALL_COMPLETED = 0,
    PARALLEL_FIRST_COMPLETED = 1,
    PARALLEL_FIRST_FAILED = 2, /* or all, if none fails; a cancelled future counts as failed */
};

/* Waits. 0 for an empty list; a future that is listed twice counts once; NULL entries are PARALLEL_EINVALID.
 * PARALLEL_ETIMEDOUT: the message counts what is left. PARALLEL_EDEADLK: in a callback, or a task waits for
 * itself. PARALLEL_ENOMEMORY. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_wait(parallel_future *const *futures, size_t count,
                                                   enum parallel_wait_mode mode, uint64_t deadline_ns);

typedef struct parallel_completion_set parallel_completion_set;

enum parallel_completion_order {
    PARALLEL_AS_THEY_END = 0,
    PARALLEL_AS_ADDED = 1, /* the order of adding, each as soon as it has ended */
};

/* An empty set. One thread takes futures out at a time; any thread may add. It belongs to this process: in a forked child
 * add and next return PARALLEL_EFORKED, and destroy does nothing. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_completion_set_create(enum parallel_completion_order order,
                                                                    parallel_completion_set **set);

/* Adds a future with a number of the caller's choice. The set holds a reference until it has handed the future out. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_completion_set_add(parallel_completion_set *set,
                                                                 parallel_future *future, size_t tag);

/* Takes the next ended future out. *future is borrowed: the set's reference lasts until the next call or destroy;
 * retain it to keep it. `tag` may be NULL. PARALLEL_EEMPTY: the set is empty. PARALLEL_ETIMEDOUT: the message counts
 * what is left. PARALLEL_EDEADLK: in a callback. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_completion_set_next(parallel_completion_set *set,
                                                                  uint64_t deadline_ns, parallel_future **future,
                                                                  size_t *tag);

/* How many are in the set: added and not yet handed out. */
PARALLEL_API size_t parallel_completion_set_count(parallel_completion_set *set);

/* NULL does nothing. What is in the set is let go, not cancelled. */
PARALLEL_API void parallel_completion_set_destroy(parallel_completion_set *set);

PARALLEL_END_C

#endif
