/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One run of a named loop in the calling thread and those who help it. Where a loop is to run is named_loop.c's. */
#ifndef LIBPARALLEL_TASKS_NAMED_RUN_H
#define LIBPARALLEL_TASKS_NAMED_RUN_H

#include <libparallel/named_loop.h>

/* Runs the loop in the calling thread with workers of `executor` (NULL, or one without a board: without any); at most
 * `most` take part. 0, or the error of the loop: of the failing iteration with the lowest index, or PARALLEL_ECANCELLED.
 * `values` receives the record of a loop that accumulates and has not failed. */
int pl_named_run(struct parallel_executor *executor, size_t most, const parallel_named_loop *loop,
                 const parallel_loop_call *call, void *values);

/* How a loop is cut into units: returns how many there are, and how many iterations have all but the last. count > 0. */
uint32_t pl_named_cut(const parallel_named_loop *loop, const parallel_loop_options *options, uint64_t count, uint64_t *unit);

/* Combines the record before the loop with those of the units up to the one that has the offset `stop`; UINT64_MAX: all. */
void pl_named_combine(const parallel_named_loop *loop, const parallel_loop_call *call, const void *records,
                      uint32_t unit_count, uint64_t unit, uint64_t stop, void *values);

/* The executor of the innermost loop or task that the calling thread is in, else the default one; NULL: it could not be
 * opened. */
struct parallel_executor *pl_named_run_executor(void);

/* What messages call the loop. */
static inline const char *pl_named_label(const parallel_named_loop *loop, const parallel_loop_options *options)
{
    return options->label != NULL ? options->label : loop->name;
}

#endif
