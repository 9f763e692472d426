/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Executors: where work runs. One interface, several kinds; a program chooses at run time.
 *
 *   serial     the caller, at submission: the meaning of the program, and the way to debug it
 *   threads    persistent threads, each pinned to its place, started on demand, asleep when idle
 *   processes  persistent worker processes, placed, started and asleep likewise: a call that crashes, leaks, exits or hangs
 *              harms itself alone
 *   fork       a new process for each call, which sees a copy of all memory as it is when the process starts; a crash,
 *              a leak, exit() or a hang of a call harms its own future only
 *
 * A specification is text, so that it can come from the command line or from PARALLEL_EXECUTOR:
 *
 *   KIND[:WORKERS][,OPTION=VALUE]...       "serial"   "threads"   "threads:4,places=l3,name=render"
 *
 *   workers=N        how many workers (default: parallel_worker_limit()); the same as :N
 *   places=POLICY    cores (default), pus, l3, numa, packages, inherit, none, or a list in hwloc's syntax
 *   name=TEXT        names of the workers, as top and gdb show them: TEXT-0, TEXT-1 ... (default: parallel)
 *   queue=N          at most N submitted calls wait for a worker (default: no limit)
 *   full=block|refuse  what a submission to a full queue does: wait (default), or fail with PARALLEL_EFULL
 *   resources=on|off counts for each call what it uses (parallel_future_resources); that takes two system calls a call
 *                    (default: off; fork counts always)
 *   idle=SECONDS     a worker idle for that long ends; a new one starts when there is work (default: it stays)
 *
 * For processes; timeout, memory and output for fork too:
 *
 *   timeout=SECONDS  a call that runs for longer fails with PARALLEL_ETIMELIMIT, and its process is killed (default: none)
 *   memory=SIZE      what the calls of a process may allocate, such as 512MiB; then malloc returns NULL (default: no limit)
 *   retries=N        a call whose worker has died is made again, at most N times; so it may have its effects more than
 *                    once (default: it fails with PARALLEL_ECRASHED)
 *   max_tasks=N      a worker makes N calls and is replaced (default: any number)
 *   output=inherit|tag|capture  where calls write, by stdout and stderr: where the program does (default); there, but line
 *                    by line, each with worker and pid before it: "[parallel-0 1200] text"; or nowhere, but the last
 *                    words of a call that fails end the message of its error
 *   start=METHOD     where the workers of processes come from: auto (default), zygote, spawn or fork, see below
 *
 * processes: the workers are copies of a small helper process, the zygote, which comes up when the first processes executor is
 * opened, by one of two methods:
 *
 *   start=zygote  it is forked from the program, which must have one thread (so before OpenMP has been used). Variables have
 *                 the values in a worker that they had in the program at that moment. start=fork is the same: workers that
 *                 die are replaced at times when the program has threads, so they are never forked from itself.
 *   start=spawn   the program's file is run a second time, with the same arguments and environment, and that run becomes the
 *                 zygote in place of main(): so constructors run, main() does not, and variables have the values that they
 *                 have before main(). It loads what the program has loaded by dlopen() before; the functions of what it
 *                 cannot load are refused. Threads that constructors start do not exist in workers, and files that are
 *                 close-on-exec are not open there. The program may have any threads. It is linked with the
 *                 shared library, or main_hook.h says what it has to do, and has no rights of its own (set user id, ...).
 *
 * start=auto is zygote if the program has one thread, else spawn; parallel_executor_describe() says which, and why. Executors
 * that are open at the same time share one zygote, so they cannot ask for different methods.
 *
 * Functions that are loaded by dlopen() after the start are unknown to the workers (PARALLEL_EUNKNOWNFUNCTION). What pointers
 * point to is carried as the parameters say (PARALLEL_IN, ...); shared memory (shared.h) is not copied. In a worker the default
 * executor is a serial one. Workers ignore SIGINT, on which the program decides, and end with the program, however it ends.
 *
 * fork: a call sees all memory of the program, through any pointer, as it was when its process started: at submission or,
 * if no worker was free, later. What it changes is lost, but for its result and what its OUT and INOUT parameters point
 * to, which is written back if it does not fail. It begins with libc usable, as after fork(), and with the one thread; it
 * may start threads, and OpenMP regions in it have teams, whatever the program has done with OpenMP before (after a
 * continuation they may get one thread). The program's wait() does not see these processes (on x86-64), they end with the
 * program, and ignore SIGINT, SIGQUIT and SIGHUP, on which the program decides. memory= is what a call may allocate beyond
 * what the program had.
 *
 * In both, continuations (parallel_future_then) run in the program itself, in a thread of the library.
 *
 * After concurrent.futures.Executor of Python; fork after lelo. */
#ifndef LIBPARALLEL_EXECUTOR_H
#define LIBPARALLEL_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libparallel/compiler.h>
#include <libparallel/deadline.h>

PARALLEL_BEGIN_C

typedef struct parallel_executor parallel_executor;

enum parallel_output {
    PARALLEL_OUTPUT_INHERIT = 0, /* worker processes write where the program does */
    PARALLEL_OUTPUT_TAG = 1,     /* line by line, each with worker and pid before it */
    PARALLEL_OUTPUT_CAPTURE = 2, /* what a call has written last ends the message of its error; the rest is dropped */
};

/* Where the workers of a processes executor come from; see above. */
enum parallel_start_method {
    PARALLEL_START_AUTO = 0,
    PARALLEL_START_ZYGOTE = 1,
    PARALLEL_START_SPAWN = 2,
    PARALLEL_START_FORK = 3,
};

/* The same choices as a struct. Start from parallel_executor_options_default(), so that new members get their default.
 * Texts are borrowed for the call only; the initializer's context for as long as the executor lives. */
typedef struct parallel_executor_options {
    const char *kind;          /* NULL: "threads" */
    size_t workers;            /* 0: parallel_worker_limit() */
    const char *places;        /* NULL: PARALLEL_PLACES, else as libparallel/placement.h says */
    const char *name;          /* NULL: "parallel" */
    size_t queue_limit;        /* 0: no limit */
    bool refuses_when_full;    /* false: a submission to a full queue waits */
    uint64_t idle_timeout_ns;  /* 0: idle workers stay */
    uint64_t timeout_ns;       /* processes, fork: a call that runs for longer fails, its process is killed; 0: no limit */
    size_t memory_bytes;       /* processes, fork: what the calls of a process may allocate; 0: no limit */
    size_t retries;            /* processes: how often a call is made anew whose worker has died; 0: never */
    size_t max_tasks;          /* processes: calls that a worker makes before another one takes its place; 0: any */
    enum parallel_output output; /* processes, fork */
    bool counts_resources;     /* of each call, for parallel_future_resources(); fork does always */
    enum parallel_start_method start; /* processes */
    /* Runs once in each worker before its first task, in that worker. A result other than 0 means that it failed: then
     * every pending and later future of the executor fails with PARALLEL_EINITIALIZER; on fork, where each call has a
     * worker of its own, the call that this one was for. */
    int (*initializer)(void *context);
    void *initializer_context;
} parallel_executor_options;

PARALLEL_API parallel_executor_options parallel_executor_options_default(void);

/* Opens an executor as `specification` says (NULL: PARALLEL_EXECUTOR, else "threads"). The caller owns *executor and
 * ends it with parallel_executor_close(). Any thread.
 * PARALLEL_ESPECIFICATION: malformed; the message names the part. PARALLEL_ERANGE: absurd number of workers.
 * PARALLEL_EPLACE: a place outside the machine. PARALLEL_ESETTING: a malformed setting in the environment.
 * PARALLEL_EINVALID: executor is NULL. PARALLEL_ENOMEMORY. Processes also: PARALLEL_EMISUSE: the program cannot start
 * workers by the method asked for; PARALLEL_EUNKNOWNFUNCTION: they do not have the initializer; PARALLEL_EARGUMENT: the
 * initializer's context is private memory; PARALLEL_EWORKER, PARALLEL_ESYSTEM: no process to be had, or the second run of the
 * program did not come to its main. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_executor_open(const char *specification,
                                                            parallel_executor **executor);

/* The same from a struct (NULL: all defaults). */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_executor_open_with(const parallel_executor_options *options,
                                                                 parallel_executor **executor);

/* Waits for all that was submitted, ends the workers, frees the executor; NULL does nothing. Its futures live on.
 * PARALLEL_EDEADLK: called from one of its own tasks, or from a callback: the shutdown is started, nobody waits, and
 * the executor is freed at the end of the program. PARALLEL_EINVALID: not an open executor. */
PARALLEL_API int parallel_executor_close(parallel_executor *executor);

enum parallel_shutdown_mode {
    PARALLEL_SHUTDOWN_FINISH = 0, /* what was submitted runs */
    PARALLEL_SHUTDOWN_CANCEL = 1, /* what no worker has started is cancelled */
};

/* Refuses new submissions from now on (they fail with PARALLEL_ESHUTDOWN), deals with the pending ones as `mode` says,
 * and waits until the last worker has ended or the deadline has passed; with PARALLEL_POLL it returns at once and the
 * work goes on. May be called again, also with another mode. Any thread.
 * PARALLEL_ETIMEDOUT: work was still running at the deadline. PARALLEL_EDEADLK: as for close. */
PARALLEL_API int parallel_executor_shutdown(parallel_executor *executor, enum parallel_shutdown_mode mode,
                                            uint64_t deadline_ns);

/* Only the first step of a shutdown: refuses new submissions. Async-signal-safe. */
PARALLEL_API void parallel_executor_request_shutdown(parallel_executor *executor);

/* Changes the number of workers while running. Surplus workers go to sleep after their task.
 * PARALLEL_ERANGE, PARALLEL_EPLACE, PARALLEL_ENOMEMORY: as for open, nothing changed. PARALLEL_EMISUSE: serial. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_executor_resize(parallel_executor *executor, size_t workers);

/* The executor of PARALLEL_EXECUTOR, opened at first use and shut down at the end of the program; never close it.
 * Inside a task of any executor it is the same one. NULL on failure: see parallel_last_error(). Any thread. */
PARALLEL_API parallel_executor *parallel_executor_default(void);

/* The executor whose task the calling thread runs; NULL outside any task. */
PARALLEL_API parallel_executor *parallel_executor_current(void);

/* The index of the worker that runs the calling task, from 0; -1 outside any worker. Spare workers, which stand in for
 * waiting ones, have indices beyond the number of workers. */
PARALLEL_API int parallel_worker_index(void);

#define PARALLEL_START_REASON_SIZE 160 /* bytes */

typedef struct parallel_executor_info {
    const char *kind;        /* static */
    size_t worker_count;     /* as opened or resized; 1 for serial */
    size_t started_count;    /* workers that live now, spare ones included; 0 for serial */
    bool is_shut_down;
    const char *start;       /* processes: "zygote" or "spawn", static; else NULL */
    char start_reason[PARALLEL_START_REASON_SIZE]; /* why that method, in words; else empty */
} parallel_executor_info;

/* A snapshot. PARALLEL_EINVALID: not an open executor, or info is NULL. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_executor_describe(parallel_executor *executor,
                                                                parallel_executor_info *info);

PARALLEL_END_C

#endif
