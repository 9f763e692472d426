/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A call of an annotated function as a task: parallel_submit() copies the arguments into a fresh future and gives it to
 * an executor, which holds one of its two references until the call has ended. */
#include <errno.h>
#include <stdlib.h>

#include "libparallel/base/copy.h"
#include "libparallel/base/error.h"
#include "libparallel/base/usage.h"
#include "libparallel/executors/deque.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/frame.h"
#include "libparallel/executors/portion.h"
#include "libparallel/executors/scope.h"
#include "libparallel/machine/binding.h"
#include "libparallel/machine/whereabouts.h"
#include "libparallel/tasks/future.h"

struct call_scope {
    struct pl_scope scope;
    parallel_future *future;
};

static bool is_cancelled(const struct pl_scope *scope)
{
    parallel_future *future = ((const struct call_scope *)scope)->future;
    /* Relaxed: a request, no data. */
    return (pl_load_relaxed(&future->task.state.word) & PL_TASK_CANCEL_REQUESTED) != 0;
}

bool pl_call_is_running_here(const parallel_future *future)
{
    for (const struct pl_scope *scope = parallel_scope_current; scope != NULL; scope = scope->outer)
        if (scope->is_cancelled == is_cancelled && ((const struct call_scope *)scope)->future == future)
            return true;
    return false;
}

static void keep_resources(parallel_future *future, const parallel_resources *resources)
{
    future->resources = malloc(sizeof *future->resources);
    if (future->resources != NULL) /* else nobody counted: an answer is not worth a failure */
        *future->resources = *resources;
}

/* Before the future ends, which others may be waiting for. */
static void account(parallel_future *future, const struct pl_usage *begin)
{
    struct pl_usage used;
    parallel_resources resources;
    pl_usage_of_thread(&used);
    pl_usage_since(begin, &used);
    pl_usage_tell(&used, future->worker, pl_binding_place_name(), &resources);
    keep_resources(future, &resources);
}

static void call_run(struct pl_task *task)
{
    parallel_future *future = pl_future_of_task(task);
    const parallel_function *function = future->function;
    future->worker = parallel_worker_index();
    bool is_counted = task->executor != NULL && task->executor->counts_resources; /* NULL: run by its caller */
    struct pl_usage begin;
    if (is_counted)
        pl_usage_of_thread(&begin);
    struct call_scope call = {.future = future};
    struct pl_section section;
    pl_section_enter(&section, &call.scope, is_cancelled);
    function->call(pl_future_arguments(future), pl_future_value(future));
    pl_section_leave(&section, function->name);
    if (is_counted)
        account(future, &begin);
    if (!pl_scope_has_failed(&call.scope)) {
        pl_future_end(future, PL_TASK_DONE);
        return;
    }
    parallel_error error;
    /* Who was asked to stop and says so has been cancelled. */
    if (pl_scope_take_failure(&call.scope, &error) == PARALLEL_ECANCELLED && is_cancelled(&call.scope))
        pl_future_end(future, PL_TASK_CANCELLED);
    else
        pl_future_end_failed(future, &error);
}

static void call_fail(struct pl_task *task, const parallel_error *error)
{
    pl_future_end_failed(pl_future_of_task(task), error);
}

static void call_cancel(struct pl_task *task)
{
    pl_future_end_cancelled(pl_future_of_task(task));
}

/* ---- In another process: one portion, the call itself ---- */

static void call_look(struct pl_task *task, struct pl_portion *all)
{
    parallel_future *future = pl_future_of_task(task);
    *all = (struct pl_portion){.function = future->function,
                               .arguments = pl_future_arguments(future),
                               .results = pl_future_value(future),
                               .first = 0,
                               .last = 1};
}

static bool call_next(struct pl_task *task, int worker, struct pl_portion *portion)
{
    if (pl_task_state(task) != PL_TASK_RUNNING) /* it has been made, and ended */
        return false;
    pl_future_of_task(task)->worker = worker;
    call_look(task, portion);
    return true;
}

static void call_end(struct pl_task *task, const struct pl_portion *portion, const struct pl_outcome *outcome)
{
    (void)portion;
    parallel_future *future = pl_future_of_task(task);
    future->worker = outcome->worker;
    if (outcome->resources != NULL)
        keep_resources(future, outcome->resources);
    if (outcome->failure == NULL) {
        pl_future_end_away(future, PL_TASK_DONE);
        return;
    }
    if (!pl_task_claim(task) && pl_task_state(task) != PL_TASK_RUNNING)
        return; /* it never got away, and was cancelled meanwhile */
    if (outcome->is_killed)
        pl_future_end(future, PL_TASK_CANCELLED);
    else
        pl_future_end_failed_as(future, outcome->failure);
}

static const struct pl_carriage call_carriage = {.next = call_next, .end = call_end, .look = call_look};

const struct pl_task_class pl_call_class = {
    .run = call_run,
    .fail = call_fail,
    .cancel = call_cancel,
    .destroy = pl_future_destroy,
    .tell = pl_future_tell,
    .carriage = &call_carriage,
};

/* Tells the executor where the task should run. Places are looked at on every kind: what is wrong here is wrong there. */
static int make_wish(const parallel_executor *executor, const parallel_call_options *options, struct pl_task *task)
{
    const struct pl_topology *topology;
    struct pl_cpu_set cpus;
    if (options->place != NULL && options->near != NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, ".place and .near: a call has one of them");
    if ((options->place == NULL && options->near == NULL) || executor->fork_count != pl_fork_count())
        return 0;
    int saved_errno = errno; /* the submitter's */
    int code = pl_topology_get(&topology);
    if (code == 0)
        code = options->place != NULL ? pl_whereabouts_of_places(topology, options->place, &cpus)
                                      : pl_whereabouts_of_data(topology, options->near, &cpus);
    errno = saved_errno;
    if (code != 0 || executor->kind->locate == NULL)
        return code;
    code = executor->kind->locate(task->executor, &cpus, &task->position);
    if (code != PARALLEL_EPLACE)
        return code;
    return options->near != NULL ? 0
                                 : pl_error_set(code, 0, ".place %.80s: %s", options->place, parallel_last_error()->message);
}

static parallel_future *submit(parallel_executor *executor, const parallel_function *function,
                               const parallel_call_options *options, const void *arguments)
{
    if (function == NULL || (arguments == NULL && function->argument_size > 0)) {
        pl_error_set(PARALLEL_EINVALID, 0, "parallel_submit: %s", function == NULL ? "the function is NULL"
                                                                                   : "the arguments are NULL");
        return pl_future_create_failed(function != NULL ? function->name : NULL, parallel_last_error());
    }
    if (executor == NULL)
        executor = parallel_executor_default();
    if (executor == NULL)
        return pl_future_create_failed(function->name, parallel_last_error());
    parallel_future *future = pl_future_create(&pl_call_class, function, function->result_size, executor, 2);
    if (future == NULL) {
        pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for a call");
        return pl_future_create_failed(function->name, parallel_last_error());
    }
    pl_copy_small(pl_future_arguments(future), arguments, function->argument_size);
    if ((options != NULL && make_wish(executor, options, &future->task) != 0) ||
        pl_executor_submit(executor, &future->task, &future->task, 1) != 0) {
        (void)pl_task_claim(&future->task); /* nobody else knows it */
        pl_future_end_failed(future, parallel_last_error());
        pl_task_release(&future->task); /* the executor's */
    }
    return future;
}

parallel_future *parallel_submit(parallel_executor *executor, const parallel_function *function, const void *arguments)
{
    return submit(executor, function, NULL, arguments);
}

parallel_future *parallel_submit_with(parallel_executor *executor, const parallel_function *function,
                                      const parallel_call_options *options, const void *arguments)
{
    return submit(executor, function, options, arguments);
}
