/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Chains: parallel_future_then() and parallel_future_recover().
 *
 *     source ends --observer--> not meant for this continuation: the chain ends as the source did
 *                          \--> runner, a task of the source's executor: continuation(source, context)
 *                                   --> NULL: the chain is done        --> a future: followed
 *     followed future ends --observer--> the chain ends as it did
 *
 * `followed` of a chain is what it waits for: its source, then what the continuation returned; once it is done, the
 * future that holds the value. A chain that would wait for itself, directly or around other chains, is refused: what a
 * chain waits for changes under one lock for the whole process, and each step walks along what the next one waits for.
 * Chains are rare beside calls, so one lock is enough.
 *
 * The end of a chain may end the next one, and so on. That is no recursion: a resolution that comes up while this thread
 * works on another one is put in line behind it. Wherever the program's own code is called the line begins anew, since
 * that code may wait for what stands in it. */
#include <pthread.h>
#include <stdlib.h>

#include "libparallel/base/error.h"
#include "libparallel/executors/deque.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/frame.h"
#include "libparallel/tasks/chain.h"
#include "libparallel/tasks/future.h"
#include "libparallel/executors/scope.h"

static pthread_mutex_t follow_lock = PTHREAD_MUTEX_INITIALIZER; /* guards `followed` of every chain until it ends */

static void lock_following(void)
{
    pthread_mutex_lock(&follow_lock);
}

static void unlock_following(void)
{
    pthread_mutex_unlock(&follow_lock);
}

/* A child makes chains too, so no thread that it does not have may hold the lock at the fork. */
__attribute__((constructor)) static void hold_following_over_forks(void)
{
    int error = pthread_atfork(lock_following, unlock_following, unlock_following);
    (void)error; /* no memory before main: whoever needs it next says so to somebody who can listen */
}

/* An observer whose turn may come a little later. */
struct resolver {
    struct pl_observer observer; /* `next` links the line, once it has been notified */
    parallel_future *ended;      /* kept alive by whoever made the resolver */
    void (*resolve)(struct resolver *resolver);
};

/* What a chain needs until its continuation has run. One allocation, freed as the runner's last reference goes. */
struct link {
    struct pl_task runner;
    struct resolver resolver; /* observes the source */
    parallel_future *source;  /* a reference */
    parallel_future *chain;   /* a reference */
    parallel_continuation *continuation;
    void *context;
    bool runs_after_failure;
    struct pl_scope scope;
};

/* Observes what a continuation returned; `chain` is a reference. */
struct follower {
    struct resolver resolver;
    parallel_future *chain;
};

/* ---- The line of resolutions ---- */

_Thread_local struct pl_chain_line pl_chain_line __attribute__((tls_model("initial-exec")));

static void resolve_in_turn(struct pl_observer *observer, parallel_future *ended)
{
    struct pl_chain_line *line = &pl_chain_line;
    struct resolver *resolver = (struct resolver *)observer;
    resolver->ended = ended;
    observer->next = NULL;
    if (line->is_moving) {
        *line->last = observer;
        line->last = &observer->next;
        return;
    }
    line->is_moving = true;
    line->first = NULL;
    line->last = &line->first;
    resolver->resolve(resolver);
    while (line->first != NULL) {
        resolver = (struct resolver *)line->first;
        line->first = resolver->observer.next;
        if (line->first == NULL)
            line->last = &line->first;
        resolver->resolve(resolver);
    }
    line->is_moving = false;
}

/* ---- What a chain waits for ---- */

/* Takes over the reference to `next`. */
static void replace_followed(parallel_future *chain, parallel_future *next)
{
    pthread_mutex_lock(&follow_lock);
    parallel_future *before = chain->followed;
    chain->followed = next;
    pthread_mutex_unlock(&follow_lock);
    parallel_future_release(before);
}

/* `chain` goes on to wait for `next`, whose reference it takes over. False if that would be a circle. */
static bool follow(parallel_future *chain, parallel_future *next)
{
    pthread_mutex_lock(&follow_lock);
    bool is_circle = false;
    for (parallel_future *each = next; each != NULL && !is_circle;
         each = each->task.class == &pl_chain_class ? each->followed : NULL)
        is_circle = each == chain;
    parallel_future *before = NULL;
    if (!is_circle) {
        before = chain->followed;
        chain->followed = next;
    }
    pthread_mutex_unlock(&follow_lock);
    parallel_future_release(before);
    return !is_circle;
}

/* ---- Ending a chain as another future ended ---- */

/* The chain is running, `other` has ended and is kept alive by the caller. */
static void end_as(parallel_future *chain, parallel_future *other)
{
    parallel_failure failure;
    switch (pl_task_state(&other->task)) {
    case PL_TASK_DONE:
        /* Not `other`, which may be a chain itself: a row of chains must not become a row of destructions. */
        replace_followed(chain, parallel_future_retain(pl_future_holder(other)));
        pl_future_end(chain, PL_TASK_DONE);
        return;
    case PL_TASK_CANCELLED:
        replace_followed(chain, NULL);
        pl_future_end(chain, PL_TASK_CANCELLED);
        return;
    default:
        pl_future_get_failure(other, &failure);
        replace_followed(chain, NULL);
        pl_future_end_failed_as(chain, &failure);
        return;
    }
}

static void fail_chain(parallel_future *chain, const parallel_error *error)
{
    replace_followed(chain, NULL);
    pl_future_end_failed(chain, error);
}

static void followed_has_ended(struct resolver *resolver)
{
    struct follower *follower = (struct follower *)resolver;
    parallel_future *chain = follower->chain;
    parallel_future *followed = parallel_future_retain(resolver->ended);
    free(follower);
    end_as(chain, followed);
    parallel_future_release(followed);
    parallel_future_release(chain);
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
    parallel_error error;
    struct follower *follower = malloc(sizeof *follower);
    if (follower == NULL) {
        parallel_future_release(next);
        pl_error_fill(&error, PARALLEL_ENOMEMORY, 0, "no memory to follow a future");
        fail_chain(chain, &error);
        return;
    }
    if (!follow(chain, next)) {
        free(follower);
        parallel_future_release(next);
        pl_error_fill(&error, PARALLEL_EDEADLK, 0, "the chain would follow itself");
        fail_chain(chain, &error);
        return;
    }
    follower->resolver.observer.notify = resolve_in_turn;
    follower->resolver.resolve = followed_has_ended;
    follower->chain = parallel_future_retain(chain);
    pl_observer_add(next, &follower->resolver.observer);
}

static void runner_run(struct pl_task *task)
{
    struct link *link = (struct link *)task;
    parallel_future *chain = link->chain;
    if (pl_task_claim(&chain->task)) { /* else it was cancelled meanwhile */
        chain->worker = parallel_worker_index();
        struct pl_chain_line line = pl_chain_line_leave();
        struct pl_section section;
        pl_section_enter(&section, &link->scope, is_cancelled);
        parallel_future *next = link->continuation(link->source, link->context);
        pl_section_leave(&section, "a continuation");
        pl_chain_line_return(line);
        if (pl_scope_has_failed(&link->scope)) {
            parallel_error error;
            pl_scope_take_failure(&link->scope, &error);
            parallel_future_release(next);
            fail_chain(chain, &error);
        } else if (next == NULL) {
            replace_followed(chain, NULL);
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
        fail_chain(link->chain, error);
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
    if (pl_task_state(&link->chain->task) == PL_TASK_CANCELLED)
        replace_followed(link->chain, NULL); /* nobody else has done it if it was cancelled before its source ended */
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
    if (pl_task_claim(&chain->task)) /* else it was cancelled */
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

static void source_has_ended(struct resolver *resolver)
{
    struct link *link = (struct link *)((char *)resolver - offsetof(struct link, resolver));
    bool has_failed = pl_task_state(&link->source->task) != PL_TASK_DONE;
    if (has_failed && link->runs_after_failure)
        pl_or_relaxed(&link->source->task.state.word, PL_TASK_LOOKED_AT); /* a flag for the destructor, which is last */
    if (has_failed != link->runs_after_failure)
        pass_on(link);
    else if (submit_runner(link) == 0)
        return; /* the executor has taken the reference over */
    else if (pl_task_claim(&link->chain->task))
        fail_chain(link->chain, parallel_last_error());
    pl_task_release(&link->runner);
}

static parallel_future *chain_to(parallel_future *source, parallel_continuation *continuation, void *context,
                                 bool runs_after_failure, const char *caller)
{
    if (source == NULL || continuation == NULL) {
        pl_error_set(PARALLEL_EINVALID, 0, "%s is NULL", source == NULL ? "the future" : "the continuation");
        return pl_future_create_failed(caller, parallel_last_error());
    }
    pl_future_settle(source);
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
    chain->followed = parallel_future_retain(source);
    pl_task_init(&link->runner, &runner_class, executor, 1);
    link->resolver.observer.notify = resolve_in_turn;
    link->resolver.resolve = source_has_ended;
    link->source = parallel_future_retain(source);
    link->chain = chain;
    link->continuation = continuation;
    link->context = context;
    link->runs_after_failure = runs_after_failure;
    pl_observer_add(source, &link->resolver.observer);
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
