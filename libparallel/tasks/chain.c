/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Chains: parallel_future_then() and parallel_future_recover().
 *
 *     source ends --observer--> not meant for this continuation: the chain ends as the source did
 *                          \--> runner, a task of the source's executor: continuation(source, context)
 *                                   --> NULL: the chain is done        --> a future: followed
 *     followed future ends --observer--> the chain ends as it did
 *
 * A chain that is done keeps the future that it followed, for the value is there. A chain that would follow itself,
 * directly or around other chains, is refused: following is registered under one lock for the whole process, and each
 * registration walks along what the next one follows. Chains are rare beside calls, so one lock is enough. */
#include <pthread.h>
#include <stdlib.h>

#include "libparallel/base/error.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/frame.h"
#include "libparallel/tasks/future.h"
#include "libparallel/executors/scope.h"

static pthread_mutex_t follow_lock = PTHREAD_MUTEX_INITIALIZER; /* guards `followed` of every chain until it ends */

/* What a chain needs until its continuation has run. One allocation, freed as the runner's last reference goes. */
struct link {
    struct pl_task runner;
    struct pl_observer observer; /* of the source */
    parallel_future *source;     /* a reference */
    parallel_future *chain;      /* a reference */
    parallel_continuation *continuation;
    void *context;
    bool runs_after_failure;
    struct pl_scope scope;
};

/* The observer of a followed future; `chain` is a reference. */
struct follower {
    struct pl_observer observer;
    parallel_future *chain;
};

/* ---- Ending a chain as another future ended ---- */

/* The chain is running, `other` has ended and belongs to the caller. */
static void end_as(parallel_future *chain, parallel_future *other)
{
    parallel_failure failure;
    switch (pl_task_state(&other->task)) {
    case PL_TASK_DONE:
        pl_future_end(chain, PL_TASK_DONE);
        return;
    case PL_TASK_CANCELLED:
        pl_future_end(chain, PL_TASK_CANCELLED);
        return;
    default:
        pl_future_get_failure(other, &failure);
        pl_future_end_failed_as(chain, &failure);
        return;
    }
}

static void fail_chain(parallel_future *chain, int code, const char *message)
{
    parallel_error error;
    pl_error_fill(&error, code, 0, "%s", message);
    pl_future_end_failed(chain, &error);
}

static void followed_has_ended(struct pl_observer *observer, parallel_future *followed)
{
    struct follower *follower = (struct follower *)observer;
    parallel_future *chain = follower->chain;
    free(follower);
    end_as(chain, followed);
    pl_task_release(&chain->task);
}

/* Registers that `chain` follows `next`, whose reference it takes over. False if that would be a circle. */
static bool follow(parallel_future *chain, parallel_future *next)
{
    pthread_mutex_lock(&follow_lock);
    bool is_circle = false;
    for (parallel_future *each = next; each != NULL && !is_circle;
         each = each->task.class == &pl_chain_class ? each->followed : NULL)
        is_circle = each == chain;
    if (!is_circle)
        chain->followed = next;
    pthread_mutex_unlock(&follow_lock);
    return !is_circle;
}

/* ---- The runner ---- */

static bool is_cancelled(const struct pl_scope *scope)
{
    const struct link *link = (const struct link *)((const char *)scope - offsetof(struct link, scope));
    /* Relaxed: a request, no data. */
    return (pl_load_relaxed(&link->chain->task.state.word) & PL_TASK_CANCEL_REQUESTED) != 0;
}

static void go_on_with(parallel_future *chain, parallel_future *next)
{
    struct follower *follower = malloc(sizeof *follower);
    if (follower == NULL) {
        parallel_future_release(next);
        fail_chain(chain, PARALLEL_ENOMEMORY, "no memory to follow a future");
        return;
    }
    if (!follow(chain, next)) {
        free(follower);
        parallel_future_release(next);
        fail_chain(chain, PARALLEL_EDEADLK, "the chain would follow itself");
        return;
    }
    follower->observer.notify = followed_has_ended;
    follower->chain = parallel_future_retain(chain);
    pl_observer_add(next, &follower->observer);
}

static void runner_run(struct pl_task *task)
{
    struct link *link = (struct link *)task;
    parallel_future *chain = link->chain;
    if (pl_task_claim(&chain->task)) { /* else it was cancelled meanwhile */
        chain->worker = parallel_worker_index();
        pl_scope_enter(&link->scope, is_cancelled);
        parallel_future *next = link->continuation(link->source, link->context);
        pl_scope_leave(&link->scope);
        if (pl_scope_has_failed(&link->scope)) {
            parallel_error error;
            pl_scope_take_failure(&link->scope, &error);
            parallel_future_release(next);
            pl_future_end_failed(chain, &error);
        } else if (next == NULL) {
            pl_future_end(chain, PL_TASK_DONE);
        } else {
            go_on_with(chain, next);
        }
    }
    pl_task_complete(task, PL_TASK_DONE);
}

static void runner_fail(struct pl_task *task, const parallel_error *error)
{
    struct link *link = (struct link *)task;
    if (pl_task_claim(&link->chain->task))
        pl_future_end_failed(link->chain, error);
    pl_task_complete(task, PL_TASK_FAILED);
}

static void runner_cancel(struct pl_task *task)
{
    struct link *link = (struct link *)task;
    if (pl_task_cancel(task))
        pl_future_end_cancelled(link->chain);
}

static void runner_destroy(struct pl_task *task)
{
    struct link *link = (struct link *)task;
    parallel_future_release(link->source);
    parallel_future_release(link->chain);
    free(link);
}

static const struct pl_task_class runner_class = {
    .run = runner_run,
    .fail = runner_fail,
    .cancel = runner_cancel,
    .destroy = runner_destroy,
};

/* ---- The source has ended ---- */

static void pass_on(struct link *link)
{
    parallel_future *chain = link->chain;
    if (!pl_task_claim(&chain->task))
        return; /* cancelled */
    pthread_mutex_lock(&follow_lock);
    chain->followed = parallel_future_retain(link->source); /* no circle: the source has ended */
    pthread_mutex_unlock(&follow_lock);
    end_as(chain, link->source);
}

static int submit_runner(struct link *link)
{
    struct parallel_executor *executor = link->source->task.executor;
    if (executor != NULL)
        return pl_executor_submit_if_open(executor, link->source->executor_number, &link->runner);
    executor = parallel_executor_default(); /* a promise has none */
    if (executor == NULL)
        return parallel_last_error()->code;
    return pl_executor_submit(executor, &link->runner, &link->runner, 1);
}

static void source_has_ended(struct pl_observer *observer, parallel_future *source)
{
    struct link *link = (struct link *)((char *)observer - offsetof(struct link, observer));
    bool has_failed = pl_task_state(&source->task) != PL_TASK_DONE;
    if (has_failed != link->runs_after_failure) {
        pass_on(link);
    } else if (submit_runner(link) == 0) {
        return; /* the executor has taken the reference over */
    } else if (pl_task_claim(&link->chain->task)) {
        pl_future_end_failed(link->chain, parallel_last_error());
    }
    pl_task_release(&link->runner);
}

static parallel_future *chain_to(parallel_future *source, parallel_continuation *continuation, void *context,
                                 bool runs_after_failure, const char *caller)
{
    if (source == NULL || continuation == NULL) {
        pl_error_set(PARALLEL_EINVALID, 0, "%s is NULL", source == NULL ? "the future" : "the continuation");
        return pl_future_create_failed(caller, parallel_last_error());
    }
    if (pl_future_is_inherited(source))
        pl_future_settle_inherited(source);
    struct link *link = calloc(1, sizeof *link);
    struct parallel_executor *executor = source->task.executor;
    parallel_future *chain = pl_future_create(&pl_chain_class, NULL, 0, NULL, 2);
    if (link == NULL || chain == NULL) {
        free(link);
        free(chain);
        pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for a chain");
        return pl_future_create_failed(caller, parallel_last_error());
    }
    /* A chain upon the chain runs where this one does. */
    chain->task.executor = executor;
    chain->executor_number = source->executor_number;
    pl_task_init(&link->runner, &runner_class, executor, 1);
    link->observer.notify = source_has_ended;
    link->source = parallel_future_retain(source);
    link->chain = chain;
    link->continuation = continuation;
    link->context = context;
    link->runs_after_failure = runs_after_failure;
    pl_observer_add(source, &link->observer);
    return chain;
}

parallel_future *parallel_future_then(parallel_future *future, parallel_continuation *continuation, void *context)
{
    return chain_to(future, continuation, context, false, "parallel_future_then");
}

parallel_future *parallel_future_recover(parallel_future *future, parallel_continuation *continuation, void *context)
{
    return chain_to(future, continuation, context, true, "parallel_future_recover");
}

const struct pl_task_class pl_chain_class = {.destroy = pl_future_destroy};
