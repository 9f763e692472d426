/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The threads executor as the body of another kind: the same queue, workers, places and shutdown, but a
 * claimed task is given to that kind instead of being run. Its other operations are those of pl_threads_kind.
 * */
#ifndef LIBPARALLEL_EXECUTORS_THREADS_H
#define LIBPARALLEL_EXECUTORS_THREADS_H

#include "libparallel/executors/executor.h"
#include "libparallel/workers/thread_worker.h"

/* What the other kind makes of its workers. */
struct pl_threads_use {
    /* Completes a claimed task, in worker `self`. */
    void (*run)(struct pl_threads_use *use, struct pl_thread_worker *self, struct pl_task *task);
};

/* As pl_threads_kind.open. `use` outlives the executor. */
int pl_threads_open_for(struct pl_threads_use *use, const parallel_executor_options *options,
                        struct parallel_executor **executor);

struct pl_threads_use *pl_threads_use_of(struct parallel_executor *executor);

#endif
