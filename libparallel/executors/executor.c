/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Opening and closing executors of any kind, and the default executor. What is open is in the registry.
 *
 * Opening may fork (a zygote), so no lock that a fork takes is held meanwhile: the one that makes the default executor
 * unique is simply free in a child.
 *
 * The end of the program: an atexit handler, registered at the first open, shuts down what is open as concurrent.futures
 * does: what was submitted still runs. If exit() was called by a task, what is pending is cancelled and nobody is waited
 * for: the task that called exit never ends, and others may wait for it. */
#include "libparallel/executors/executor.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/lock.h"
#include "libparallel/base/patience.h"
#include "libparallel/base/settings.h"
#include "libparallel/executors/deque.h"
#include "libparallel/executors/frame.h"
#include "libparallel/executors/onlooker.h"
#include "libparallel/executors/process_hub.h"
#include "libparallel/executors/registry.h"

static const struct pl_executor_kind *const kinds[] = {&pl_serial_kind, &pl_threads_kind, &pl_processes_kind,
                                                       &pl_fork_kind};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* The default executor is read without the lock at each submission; it is written under default_lock. */
static _Atomic(struct parallel_executor *) default_executor;
static struct pl_lock default_lock = PL_LOCK_INITIALIZER;

static pthread_once_t process_hooks = PTHREAD_ONCE_INIT;

/* ---- Fork and exit ---- */

static void after_fork_in_child(void)
{
    pl_registry_forget();
    pl_store_relaxed(&default_executor, NULL); /* relaxed, as below: the child has one thread */
    pl_store_relaxed(&default_lock.word, 0);
    pl_process_hub_after_fork_in_child();
    pl_frame_innermost = NULL; /* the task that forked goes on here as plain code */
    pl_deque_make_current(NULL); /* the thieves are not here */
    pl_callback_depth = 0;
    pl_registry_unlock();
}

/* ---- The end of the program ---- */

/* One at a time and without the registry's lock held while it ends, since its tasks may open and close executors. */
static void shut_down_all(void)
{
    bool is_inside_task = pl_frame_innermost != NULL;
    struct parallel_executor *executor;
    /* The youngest first: tasks of younger ones may use older ones. */
    for (uint64_t below = UINT64_MAX; (executor = pl_registry_borrow_youngest(below)) != NULL;) {
        below = executor->number;
        if (is_inside_task)
            (void)executor->kind->shutdown(executor, PARALLEL_SHUTDOWN_CANCEL, PARALLEL_POLL);
        else
            (void)executor->kind->shutdown(executor, PARALLEL_SHUTDOWN_FINISH, PARALLEL_NEVER);
        pl_registry_give_back(executor);
    }
}

static void install_process_hooks(void)
{
    pthread_atfork(pl_registry_lock, pl_registry_unlock, after_fork_in_child);
    atexit(shut_down_all);
}

/* ---- Borrowing ---- */

int pl_executor_borrow(struct parallel_executor *executor, const char *function)
{
    if (executor == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "%s: the executor is NULL", function);
    if (!pl_registry_borrow(executor, PL_REGISTRY_ANY_NUMBER))
        return pl_error_set(PARALLEL_EINVALID, 0, "%s: %p is not an open executor of this process", function,
                            (const void *)executor);
    return 0;
}

/* ---- Kinds ---- */

const struct pl_executor_kind *pl_executor_kind_of_name(const char *name)
{
    for (int i = 0; i < KIND_COUNT; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

const char *pl_executor_kind_names(void)
{
    return "serial, threads, processes, fork";
}

/* ---- Submission ---- */

int pl_executor_submit(struct parallel_executor *executor, struct pl_task *first, struct pl_task *last, size_t count)
{
    if (executor->fork_count != pl_fork_count())
        return pl_error_set(PARALLEL_EFORKED, 0, "submission to an executor of the parent process");
    return executor->kind->submit(executor, first, last, count);
}

int pl_executor_submit_if_open(struct parallel_executor *executor, uint64_t number, struct pl_task *task)
{
    if (!pl_registry_borrow(executor, number))
        return pl_error_set(PARALLEL_ESHUTDOWN, 0, "the executor of the future has been closed");
    int code = executor->kind->submit(executor, task, task, 1);
    pl_registry_give_back(executor);
    return code;
}

bool pl_executor_interrupt_if_open(struct parallel_executor *executor, uint64_t number, struct pl_task *task,
                                   enum pl_interruption how)
{
    if (!pl_registry_borrow(executor, number))
        return true; /* the task has ended with it */
    bool has_means = executor->kind->interrupt != NULL;
    if (has_means)
        executor->kind->interrupt(executor, task, how);
    pl_registry_give_back(executor);
    return has_means;
}

bool pl_executor_runs_here(const struct parallel_executor *executor)
{
    return pl_frame_is_inside(executor) && !executor->kind->runs_elsewhere; /* inside: so it exists */
}

void pl_executor_run_here(struct pl_task *task)
{
    if (pl_frame_innermost->executor == task->executor) {
        task->class->run(task);
        return;
    }
    struct pl_frame frame; /* a task of a serial executor stands between */
    pl_frame_enter(&frame, task->executor, -1, NULL);
    task->class->run(task);
    pl_frame_leave(&frame);
}

bool pl_executor_ask_away(struct pl_task *task, bool is_wanted)
{
    /* A task that has not ended keeps its executor open, and closing takes this lock before anything is freed. */
    pl_registry_lock();
    bool has_come_home = false;
    if (!pl_latch_is_open(&task->state))
        has_come_home = task->executor->kind->ask_away(task->executor, task, is_wanted);
    pl_registry_unlock();
    return has_come_home;
}

void pl_executor_forget(struct pl_task *task)
{
    /* The executor has waited for this, and may be closed in the midst of it: not before the lock is free. */
    pl_registry_lock();
    task->executor->kind->forget(task->executor, task);
    pl_registry_unlock();
}

bool pl_executor_spin(struct pl_task *task, uint32_t turns)
{
    /* Relaxed: a task that is put in line during the spin is collected by others. */
    if (pl_load_relaxed(&task->state.word) & (PL_TASK_AWAY | PL_TASK_IN_LINE))
        return pl_process_hub_spin(&task->state, turns);
    if (pl_frame_innermost != NULL)
        return pl_latch_spin(&task->state, turns);
    return pl_onlooker_spin(&task->state, turns);
}

int pl_executor_become_worker(int index)
{
    static struct pl_frame frame; /* for the rest of the process's life */
    parallel_executor_options options = parallel_executor_options_default();
    options.kind = "serial";
    parallel_executor *serial;
    int code = parallel_executor_open_with(&options, &serial);
    if (code != 0)
        return code;
    pl_store_relaxed(&default_executor, serial); /* relaxed: one thread */
    pl_frame_enter(&frame, serial, index, NULL);
    return 0;
}

/* A worker's frame is the outermost of its thread: serial executors may stand between it and the waiting code. */
static struct parallel_executor *executor_of_worker(void)
{
    for (const struct pl_frame *frame = pl_frame_innermost; frame != NULL; frame = frame->outer)
        if (frame->executor->kind->wait_enter != NULL)
            return frame->executor;
    return NULL;
}

void pl_executor_wait_enter(void)
{
    struct parallel_executor *executor = executor_of_worker();
    if (executor != NULL)
        executor->kind->wait_enter(executor);
}

void pl_executor_wait_leave(void)
{
    struct parallel_executor *executor = executor_of_worker();
    if (executor != NULL)
        executor->kind->wait_leave(executor);
}

/* ---- Public: open and close ---- */

parallel_executor_options parallel_executor_options_default(void)
{
    return (parallel_executor_options){.kind = "threads"};
}

/* What only processes can do is refused for other kinds, not ignored. */
static int check_options_of_kind(const struct pl_executor_kind *kind, const parallel_executor_options *options)
{
    const char *name = NULL, *others = "processes";
    if (kind == &pl_processes_kind)
        return 0;
    if (options->timeout_ns > 0 && kind != &pl_fork_kind)
        name = "timeout";
    else if (options->memory_bytes > 0 && kind != &pl_fork_kind)
        name = "memory";
    else if (options->output != PARALLEL_OUTPUT_INHERIT && kind != &pl_fork_kind)
        name = "output";
    else if (options->retries > 0)
        name = "retries";
    else if (options->max_tasks > 0)
        name = "max_tasks";
    else if (options->start != PARALLEL_START_AUTO)
        name = "start";
    if (name == NULL)
        return 0;
    if (options->timeout_ns > 0 || options->memory_bytes > 0)
        others = kind != &pl_fork_kind ? "processes and fork" : others;
    return pl_error_set(PARALLEL_ESPECIFICATION, 0, "%s=: a %s executor cannot do that; %s can", name, kind->name, others);
}

static int open_with(const parallel_executor_options *options, parallel_executor **executor)
{
    int code = parallel_settings_check();
    if (code != 0)
        return code;
    parallel_executor_options complete = options != NULL ? *options : parallel_executor_options_default();
    if (complete.kind == NULL)
        complete.kind = "threads";
    const struct pl_executor_kind *kind = pl_executor_kind_of_name(complete.kind);
    if (kind == NULL)
        return pl_error_set(PARALLEL_ESPECIFICATION, 0, "no such kind of executor: \"%s\" (there are: %s)",
                            complete.kind, pl_executor_kind_names());
    code = check_options_of_kind(kind, &complete);
    if (code != 0)
        return code;
    pthread_once(&process_hooks, install_process_hooks);
    struct parallel_executor *opened;
    code = kind->open(&complete, &opened);
    if (code != 0)
        return code;
    opened->kind = kind;
    opened->counts_resources = complete.counts_resources;
    pl_registry_enter(opened);
    *executor = opened;
    return 0;
}

static int open_as_specified(const char *specification, parallel_executor **executor)
{
    if (specification == NULL)
        specification = pl_setting_text(PL_SETTING_EXECUTOR);
    if (specification == NULL)
        specification = "threads";
    parallel_executor_options options;
    char *storage;
    int code = pl_specification_parse(specification, &options, &storage);
    if (code != 0)
        return code;
    code = open_with(&options, executor);
    free(storage);
    return code;
}

int parallel_executor_open_with(const parallel_executor_options *options, parallel_executor **executor)
{
    if (executor == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_executor_open_with: executor is NULL");
    int saved_errno = errno; /* the library leaves errno alone; those who read the machine do not */
    int code = open_with(options, executor);
    errno = saved_errno;
    return code;
}

int parallel_executor_open(const char *specification, parallel_executor **executor)
{
    if (executor == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_executor_open: executor is NULL");
    int saved_errno = errno;
    int code = open_as_specified(specification, executor);
    errno = saved_errno;
    return code;
}

/* Of a borrowed executor. */
static int shut_down(parallel_executor *executor, enum parallel_shutdown_mode mode, uint64_t deadline_ns)
{
    if (deadline_ns == PARALLEL_POLL)
        return executor->kind->shutdown(executor, mode, PARALLEL_POLL);
    if (pl_callback_depth > 0 || pl_frame_is_inside(executor)) {
        (void)executor->kind->shutdown(executor, mode, PARALLEL_POLL);
        return pl_error_set(PARALLEL_EDEADLK, 0, "shutdown of an executor %s would wait for its caller; it is started",
                            pl_callback_depth > 0 ? "from a callback" : "from its own task");
    }
    pl_executor_wait_enter(); /* the caller may be a worker of another executor, on which this one's tasks wait */
    int code = executor->kind->shutdown(executor, mode, deadline_ns);
    pl_executor_wait_leave();
    return code;
}

int parallel_executor_shutdown(parallel_executor *executor, enum parallel_shutdown_mode mode, uint64_t deadline_ns)
{
    int code = pl_executor_borrow(executor, "parallel_executor_shutdown");
    if (code != 0)
        return code;
    if (mode == PARALLEL_SHUTDOWN_FINISH || mode == PARALLEL_SHUTDOWN_CANCEL)
        code = shut_down(executor, mode, deadline_ns);
    else
        code = pl_error_set(PARALLEL_EINVALID, 0, "parallel_executor_shutdown: %d is not a mode", (int)mode);
    pl_registry_give_back(executor);
    return code;
}

int parallel_executor_close(parallel_executor *executor)
{
    if (executor == NULL)
        return 0;
    int code = pl_executor_borrow(executor, "parallel_executor_close");
    if (code != 0)
        return code;
    code = shut_down(executor, PARALLEL_SHUTDOWN_FINISH, PARALLEL_NEVER);
    if (code == 0 && !pl_registry_leave(executor))
        code = pl_error_set(PARALLEL_EINVALID, 0, "parallel_executor_close: closed by another thread meanwhile");
    pl_registry_give_back(executor);
    if (code != 0)
        return code;
    struct parallel_executor *expected = executor;
    /* Relaxed: a default executor that a program closes all the same must not be handed out again. */
    pl_cas_relaxed(&default_executor, &expected, NULL);
    pl_registry_wait_for_borrowers(executor);
    executor->kind->destroy(executor);
    return 0;
}

void parallel_executor_request_shutdown(parallel_executor *executor)
{
    if (executor != NULL && executor->fork_count == pl_fork_count())
        executor->kind->request_shutdown(executor);
}

int parallel_executor_resize(parallel_executor *executor, size_t workers)
{
    int code = pl_executor_borrow(executor, "parallel_executor_resize");
    if (code != 0)
        return code;
    code = executor->kind->resize(executor, workers);
    pl_registry_give_back(executor);
    return code;
}

/* ---- Public: asking ---- */

parallel_executor *parallel_executor_default(void)
{
    /* Acquire: pairs with the release below; publishes the executor's contents. */
    parallel_executor *executor = pl_load_acquire(&default_executor);
    if (executor != NULL)
        return executor;
    pl_lock_acquire(&default_lock);
    executor = pl_load_relaxed(&default_executor); /* relaxed: written under this lock */
    if (executor == NULL && parallel_executor_open(NULL, &executor) == 0)
        pl_store_release(&default_executor, executor);
    pl_lock_release(&default_lock);
    return executor;
}

parallel_executor *parallel_executor_current(void)
{
    return pl_frame_innermost != NULL ? pl_frame_innermost->executor : NULL;
}

int parallel_worker_index(void)
{
    const struct pl_frame *frame = pl_frame_innermost;
    while (frame != NULL && frame->worker < 0)
        frame = frame->outer;
    return frame != NULL ? frame->worker : -1;
}

int parallel_executor_describe(parallel_executor *executor, parallel_executor_info *info)
{
    if (info == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_executor_describe: info is NULL");
    int code = pl_executor_borrow(executor, "parallel_executor_describe");
    if (code != 0)
        return code;
    info->kind = executor->kind->name;
    info->start = NULL;
    info->start_reason[0] = '\0';
    executor->kind->describe(executor, info);
    pl_registry_give_back(executor);
    return 0;
}
