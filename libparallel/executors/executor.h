/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An executor as the library sees it: an operation table for each kind, and a common head.
 *
 *     executor.c        open, close, default                   knows every kind by its table
 *     registry.c        what is open
 *     specification.c   text -> options
 *     serial.c threads.c ...   one table each; they know tasks, and nothing above */
#ifndef LIBPARALLEL_EXECUTORS_EXECUTOR_H
#define LIBPARALLEL_EXECUTORS_EXECUTOR_H

#include <libparallel/error.h>
#include <libparallel/executor.h>

#include "libparallel/base/fork.h"
#include "libparallel/executors/task.h"

enum pl_interruption {
    PL_INTERRUPTION_ASK,  /* parallel_is_cancelled() there says so from now on */
    PL_INTERRUPTION_KILL, /* the process that runs it is killed; the outcome says is_killed */
};

struct pl_board;
struct pl_post;
struct pl_cpu_set;
struct parallel_statistics;
struct pl_place;

/* What an executor says about processes that somebody else forks in its name. */
struct pl_child_terms {
    uint64_t timeout_ns; /* 0: none */
    size_t memory_limit; /* bytes; 0: none */
    int (*initializer)(void *context);
    void *initializer_context;
};

struct pl_executor_kind {
    const char *name;
    bool runs_elsewhere; /* calls run in other processes: a waiter here must not run one itself */

    /* All or nothing. The options are checked and complete but for defaults that only the kind knows. */
    int (*open)(const parallel_executor_options *options, struct parallel_executor **executor);

    /* Takes the tasks first..last (linked by `next`, `count` of them), with one reference to each, and will run, fail or
     * cancel each of them once. On failure it has taken none. */
    int (*submit)(struct parallel_executor *executor, struct pl_task *first, struct pl_task *last, size_t count);

    /* Where a task should run whose caller wishes for one of these CPUs, for the task's `position` before it is submitted; 0:
     * anywhere, since workers are not bound. PARALLEL_EPLACE: no worker is there; PARALLEL_ENOMEMORY. NULL: the kind has
     * no say in who runs what. */
    int (*locate)(struct parallel_executor *executor, const struct pl_cpu_set *cpus, uint32_t *position);

    void (*request_shutdown)(struct parallel_executor *executor); /* async-signal-safe */
    int (*shutdown)(struct parallel_executor *executor, enum parallel_shutdown_mode mode, uint64_t deadline_ns);
    void (*destroy)(struct parallel_executor *executor); /* after a shutdown that returned 0 */
    int (*resize)(struct parallel_executor *executor, size_t workers);
    void (*describe)(struct parallel_executor *executor, parallel_executor_info *info);

    /* A worker of this executor stops to wait for something, or has stopped waiting. NULL: kinds without workers. */
    void (*wait_enter)(struct parallel_executor *executor);
    void (*wait_leave)(struct parallel_executor *executor);

    /* A running task of this executor, which has been asked to stop, or is to end now. Any thread; the task may have
     * ended meanwhile. NULL: tasks run in threads of this process, which see the request and cannot be killed. */
    void (*interrupt)(struct parallel_executor *executor, struct pl_task *task, enum pl_interruption how);

    /* Kinds whose tasks can be AWAY; else NULL. `ask_away`, of a task that has not ended: if a worker has begun it, it is
     * RUNNING from now on; if not, and `is_wanted` back, it comes home (true): then the caller ends it and calls `forget`.
     * `forget`: the task has ended, and the executor's reference goes. */
    bool (*ask_away)(struct parallel_executor *executor, struct pl_task *task, bool is_wanted);
    void (*forget)(struct parallel_executor *executor, struct pl_task *task);

    /* Where work is posted that workers of this executor take part in, in this process; and a call for `wanted` helpers
     * for what has just been opened at `post`. They are woken if nobody looks, and if what they would gain, together with what
     * was gained by nobody before, is worth it. NULL, both: kinds without such workers. */
    struct pl_board *(*board)(struct parallel_executor *executor);
    void (*call_helpers)(struct parallel_executor *executor, const struct pl_post *post, uint32_t wanted, uint64_t gain_ns);

    /* Adds what one worker, or all, have counted (statistics.h). NULL: they do not. */
    int (*count)(struct parallel_executor *executor, int worker, struct parallel_statistics *sum);

    /* An inline loop is about to fork `count` processes in the executor's name: on these terms, at these places. NULL: kinds
     * whose loops run in threads. */
    void (*child_terms)(struct parallel_executor *executor, struct pl_child_terms *terms, struct pl_place *places,
                        size_t count);
};

struct parallel_executor {
    const struct pl_executor_kind *kind;
    uint64_t number;             /* never reused, while an address may be */
    uint32_t fork_count;         /* at its birth */
    bool counts_resources;       /* of each call; constant */
    _Atomic uint32_t borrowers;  /* calls under way; its end waits for them; a futex word */
    struct parallel_executor *next; /* in the registry, under its lock */
};

extern const struct pl_executor_kind pl_fork_kind;
extern const struct pl_executor_kind pl_serial_kind;
extern const struct pl_executor_kind pl_threads_kind;
extern const struct pl_executor_kind pl_processes_kind;

/* Before a use of an executor by a public function of that name: its end waits until pl_registry_give_back().
 * PARALLEL_EINVALID: not open. */
int pl_executor_borrow(struct parallel_executor *executor, const char *function);

/* Submits to `executor`. PARALLEL_EFORKED in a forked child, PARALLEL_ESHUTDOWN, PARALLEL_EFULL, PARALLEL_EWORKER,
 * PARALLEL_EINITIALIZER. Nothing was taken on failure. */
int pl_executor_submit(struct parallel_executor *executor, struct pl_task *first, struct pl_task *last, size_t count);

/* The same to an executor that may have been closed since: PARALLEL_ESHUTDOWN if no open one has this address and
 * number. Another thread that closes it meanwhile waits until this has returned. */
int pl_executor_submit_if_open(struct parallel_executor *executor, uint64_t number, struct pl_task *task);

/* Interrupts a running task of an executor that may have been closed since. False: its kind has no means to. */
bool pl_executor_interrupt_if_open(struct parallel_executor *executor, uint64_t number, struct pl_task *task,
                                   enum pl_interruption how);

/* True if the calling thread may run a pending task of `executor` itself: it is a worker of it, and that is where its
 * tasks run. `executor` need not be open. */
bool pl_executor_runs_here(const struct parallel_executor *executor);

/* Runs a task that the caller has claimed, on the caller's stack: it is a task of its executor there too. */
void pl_executor_run_here(struct pl_task *task);

/* Asks the executor of a task that is AWAY, if it has not ended. True: it has come home to the caller, who ends it and
 * then has it forgotten. */
bool pl_executor_ask_away(struct pl_task *task, bool is_wanted);
void pl_executor_forget(struct pl_task *task);

/* Spins until the latch of a task is open, doing what its executor may want done meanwhile. */
bool pl_executor_spin(struct pl_task *task, uint32_t turns);

/* Makes this process a worker's: all that its one thread does from now on is inside worker `index` of an executor, and
 * the default executor is a serial one. */
int pl_executor_become_worker(int index);

/* Around a wait of the calling thread that may block, if it is a worker. */
void pl_executor_wait_enter(void);
void pl_executor_wait_leave(void);

/* Checks text such as "threads:4,places=l3" and fills `options`, whose texts point into `storage`, which the caller
 * frees. */
int pl_specification_parse(const char *specification, parallel_executor_options *options, char **storage);

/* The kind of that name, or NULL. */
const struct pl_executor_kind *pl_executor_kind_of_name(const char *name);

/* "serial, threads, ..." */
const char *pl_executor_kind_names(void);

#endif
