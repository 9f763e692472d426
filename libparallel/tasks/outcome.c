/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What has come of a future: its result, its error, what it has used; the public functions that hand them out. */
#include "libparallel/tasks/future.h"

#include <stdio.h>

#include "libparallel/base/copy.h"
#include "libparallel/base/error.h"

void pl_future_get_failure(parallel_future *future, parallel_failure *failure)
{
    switch (pl_task_state(&future->task)) {
    case PL_TASK_FAILED:
        pl_or_relaxed(&future->task.state.word, PL_TASK_LOOKED_AT); /* a flag for the destructor, which is last */
        *failure = *future->failure;
        return;
    case PL_TASK_CANCELLED:
        *failure = (parallel_failure){.code = PARALLEL_ECANCELLED, .exit_status = -1, .worker = -1};
        snprintf(failure->message, sizeof failure->message, "%s was cancelled", pl_future_name(future));
        return;
    default:
        *failure = (parallel_failure){.exit_status = -1, .worker = pl_future_holder(future)->worker};
        return;
    }
}

parallel_future *pl_future_holder(parallel_future *future)
{
    while (future->task.class == &pl_chain_class && future->followed != NULL)
        future = future->followed;
    return future;
}

static int refuse_function(const parallel_future *future, const parallel_function *function)
{
    return pl_error_set(PARALLEL_EWRONGFUNCTION, 0, "the future is of %s, not of %s", pl_future_name(future),
                        function->name);
}

static bool is_of(const parallel_future *future, const parallel_function *function)
{
    if (future->function == function)
        return true;
    return future->function != NULL && future->function->address == function->address &&
           future->function->result_size == function->result_size;
}

static int copy_result(parallel_future *future, const parallel_function *function, void *result)
{
    parallel_future *holder = pl_future_holder(future);
    if (!is_of(holder, function))
        return refuse_function(holder, function);
    pl_copy_small(result, pl_future_value(holder), function->result_size);
    return 0;
}

static int set_last_error(const parallel_failure *failure)
{
    return pl_error_set(failure->code, 0, "%s", failure->message);
}

int parallel_future_result(parallel_future *future, const parallel_function *function, uint64_t deadline_ns,
                           void *result)
{
    int code = pl_future_check(future, "parallel_future_result");
    if (code != 0)
        return code;
    if (function == NULL || (result == NULL && function->result_size > 0))
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_future_result: %s is NULL",
                            function == NULL ? "the function" : "the result");
    if (future->function != NULL && !is_of(future, function)) /* known before any wait */
        return refuse_function(future, function);
    code = pl_future_wait(future, deadline_ns);
    if (code != 0)
        return code;
    if (pl_task_state(&future->task) == PL_TASK_DONE)
        return copy_result(future, function, result);
    parallel_failure failure;
    pl_future_get_failure(future, &failure);
    return set_last_error(&failure);
}

void parallel_future_await(parallel_future *future, const parallel_function *function, void *result)
{
    int code = parallel_future_result(future, function, PARALLEL_NEVER, result);
    if (code != 0)
        pl_report_and_abort("%s_await: %s: %s", function != NULL ? function->name : "parallel_future",
                            pl_error_code_words(code).text, parallel_last_error()->message);
    parallel_future_release(future);
}

int parallel_future_snapshot(parallel_future *future, const parallel_function *function,
                             enum parallel_future_state *state, parallel_failure *failure, void *result)
{
    int code = pl_future_check(future, "parallel_future_snapshot");
    if (code != 0)
        return code;
    if (result != NULL && function == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_future_snapshot: a result of no function");
    pl_future_settle(future);
    pl_task_refresh(&future->task);
    enum pl_task_state seen = pl_task_state(&future->task); /* one look: what has ended does not change again */
    if (seen == PL_TASK_DONE && result != NULL) {
        code = copy_result(future, function, result);
        if (code != 0)
            return code;
    }
    if (failure != NULL && seen >= PL_TASK_DONE)
        pl_future_get_failure(future, failure);
    else if (failure != NULL)
        *failure = (parallel_failure){.exit_status = -1, .worker = -1};
    if (state != NULL)
        *state = (enum parallel_future_state)seen;
    return 0;
}

/* What a function says of a future that has ended goes to `out`, its parameter of that name. */
static int check_ended(parallel_future *future, const void *out, const char *name, const char *caller)
{
    int code = pl_future_check(future, caller);
    if (code != 0)
        return code;
    if (out == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "%s: %s is NULL", caller, name);
    pl_future_settle(future);
    if (!pl_latch_is_open(&future->task.state))
        return pl_error_set(PARALLEL_ETIMEDOUT, 0, "%s has not ended", pl_future_name(future));
    return 0;
}

int parallel_future_error(parallel_future *future, parallel_failure *failure)
{
    int code = check_ended(future, failure, "failure", "parallel_future_error");
    if (code == 0)
        pl_future_get_failure(future, failure);
    return code;
}

int parallel_future_resources(parallel_future *future, parallel_resources *resources)
{
    int code = check_ended(future, resources, "resources", "parallel_future_resources");
    if (code != 0)
        return code;
    const parallel_future *holder = pl_future_holder(future);
    if (holder->task.class != &pl_call_class || holder->resources == NULL)
        return pl_error_set(PARALLEL_EMISUSE, 0, "%s: what it used was not counted (resources=on does), or it did not run",
                            pl_future_name(holder));
    *resources = *holder->resources;
    return 0;
}
