/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A future from the inside: one task, its outcome, and those who want to be told.
 *
 *     | struct parallel_future | arguments | result |          one allocation; offsets follow from the function
 *
 * Kinds, told apart by the class of the task:
 *   call     made by parallel_submit; an executor runs it                (call.c)
 *   promise  the program ends it; the value stands where a result would  (promise.c)
 *   chain    follows another future                                      (chain.c)
 *
 * Who writes what: `task.state` as task.h says; `failure`, `resources` and the result the one party that ends the future,
 * before it does; `followed` the party that has claimed the chain, under the lock of chain.c, at last before it ends the
 * chain; `worker` the one that runs it, before it runs; `observers` whoever holds its lock bit. The rest is
 * constant. The future is kept to 96 bytes before its arguments, since a program may have millions pending. */
#ifndef LIBPARALLEL_TASKS_FUTURE_H
#define LIBPARALLEL_TASKS_FUTURE_H

#include <libparallel/function.h>
#include <libparallel/future.h>

#include "libparallel/base/error.h"
#include "libparallel/base/fork.h"
#include "libparallel/base/size.h"
#include "libparallel/executors/task.h"
#include "libparallel/tasks/observer.h"

struct parallel_future {
    struct pl_task task;
    struct pl_observer_list observers;
    const parallel_function *function; /* call; else NULL */
    parallel_failure *failure;         /* set before FAILED; freed with the future */
    uint64_t executor_number;          /* of task.executor, to tell it from a later one at its address */
    union {
        struct parallel_future *followed; /* chain: what it waits for, a reference; NULL if it ended without a value */
        size_t value_size;                /* promise: bytes */
        parallel_resources *resources;    /* call: what it used; NULL: not counted; freed with the future */
    };
    uint32_t fork_count; /* at its birth */
    int32_t worker;      /* index of the worker that runs it; -1 */
    _Atomic int32_t fd;  /* eventfd + 1; 0: none yet */
    uint32_t slab_size;  /* bytes of the whole allocation; 0: it is malloc's */
};

_Static_assert(sizeof(struct parallel_future) <= 96, "a pending future is kept small");

extern const struct pl_task_class pl_call_class;
extern const struct pl_task_class pl_promise_class;
extern const struct pl_task_class pl_chain_class;

/* A pending future with room for arguments and result of `function`, or for `value_size` bytes. NULL: no memory. */
parallel_future *pl_future_create(const struct pl_task_class *class, const parallel_function *function,
                                  size_t value_size, struct parallel_executor *executor, uint32_t references);

/* malloc's own alignment; more only for parameters that ask for it. */
enum { PL_FUTURE_ALIGNMENT = 16 };

_Static_assert(sizeof(struct parallel_future) % PL_FUTURE_ALIGNMENT == 0, "arguments mostly follow at once");

static inline size_t pl_future_arguments_offset(const parallel_function *function)
{
    if (function->argument_alignment <= PL_FUTURE_ALIGNMENT)
        return sizeof(struct parallel_future);
    return pl_align_up(sizeof(struct parallel_future), function->argument_alignment);
}

static inline size_t pl_future_value_offset(const parallel_function *function)
{
    if (function == NULL)
        return sizeof(struct parallel_future);
    return pl_align_up(pl_future_arguments_offset(function) + function->argument_size, function->result_alignment);
}

static inline void *pl_future_arguments(parallel_future *future)
{
    return (char *)future + pl_future_arguments_offset(future->function);
}

/* The result, or a promise's value. */
static inline void *pl_future_value(parallel_future *future)
{
    return (char *)future + pl_future_value_offset(future->function);
}

/* A future that has failed already; never NULL (without memory: one that says so). The caller holds one reference. */
parallel_future *pl_future_create_failed(const char *name, const parallel_error *error);

/* Ends a running future; the caller holds a reference. Tells the observers. */
void pl_future_end(parallel_future *future, enum pl_task_state state);
void pl_future_end_away(parallel_future *future, enum pl_task_state state); /* AWAY, and perhaps not claimed */
void pl_future_end_failed(parallel_future *future, const parallel_error *error);
void pl_future_end_failed_as(parallel_future *future, const parallel_failure *failure);

/* Tells the observers, if that was put off: class->tell. */
void pl_future_tell(struct pl_task *task);

/* Ends a pending future as cancelled; true if this call did it. */
bool pl_future_end_cancelled(parallel_future *future);

/* Waits until it has ended. Inside a worker of its executor it may run the call itself. */
int pl_future_wait(parallel_future *future, uint64_t deadline_ns);

/* If this process is a forked child and the future had not ended: ends it. Called on every way in. */
static inline bool pl_future_is_inherited(const parallel_future *future)
{
    return future->fork_count != pl_fork_count();
}
void pl_future_settle_inherited(parallel_future *future);
static inline void pl_future_settle(parallel_future *future)
{
    if (pl_future_is_inherited(future))
        pl_future_settle_inherited(future);
}

/* PARALLEL_EINVALID if it is NULL; `caller` is a public function's name. */
static inline int pl_future_check(const parallel_future *future, const char *caller)
{
    return future != NULL ? 0 : pl_error_set(PARALLEL_EINVALID, 0, "%s: the future is NULL", caller);
}

/* Why it ended as it did; code 0 if done; marks the error as looked at. Only of a future that has ended. */
void pl_future_get_failure(parallel_future *future, parallel_failure *failure);

/* The future that holds the value: itself, or what a chain followed. Only of one that is done. */
parallel_future *pl_future_holder(parallel_future *future);

/* "simulate", "promise", "chain" */
const char *pl_future_name(const parallel_future *future);

/* True if the calling thread runs this future's call, so that waiting for it would never end. */
bool pl_call_is_running_here(const parallel_future *future);

void pl_future_destroy(struct pl_task *task);

static inline parallel_future *pl_future_of_task(struct pl_task *task)
{
    return (parallel_future *)task;
}

#endif
