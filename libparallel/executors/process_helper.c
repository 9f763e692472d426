/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What only makes sense in this process, such as the continuation of a chain, runs in a thread of it: the helper of a
 * processes executor, which is opened when it is first needed. */
#include "libparallel/executors/processes.h"

#include <libparallel/deadline.h>

static void close_helper(struct parallel_executor *helper)
{
    (void)pl_threads_kind.shutdown(helper, PARALLEL_SHUTDOWN_FINISH, PARALLEL_NEVER);
    pl_threads_kind.destroy(helper);
}

static struct parallel_executor *look(struct pl_processes *processes)
{
    pl_lock_acquire(&processes->lock);
    struct parallel_executor *helper = processes->helper;
    pl_lock_release(&processes->lock);
    return helper;
}

/* Two threads may come here at once; the second one's helper goes again. */
static int open_helper(struct pl_processes *processes)
{
    struct parallel_executor *helper;
    parallel_executor_options options = parallel_executor_options_default();
    options.workers = 1;
    options.places = "none";
    int code = pl_threads_kind.open(&options, &helper);
    if (code != 0)
        return code;
    helper->kind = &pl_threads_kind;
    helper->fork_count = processes->base.fork_count;
    pl_lock_acquire(&processes->lock);
    bool is_first = processes->helper == NULL;
    if (is_first)
        processes->helper = helper;
    pl_lock_release(&processes->lock);
    if (!is_first)
        close_helper(helper);
    return 0;
}

int pl_processes_submit_to_helper(struct pl_processes *processes, struct pl_task *task)
{
    int code = look(processes) == NULL ? open_helper(processes) : 0;
    return code != 0 ? code : pl_threads_kind.submit(look(processes), task, task, 1);
}

int pl_processes_shut_helper_down(struct pl_processes *processes, enum parallel_shutdown_mode mode, uint64_t deadline_ns)
{
    struct parallel_executor *helper = look(processes);
    return helper != NULL ? pl_threads_kind.shutdown(helper, mode, deadline_ns) : 0;
}

void pl_processes_destroy_helper(struct pl_processes *processes)
{
    if (processes->helper != NULL) /* the last user */
        close_helper(processes->helper);
}
