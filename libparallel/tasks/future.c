/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The life of a future of any kind: birth, end, references; and the public functions that ask and wait. What makes it run is in
 * call.c, promise.c and chain.c, what came of it in outcome.c. */
#include "libparallel/tasks/future.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/patience.h"
#include "libparallel/base/size.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/frame.h"
#include "libparallel/executors/portion.h"
#include "libparallel/executors/scope.h"
#include "libparallel/memory/slab.h"

/* Shared by all that failed when there was no memory to say why. Never freed. */
static parallel_failure out_of_memory = {.code = PARALLEL_ENOMEMORY, .exit_status = -1, .worker = -1,
                                         .message = "no memory for a future"};
static parallel_failure forked = {.code = PARALLEL_EFORKED, .exit_status = -1, .worker = -1,
                                  .message = "the call belongs to the parent process"};

/* ---- Birth ---- */

static size_t alignment_of(const parallel_function *function)
{
    size_t alignment = PL_FUTURE_ALIGNMENT;
    if (function != NULL && function->argument_alignment > alignment)
        alignment = function->argument_alignment;
    if (function != NULL && function->result_alignment > alignment)
        alignment = function->result_alignment;
    return alignment;
}

/* Of the whole allocation; 0: more than there can be. */
static size_t size_of(const parallel_function *function, size_t value_size, size_t alignment)
{
    size_t offset = pl_future_value_offset(function);
    return value_size > SIZE_MAX - offset - alignment ? 0 : pl_align_up(offset + value_size, alignment);
}

parallel_future *pl_future_create(const struct pl_task_class *class, const parallel_function *function,
                                  size_t value_size, struct parallel_executor *executor, uint32_t references)
{
    size_t alignment = alignment_of(function);
    size_t size = size_of(function, value_size, alignment);
    if (size == 0)
        return NULL;
    bool fits_a_slab = size <= PL_SLAB_LARGEST && alignment <= PL_CACHE_LINE;
    parallel_future *future = fits_a_slab ? pl_slab_allocate(size) : aligned_alloc(alignment, size);
    if (future == NULL)
        return NULL;
    future->slab_size = fits_a_slab ? (uint32_t)size : 0;
    pl_task_init(&future->task, class, executor, references);
    atomic_init(&future->observers.head, 0);
    future->function = function;
    future->failure = NULL;
    future->executor_number = executor != NULL ? executor->number : 0;
    if (class == &pl_chain_class)
        future->followed = NULL;
    else if (class == &pl_call_class)
        future->resources = NULL;
    else
        future->value_size = value_size;
    future->fork_count = pl_fork_count();
    future->worker = -1;
    atomic_init(&future->fd, 0);
    return future;
}

static void keep_immortal(struct pl_task *task)
{
    (void)task;
}

static const struct pl_task_class immortal_class = {.destroy = keep_immortal};

/* For when not even a failed future can be allocated. References are counted and never reach 0 in practice; if they do,
 * nothing happens. */
static parallel_future immortal = {
    .task = {.state = {PL_LATCH_OPEN | PL_TASK_FAILED * PL_TASK_STATE_UNIT | PL_TASK_LOOKED_AT},
             .references = 1,
             .class = &immortal_class},
    .failure = &out_of_memory,
    .worker = -1,
};

parallel_future *pl_future_create_failed(const char *name, const parallel_error *error)
{
    parallel_future *future = pl_future_create(&pl_promise_class, NULL, 0, NULL, 1);
    if (future == NULL) {
        pl_task_retain(&immortal.task);
        return &immortal;
    }
    parallel_error named = *error;
    if (name != NULL)
        pl_error_fill(&named, error->code, 0, "%s: %s", name, error->message);
    named.system_errno = error->system_errno;
    (void)pl_task_claim(&future->task); /* nobody else knows it */
    pl_future_end_failed(future, &named);
    return future;
}

void pl_future_destroy(struct pl_task *task)
{
    parallel_future *future = pl_future_of_task(task);
    uint32_t word = pl_load_relaxed(&task->state.word); /* relaxed: the last reference */
    if (pl_task_state_of_word(word) == PL_TASK_FAILED && !(word & PL_TASK_LOOKED_AT))
        pl_report("%s failed and nobody looked: %s: %s", pl_future_name(future),
                  pl_error_code_words(future->failure->code).text, future->failure->message);
    if (future->failure != &out_of_memory && future->failure != &forked)
        free(future->failure);
    int fd = pl_load_relaxed(&future->fd);
    if (fd != 0)
        close(fd - 1);
    if (task->class == &pl_chain_class)
        parallel_future_release(future->followed);
    else if (task->class == &pl_call_class)
        free(future->resources);
    if (future->slab_size > 0)
        pl_slab_free(future, future->slab_size);
    else
        free(future);
}

const char *pl_future_name(const parallel_future *future)
{
    if (future->function != NULL)
        return future->function->name;
    return future->task.class == &pl_chain_class ? "chain" : "promise";
}

/* ---- End ---- */

/* `word` is that of the task before it ended. */
static void tell(parallel_future *future, uint32_t word)
{
    if (!(word & PL_TASK_OBSERVED))
        return;
    if (pl_telling_later.is_on)
        pl_telling_later.is_owed = true;
    else
        pl_observer_notify_all(future);
}

void pl_future_end(parallel_future *future, enum pl_task_state state)
{
    tell(future, pl_task_complete(&future->task, state));
}

void pl_future_end_away(parallel_future *future, enum pl_task_state state)
{
    tell(future, pl_task_complete_away(&future->task, state));
}

void pl_future_tell(struct pl_task *task)
{
    pl_observer_notify_all(pl_future_of_task(task));
}

void pl_future_end_failed_as(parallel_future *future, const parallel_failure *failure)
{
    parallel_failure *copy = malloc(sizeof *copy);
    if (copy != NULL)
        *copy = *failure;
    future->failure = copy != NULL ? copy : &out_of_memory;
    pl_future_end(future, PL_TASK_FAILED);
}

void pl_future_end_failed(parallel_future *future, const parallel_error *error)
{
    parallel_failure failure;
    pl_failure_fill(&failure, error, future->worker);
    pl_future_end_failed_as(future, &failure);
}

bool pl_future_end_cancelled(parallel_future *future)
{
    if (!pl_task_cancel(&future->task))
        return false;
    /* Acquire: pairs with an adder's OBSERVED; who sets it later finds the word open and notifies itself. */
    tell(future, pl_load_acquire(&future->task.state.word));
    return true;
}

static pthread_mutex_t settling = PTHREAD_MUTEX_INITIALIZER; /* threads of a child meet here, once a future */

static void lock_settling(void)
{
    pthread_mutex_lock(&settling);
}

static void unlock_settling(void)
{
    pthread_mutex_unlock(&settling);
}

/* A child may fork as well, so no thread that its child does not have may hold the lock at the fork. */
__attribute__((constructor)) static void hold_settling_over_forks(void)
{
    int error = pthread_atfork(lock_settling, unlock_settling, unlock_settling);
    (void)error; /* no memory before main: whoever needs it next says so to somebody who can listen */
}

void pl_future_settle_inherited(parallel_future *future)
{
    pthread_mutex_lock(&settling);
    if (pl_future_is_inherited(future)) {
        /* Relaxed throughout: what another process would have published does not arrive here. */
        uint32_t word = pl_load_relaxed(&future->task.state.word);
        if (!(word & PL_LATCH_OPEN)) {
            future->failure = &forked;
            pl_store_relaxed(&future->task.state.word,
                             PL_LATCH_OPEN | PL_TASK_FAILED * PL_TASK_STATE_UNIT | PL_TASK_LOOKED_AT);
        }
        /* Its observers are the parent's. A lock that was held at the fork is never released here. */
        pl_store_relaxed(&future->observers.head, 2);
        future->fork_count = pl_fork_count();
    }
    pthread_mutex_unlock(&settling);
}

/* ---- Waiting ---- */

int pl_future_wait(parallel_future *future, uint64_t deadline_ns)
{
    pl_future_settle(future);
    struct pl_task *task = &future->task;
    if (pl_latch_is_open(&task->state))
        return 0;
    if (deadline_ns == PARALLEL_POLL)
        return pl_error_set(PARALLEL_ETIMEDOUT, 0, "%s has not ended", pl_future_name(future));
    if (pl_callback_depth > 0)
        return pl_error_set(PARALLEL_EDEADLK, 0, "waiting for %s in a callback", pl_future_name(future));
    if (pl_call_is_running_here(future))
        return pl_error_set(PARALLEL_EDEADLK, 0, "%s waits for itself", pl_future_name(future));
    /* A worker that waits for a call that nobody has started does it itself; not with a deadline, which the call might
     * overrun. */
    if (deadline_ns == PARALLEL_NEVER && task->class == &pl_call_class && pl_executor_runs_here(task->executor) &&
        pl_task_claim(task)) {
        pl_executor_run_here(task);
        return 0;
    }
    if (pl_executor_spin(task, pl_patience_turns()))
        return 0;
    pl_executor_wait_enter();
    bool has_ended = pl_latch_wait(&task->state, deadline_ns, 0);
    pl_executor_wait_leave();
    if (!has_ended)
        return pl_error_set(PARALLEL_ETIMEDOUT, 0, "%s has not ended by the deadline", pl_future_name(future));
    return 0;
}

int parallel_future_wait(parallel_future *future, uint64_t deadline_ns)
{
    int code = pl_future_check(future, "parallel_future_wait");
    return code != 0 ? code : pl_future_wait(future, deadline_ns);
}

/* ---- Asking ---- */

enum parallel_future_state parallel_future_state(parallel_future *future)
{
    pl_future_settle(future);
    pl_task_refresh(&future->task);
    return (enum parallel_future_state)pl_task_state(&future->task);
}

bool parallel_future_is_done(parallel_future *future)
{
    pl_future_settle(future);
    return pl_latch_is_open(&future->task.state);
}

bool parallel_future_is_running(parallel_future *future)
{
    return parallel_future_state(future) == PARALLEL_RUNNING;
}

bool parallel_future_is_cancelled(parallel_future *future)
{
    return parallel_future_state(future) == PARALLEL_CANCELLED;
}

const char *parallel_state_name(enum parallel_future_state state)
{
    static const char *const names[] = {"pending", "running", "done", "failed", "cancelled"};
    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "unknown state";
}

int parallel_future_describe(parallel_future *future, char *buffer, size_t size)
{
    if (future == NULL)
        return snprintf(buffer, size, "no future");
    enum parallel_future_state state = parallel_future_state(future);
    if (state != PARALLEL_FAILED)
        return snprintf(buffer, size, "%s: %s", pl_future_name(future), parallel_state_name(state));
    pl_or_relaxed(&future->task.state.word, PL_TASK_LOOKED_AT); /* a flag for the destructor, which is last */
    return snprintf(buffer, size, "%s: failed (%s: %s)", pl_future_name(future),
                    pl_error_code_words(future->failure->code).text, future->failure->message);
}

/* Passes the wish on to where the call runs. False: it runs in a thread. */
static bool interrupt(parallel_future *future, enum pl_interruption how)
{
    struct parallel_executor *executor = future->task.executor;
    return future->task.class == &pl_call_class && executor != NULL &&
           pl_executor_interrupt_if_open(executor, future->executor_number, &future->task, how);
}

static int stop(parallel_future *future, enum pl_interruption how)
{
    pl_future_settle(future);
    bool had_ended = pl_latch_is_open(&future->task.state); /* before the request, which a call may follow at once */
    if (pl_future_end_cancelled(future) || pl_task_state(&future->task) == PL_TASK_CANCELLED)
        return 0;
    if (had_ended)
        return pl_error_set(PARALLEL_EDONE, 0, "%s has ended", pl_future_name(future));
    if (how == PL_INTERRUPTION_KILL)
        pl_or_relaxed(&future->task.state.word, PL_TASK_KILL_REQUESTED); /* the executor's lock orders it */
    if (interrupt(future, how) && how == PL_INTERRUPTION_KILL)
        return 0;
    return pl_error_set(PARALLEL_ERUNNING, 0, "%s runs; it is asked to stop", pl_future_name(future));
}

int parallel_future_cancel(parallel_future *future)
{
    int code = pl_future_check(future, "parallel_future_cancel");
    if (code != 0)
        return code;
    pl_task_retain(&future->task); /* a callback may release the caller's reference */
    code = stop(future, PL_INTERRUPTION_ASK);
    pl_task_release(&future->task);
    return code;
}

int parallel_future_kill(parallel_future *future)
{
    int code = pl_future_check(future, "parallel_future_kill");
    if (code != 0)
        return code;
    pl_task_retain(&future->task); /* a callback may release the caller's reference */
    code = stop(future, PL_INTERRUPTION_KILL);
    pl_task_release(&future->task);
    return code;
}

parallel_future *parallel_future_retain(parallel_future *future)
{
    if (future != NULL)
        pl_task_retain(&future->task);
    return future;
}

void parallel_future_release(parallel_future *future)
{
    if (future != NULL)
        pl_task_release(&future->task);
}
