/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How a task leaves the process. An executor that makes calls in other processes asks a claimed task for its work,
 * portion by portion, and tells it how each ended:
 *
 *     while (carriage->next(task, worker, &portion)) {
 *         ... make the calls of the portion elsewhere, with pl_portion_perform(), and bring the results to
 *             portion.results ...
 *         carriage->end(task, &portion, &outcome);
 *     }
 *
 * A call of a function is one portion; a map's runner has many. `next` that returns false has completed the task, or the
 * last `end` had. Steps of one task come one after the other, by any thread of the process that owns the task.
 *
 * A task whose class has no carriage stays in this process: chain continuations, whose whole point is the caller's
 * memory. The executor calls run() for it, in a thread of the library. */
#ifndef LIBPARALLEL_EXECUTORS_PORTION_H
#define LIBPARALLEL_EXECUTORS_PORTION_H

#include <stdbool.h>
#include <stddef.h>

#include <libparallel/failure.h>
#include <libparallel/function.h>
#include <libparallel/resources.h>

#include "libparallel/base/atomics.h"

struct pl_task;

/* The calls [first, last) of one function. Borrowed from the task, until the portion ends. */
struct pl_portion {
    const parallel_function *function;
    const void *arguments;      /* of a single call (first 0, last 1): its struct of arguments; else NULL */
    const void *const *columns; /* else: argument k of call i is element i of columns[k] */
    void *results;              /* of call `first`, then the next ones; NULL for void */
    size_t first;
    size_t last;
};

/* How a portion ended. */
struct pl_outcome {
    const parallel_failure *failure;     /* NULL: done, all results stand in portion->results */
    size_t index;                        /* failure: the call it belongs to; results below it are stored */
    int worker;                          /* that has made the calls, or was to; -1: there was none */
    bool is_killed;                      /* as parallel_future_kill() wished: the failure says how */
    const parallel_resources *resources; /* NULL: not counted */
};

/* The failure of a call that says so by itself, or was not made. `worker`: -1 for none. */
void pl_failure_fill(parallel_failure *failure, const parallel_error *error, int worker);

struct pl_carriage {
    /* The next portion of a claimed task. False: there is none; the task has completed, or does so now. */
    bool (*next)(struct pl_task *task, int worker, struct pl_portion *portion);

    /* The portion has ended. May complete the task; the caller holds a reference. A single call of a task that is AWAY need
     * not have been claimed. */
    void (*end)(struct pl_task *task, const struct pl_portion *portion, const struct pl_outcome *outcome);

    /* All calls that the task may hand out, for a check of the arguments at submission; changes nothing. */
    void (*look)(struct pl_task *task, struct pl_portion *all);
};

/* What the process that makes the calls says about them; in memory that outlives it. */
struct pl_performance {
    _Atomic size_t index;      /* the call that is being made, or failed; relaxed: read after the process has ended, or
                                * for a message */
    _Atomic uint64_t asked;    /* the tag of the calls whose early end the caller wishes, which they may learn from
                                * parallel_is_cancelled(); 0: of none */
    bool has_failed;
};

/* Makes the calls of a portion, in the process where all its pointers are valid, up to the first one that fails, which then
 * stands in *failure. `performance` has not failed; its `asked` may be set at any time, and `tag`, not 0, is what it is
 * compared with. */
void pl_portion_perform(const struct pl_portion *portion, uint64_t tag, struct pl_performance *performance,
                        parallel_error *failure);

/* Bytes that argument k (from 0) of call i points to: IN, OUT and INOUT: the element count times the element's size;
 * STRING: with its zero byte; 0 for others. `pointer` receives the pointer itself (NULL for others). PARALLEL_EARGUMENT:
 * a negative or overflowing count, a count that is no integer, NULL with elements to point to; the message names
 * function and argument. */
int pl_portion_extent(const struct pl_portion *portion, size_t i, int k, const void **pointer, size_t *bytes);

#endif
