/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Promises: futures that the program ends. The promise and its future are one object with one reference each; SETTLED
 * decides between two threads that both want to end it, before either writes the value. */
#include <string.h>

#include "libparallel/base/error.h"
#include "libparallel/tasks/future.h"

static parallel_future *future_of(parallel_promise *promise)
{
    return (parallel_future *)promise;
}

const struct pl_task_class pl_promise_class = {.destroy = pl_future_destroy};

int parallel_promise_create(size_t result_size, parallel_promise **promise, parallel_future **future)
{
    if (promise == NULL || future == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_promise_create: %s is NULL",
                            promise == NULL ? "promise" : "future");
    parallel_future *fresh = pl_future_create(&pl_promise_class, NULL, result_size, NULL, 2);
    if (fresh == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for a promise of %zu bytes", result_size);
    *promise = (parallel_promise *)fresh;
    *future = fresh;
    return 0;
}

int parallel_promise_start(parallel_promise *promise)
{
    if (promise == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_promise_start: the promise is NULL");
    pl_future_settle(future_of(promise));
    struct pl_task *task = &future_of(promise)->task;
    if (pl_task_claim(task))
        return 0;
    if (pl_task_state(task) == PL_TASK_CANCELLED)
        return pl_error_set(PARALLEL_ECANCELLED, 0, "the promise's future was cancelled");
    return pl_error_set(PARALLEL_EMISUSE, 0, "the promise was started or ended before");
}

/* Wins the right to end it; leaves it running. */
static int settle(parallel_future *future)
{
    pl_future_settle(future);
    /* Acquire-release: orders the winner after a start() in another thread. */
    bool was_settled = (atomic_fetch_or_explicit(&future->task.state.word, PL_TASK_SETTLED, memory_order_acq_rel) &
                        PL_TASK_SETTLED) != 0;
    if (!was_settled && (pl_task_claim(&future->task) || pl_task_state(&future->task) == PL_TASK_RUNNING))
        return 0;
    return pl_error_set(PARALLEL_EDONE, 0, "the promise has ended before: it is %s",
                        parallel_state_name(parallel_future_state(future)));
}

int parallel_promise_set(parallel_promise *promise, const void *result)
{
    if (promise == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_promise_set: the promise is NULL");
    parallel_future *future = future_of(promise);
    if (result == NULL && future->value_size > 0)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_promise_set: the result is NULL");
    int code = settle(future);
    if (code != 0)
        return code;
    if (future->value_size > 0)
        memcpy(pl_future_value(future), result, future->value_size);
    pl_future_end(future, PL_TASK_DONE);
    return 0;
}

int parallel_promise_fail(parallel_promise *promise, int code, const char *format, ...)
{
    if (promise == NULL || code == 0)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_promise_fail: %s",
                            promise == NULL ? "the promise is NULL" : "code 0 would read as success");
    int settled = settle(future_of(promise));
    if (settled != 0)
        return settled;
    parallel_error error;
    va_list arguments;
    va_start(arguments, format);
    pl_error_fill_arguments(&error, code, 0, format, arguments);
    va_end(arguments);
    pl_future_end_failed(future_of(promise), &error);
    return 0;
}

int parallel_promise_value(parallel_future *future, uint64_t deadline_ns, void *result, size_t size)
{
    if (future == NULL || (result == NULL && size > 0))
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_promise_value: %s is NULL",
                            future == NULL ? "the future" : "the result");
    int code = pl_future_wait(future, deadline_ns);
    if (code != 0)
        return code;
    if (pl_task_state(&future->task) != PL_TASK_DONE) {
        parallel_failure failure;
        pl_future_get_failure(future, &failure);
        return pl_error_set(failure.code, 0, "%s", failure.message);
    }
    parallel_future *holder = pl_future_holder(future);
    if (holder->task.class != &pl_promise_class || holder->value_size != size)
        return pl_error_set(PARALLEL_EWRONGFUNCTION, 0, "the future is not of a promise of %zu bytes", size);
    if (size > 0)
        memcpy(result, pl_future_value(holder), size);
    return 0;
}

void parallel_promise_destroy(parallel_promise *promise)
{
    if (promise == NULL)
        return;
    parallel_future *future = future_of(promise);
    if (!parallel_future_is_done(future) && settle(future) == 0) {
        parallel_error error;
        pl_error_fill(&error, PARALLEL_EABANDONED, 0, "the promise was destroyed before a value was set");
        pl_future_end_failed(future, &error);
    }
    pl_task_release(&future_of(promise)->task);
}
