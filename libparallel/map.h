/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Many calls of one function, results in order. PARALLEL_FN generates the typed forms name_map and name_map_with. */
#ifndef LIBPARALLEL_MAP_H
#define LIBPARALLEL_MAP_H

#include <libparallel/future.h>

PARALLEL_BEGIN_C

/* All zero means: all defaults. */
typedef struct parallel_map_options {
    size_t chunk;         /* calls a worker takes at a time; 0: chosen so that each worker takes about 8 times */
    size_t window;        /* at most so many calls are under way or handed out at once; 0: no limit of its own */
    uint64_t deadline_ns; /* 0 (PARALLEL_POLL makes no sense here): no deadline */
} parallel_map_options;

/* Serial equivalent, for a function of two parameters:
 *
 *     for (size_t i = 0; i < count; i++)
 *         results[i] = function(columns[0][i], columns[1][i]);
 *
 * Waits for all calls. Returns 0, or the failure of the lowest failing index, with the index in the message of
 * parallel_last_error(): all calls below it have been made and their results stored; calls above it may or may not.
 * PARALLEL_ETIMEDOUT: the deadline passed; no further call is started, and those that run are waited for, since they
 * write to the caller's memory. PARALLEL_EINVALID: NULL where there is something to read or write, or a chunk or
 * window larger than `count` calls could ever need (over 2^48). `executor` NULL: the default one. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_map(parallel_executor *executor, const parallel_function *function,
                                                  size_t count, const parallel_map_options *options, void *results,
                                                  const void *const *columns);

PARALLEL_END_C

#endif
