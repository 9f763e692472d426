/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The fork executor: a new process for each call, which sees a copy of all memory as it was when the process
 * started.
 *
 *     submitters --> the threads executor's queue --> worker thread: one call at a time
 *                                                       | maps a record for results, forks, waits (forked_process.h)
 *                                                       |        child: makes the calls on its copy of memory, writes
 *                                                       |        results and OUT arrays into the record, _exit
 *                                                       +-- copies them to their places, ends the call
 *
 * A worker is a thread that sleeps while its child works, and whose binding the child inherits. So queue,
 * limits, places, names, resizing and shutdown are those of threads.c, and a call that dies harms the one
 * future. What cannot leave the process (continuations of chains) runs in the worker thread itself.
 *
 * Memory is copied when the process starts, not at submission: pending calls cost nothing, and there may be
 * many. The rule that holds on every executor, that pointed-to memory stays alive and unmodified until the
 * future has ended, makes the two the same to the call.
 *
 * docs/protocols/fork-call.md: who writes what, and what happens if the child dies at each step. */
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libparallel/base/error.h"
#include "libparallel/base/size.h"
#include "libparallel/base/usage.h"
#include "libparallel/executors/call_output.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/fork_record.h"
#include "libparallel/executors/frame.h"
#include "libparallel/executors/portion.h"
#include "libparallel/executors/threads.h"
#include "libparallel/machine/binding.h"
#include "libparallel/workers/forked_process.h"
#include "libparallel/workers/memory_limit.h"
#include "libparallel/workers/relay.h"

enum { CHILD_TAG = 1 }; /* a child has no other calls, and a record but one child at a time */

/* What a worker thread keeps for its children, over its calls. */
struct equipment {
    struct pl_forked_process process;
    struct equipment *next;  /* in the executor's list */
    const struct pl_thread_worker *worker;
    struct pl_task *task;    /* under the executor's lock: whose call is being made */
    bool has_run_here;       /* a task has run in the worker itself */
    struct pl_fork_record record;
    /* The portion that is being made: written before the fork. */
    struct fork_executor *fork;
    const struct pl_portion *portion;
    void (*limit_openmp)(int levels); /* NULL: not needed */
    struct pl_call_output output;
};

struct fork_executor {
    struct pl_threads_use use; /* first */
    struct pl_lock lock;       /* guards the list, and each one's task */
    struct equipment *equipments;
    sigset_t mask;             /* of the children: that of whoever opened the executor */
    uint64_t timeout_ns;       /* 0: none */
    size_t memory_limit;       /* bytes; 0: none */
    int (*initializer)(void *context);
    void *initializer_context;
    enum parallel_output output;
    struct pl_relay *relay; /* output=tag; else NULL */
};

/* A record that a large result made larger than this is given back after the call. */
enum { KEPT_RECORD_SIZE = 1 << 20 };

static struct fork_executor *fork_of(struct parallel_executor *executor)
{
    return (struct fork_executor *)pl_threads_use_of(executor);
}

/* A thread that has had an OpenMP region keeps its team, of which a forked child has a copy without threads:
 * libgomp would wait for them for ever. The worker has had none, unless in a continuation; then the child's
 * regions get one thread. */
static void look_for_openmp(struct equipment *equipment)
{
    void *found = equipment->has_run_here ? dlsym(RTLD_DEFAULT, "omp_set_max_active_levels") : NULL;
    memcpy(&equipment->limit_openmp, &found, sizeof found);
}

/* ---- In the child ---- */

static void make_calls(void *context)
{
    struct equipment *equipment = context;
    struct pl_fork_record_head *record = equipment->record.head;
    pl_crash_install(&record->crash);
    pl_call_output_enter(&equipment->output);
    if (equipment->limit_openmp != NULL)
        equipment->limit_openmp(0);
    if (pl_executor_become_worker((int)equipment->worker->index) != 0)
        abort(); /* no memory for a few bytes: a crash like any other */
    int error = equipment->fork->memory_limit > 0 ? pl_memory_limit_enter(equipment->fork->memory_limit) : 0;
    if (error != 0)
        pl_report("a call runs without its memory limit: errno %d", error);
    if (equipment->fork->initializer != NULL) {
        record->initializer_code = equipment->fork->initializer(equipment->fork->initializer_context);
        if (record->initializer_code != 0)
            return;
    }
    pl_fork_record_fill(&equipment->record, equipment->portion, CHILD_TAG);
    /* Release: pairs with the parent's look at the end; publishes results and failure. */
    pl_store_release(&record->is_done, 1);
}

/* ---- In the worker thread ---- */

/* The child has ended: what became of the portion. Takes its results. False: all is done. */
static bool judge(struct equipment *equipment, const struct pl_portion *portion, struct pl_outcome *outcome,
                  parallel_failure *failure)
{
    const struct pl_fork_record_head *record = equipment->record.head;
    const struct pl_forked_process *process = &equipment->process;
    int worker = (int)equipment->worker->index;
    bool is_done = pl_load_acquire(&record->is_done) != 0; /* pairs with make_calls() */
    size_t end = portion->last;
    if (!is_done || record->performance.has_failed) {
        /* Relaxed: its writer has ended. A portion that was not begun has index 0. */
        end = pl_load_relaxed(&record->performance.index);
        if (end < portion->first)
            end = portion->first;
    }
    if (record->initializer_code != 0)
        end = portion->first;
    pl_fork_record_take(&equipment->record, portion, end);
    outcome->index = end;
    if (is_done && !record->performance.has_failed)
        return false; /* also if the process came to grief on its way out: the call had been made */
    if (is_done) {
        pl_failure_fill(failure, &record->failure, worker);
    } else if (record->initializer_code != 0) {
        pl_error_set(PARALLEL_EINITIALIZER, 0, "the initializer of process %d returned %d", (int)process->end.pid,
                     record->initializer_code);
        pl_failure_fill(failure, parallel_last_error(), worker);
    } else {
        pl_process_end_describe(&process->end, &record->crash, worker, "process", failure);
        if (process->is_late && failure->signal == SIGKILL) {
            failure->code = PARALLEL_ETIMELIMIT;
            snprintf(failure->message, sizeof failure->message,
                     "the call ran for longer than %g s; process %d was killed",
                     (double)equipment->fork->timeout_ns * 1e-9, (int)process->end.pid);
        } else if (process->is_kill_wanted && failure->signal == SIGKILL) {
            outcome->is_killed = true;
        }
    }
    return true;
}

static void watch(void *context)
{
    pl_call_output_bound(&((const struct equipment *)context)->output);
}

/* From now on the task's child can be interrupted. */
static void begin_task(struct fork_executor *fork, struct equipment *equipment, struct pl_task *task)
{
    pl_forked_process_prepare(&equipment->process);
    pl_lock_acquire(&fork->lock);
    equipment->task = task;
    pl_lock_release(&fork->lock);
    /* Relaxed: who asked before has gone through the lock before, and set the flag before that. */
    if (pl_load_relaxed(&task->state.word) & PL_TASK_KILL_REQUESTED)
        pl_forked_process_kill(&equipment->process);
}

static void end_task(struct fork_executor *fork, struct equipment *equipment)
{
    pl_lock_acquire(&fork->lock);
    equipment->task = NULL;
    pl_lock_release(&fork->lock);
}

static void make_portion(struct equipment *equipment, struct pl_task *task, const struct pl_portion *portion)
{
    const struct fork_executor *fork = equipment->fork;
    struct pl_outcome outcome = {.worker = (int)equipment->worker->index};
    parallel_failure failure;
    parallel_resources resources;
    int code = pl_fork_record_prepare(&equipment->record, portion, &outcome.index);
    if (code == 0) {
        equipment->portion = portion;
        begin_task(equipment->fork, equipment, task);
        if (pl_load_relaxed(&task->state.word) & PL_TASK_CANCEL_REQUESTED) /* as in begin_task() */
            pl_store_relaxed(&equipment->record.head->performance.asked, CHILD_TAG);
        pl_call_output_connect(&equipment->output, fork->output, fork->relay, equipment->worker->name);
        code = pl_forked_process_run(&equipment->process, make_calls, equipment, equipment->fork->timeout_ns);
        end_task(equipment->fork, equipment);
    }
    if (code != 0) {
        pl_failure_fill(&failure, parallel_last_error(), (int)equipment->worker->index);
        outcome.failure = &failure;
    } else {
        if (judge(equipment, portion, &outcome, &failure))
            outcome.failure = &failure;
        if (equipment->process.end.is_status_known) {
            struct pl_usage usage;
            pl_usage_of_rusage(&equipment->process.end.usage, &usage);
            pl_usage_tell(&usage, (int)equipment->worker->index, pl_binding_place_name(), &resources);
            outcome.resources = &resources;
        }
    }
    pl_call_output_disconnect(&equipment->output, fork->relay, code == 0 && outcome.failure != NULL ? &failure : NULL);
    if (equipment->record.size > KEPT_RECORD_SIZE)
        pl_fork_record_drop(&equipment->record);
    task->class->carriage->end(task, portion, &outcome);
}

/* The calling worker's equipment; made at its first call, and kept by the executor until its end. */
static struct equipment *find_equipment(struct fork_executor *fork, const struct pl_thread_worker *self)
{
    pl_lock_acquire(&fork->lock);
    struct equipment *equipment = fork->equipments;
    while (equipment != NULL && equipment->worker != self)
        equipment = equipment->next;
    pl_lock_release(&fork->lock);
    if (equipment != NULL)
        return equipment;
    equipment = calloc(1, sizeof *equipment);
    if (equipment == NULL) {
        pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for a process");
        return NULL;
    }
    pl_forked_process_init(&equipment->process, &fork->mask);
    if (fork->output == PARALLEL_OUTPUT_CAPTURE)
        equipment->process.watch = watch;
    equipment->fork = fork;
    equipment->worker = self;
    pl_lock_acquire(&fork->lock);
    equipment->next = fork->equipments;
    fork->equipments = equipment;
    pl_lock_release(&fork->lock);
    return equipment;
}

static void fork_run(struct pl_threads_use *use, struct pl_thread_worker *self, struct pl_task *task)
{
    struct fork_executor *fork = (struct fork_executor *)use;
    const struct pl_carriage *carriage = task->class->carriage;
    struct equipment *equipment = find_equipment(fork, self);
    if (equipment == NULL) {
        parallel_error error = *parallel_last_error();
        task->class->fail(task, &error);
        return;
    }
    if (carriage == NULL) {
        equipment->has_run_here = true;
        task->class->run(task);
        return;
    }
    look_for_openmp(equipment);
    struct pl_portion portion;
    while (carriage->next(task, (int)self->index, &portion))
        make_portion(equipment, task, &portion);
}

/* ---- The operations ---- */

static int fork_submit(struct parallel_executor *executor, struct pl_task *first, struct pl_task *last, size_t count)
{
    return pl_threads_kind.submit(executor, first, last, count);
}

static void fork_request_shutdown(struct parallel_executor *executor)
{
    pl_threads_kind.request_shutdown(executor);
}

static int fork_shutdown(struct parallel_executor *executor, enum parallel_shutdown_mode mode, uint64_t deadline_ns)
{
    return pl_threads_kind.shutdown(executor, mode, deadline_ns);
}

static void fork_destroy(struct parallel_executor *executor)
{
    struct fork_executor *fork = fork_of(executor);
    pl_threads_kind.destroy(executor);
    while (fork->equipments != NULL) {
        struct equipment *equipment = fork->equipments;
        fork->equipments = equipment->next;
        pl_fork_record_drop(&equipment->record);
        pl_call_output_close(&equipment->output);
        free(equipment);
    }
    pl_relay_stop(fork->relay);
    free(fork);
}

static int fork_open(const parallel_executor_options *options, struct parallel_executor **executor)
{
    struct fork_executor *fork = calloc(1, sizeof *fork);
    if (fork == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for a fork executor");
    fork->use.run = fork_run;
    pthread_sigmask(SIG_SETMASK, NULL, &fork->mask);
    fork->timeout_ns = options->timeout_ns;
    fork->memory_limit = options->memory_bytes;
    fork->initializer = options->initializer;
    fork->initializer_context = options->initializer_context;
    parallel_executor_options of_threads = *options;
    of_threads.initializer = NULL; /* it runs in the children */
    int code = pl_threads_open_for(&fork->use, &of_threads, executor);
    if (code != 0) {
        free(fork);
        return code;
    }
    fork->output = options->output;
    code = fork->output == PARALLEL_OUTPUT_TAG ? pl_relay_start(&fork->relay) : 0;
    if (code != 0) {
        (void)fork_shutdown(*executor, PARALLEL_SHUTDOWN_CANCEL, PARALLEL_NEVER);
        fork_destroy(*executor);
        return code;
    }
    pl_crash_prepare();
    pl_process_end_prepare();
    return 0;
}

static int fork_resize(struct parallel_executor *executor, size_t workers)
{
    return pl_threads_kind.resize(executor, workers);
}

static void fork_describe(struct parallel_executor *executor, parallel_executor_info *info)
{
    pl_threads_kind.describe(executor, info);
}

static void fork_wait_enter(struct parallel_executor *executor)
{
    pl_threads_kind.wait_enter(executor);
}

static void fork_wait_leave(struct parallel_executor *executor)
{
    pl_threads_kind.wait_leave(executor);
}

static void fork_interrupt(struct parallel_executor *executor, struct pl_task *task, enum pl_interruption how)
{
    struct fork_executor *fork = fork_of(executor);
    pl_lock_acquire(&fork->lock);
    for (struct equipment *each = fork->equipments; each != NULL; each = each->next) {
        if (each->task != task)
            continue;
        pl_store_relaxed(&each->record.head->performance.asked, CHILD_TAG); /* a request, no data */
        if (how == PL_INTERRUPTION_KILL)
            pl_forked_process_kill(&each->process);
    }
    pl_lock_release(&fork->lock);
}

static void fork_child_terms(struct parallel_executor *executor, struct pl_child_terms *terms,
                             struct pl_place *places, size_t count)
{
    struct fork_executor *fork = fork_of(executor);
    *terms = (struct pl_child_terms){fork->timeout_ns, fork->memory_limit, fork->initializer, fork->initializer_context};
    pl_threads_copy_places(executor, places, count);
}

const struct pl_executor_kind pl_fork_kind = {
    .name = "fork",
    .runs_elsewhere = true,
    .open = fork_open,
    .submit = fork_submit,
    .request_shutdown = fork_request_shutdown,
    .shutdown = fork_shutdown,
    .destroy = fork_destroy,
    .resize = fork_resize,
    .describe = fork_describe,
    .wait_enter = fork_wait_enter,
    .wait_leave = fork_wait_leave,
    .interrupt = fork_interrupt,
    .child_terms = fork_child_terms,
};
