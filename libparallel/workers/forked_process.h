/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One forked process, from its birth to its end, as the affair of one thread that has nothing else to do
 * meanwhile.
 *
 *     program                        keeper                          child
 *     thread: run ----clone--------> shares the program's memory
 *                                    fork() ----------------------->  body(context), on a copy of all memory
 *             <----"forked"--------- waits for it                     _exit
 *     polls the keeper's pidfd       takes status and usage <------- ends
 *             <--------------------- ends
 *
 * Why a keeper: the child must be made by libc's fork(), or malloc and its like would be unusable in a
 * program with threads; but a child of fork() is seen by every wait() of the program, raises SIGCHLD there,
 * and loses its status if the program ignores that signal. So it is made the child of somebody else: of the
 * keeper, a process without memory, descriptors or a name of its own, whose end is announced by no signal and
 * which wait() does not see (only one with __WALL or __WCLONE does). It forks with the identity of the thread
 * that it was cloned from, which stands still until it has, and from then on does nothing but wait for the
 * child.
 *
 * Lifetime chain: program or its thread ends -> the keeper is killed -> the child is killed
 * (PR_SET_PDEATHSIG, which is tied to the forking thread; here that thread waits until its keeper has ended).
 *
 * Where no keeper is to be had (other processors than x86-64, sandboxes, valgrind, emulators) the thread
 * forks itself: then the program's wait() sees the child.
 *
 * docs/protocols/fork-call.md has the steps, and what happens if somebody dies at each. */
#ifndef LIBPARALLEL_WORKERS_FORKED_PROCESS_H
#define LIBPARALLEL_WORKERS_FORKED_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "libparallel/base/lock.h"
#include "libparallel/workers/process_end.h"

struct pl_forked_process {
    /* Set by the owner, before any run. */
    sigset_t mask; /* of the child */
    void (*watch)(void *context); /* called now and then while the child runs, in the thread; NULL: nobody is */

    struct pl_lock lock;  /* guards the next three */
    int pidfd;            /* of the child while it may live; -1 */
    bool is_kill_wanted;  /* somebody has asked, in this run */
    bool is_late;         /* its time was up */

    /* The rest belongs to one run; written by the keeper while the thread waits. */
    void (*body)(void *context);
    void *context;
    int program;                /* pid */
    volatile uint32_t is_forked; /* futex word of the thread */
    int fork_errno;
    int child_pidfd;
    struct pl_process_end end;
};

/* An all-zero `process` becomes one that is not running. */
void pl_forked_process_init(struct pl_forked_process *process, const sigset_t *mask);

/* Runs body(context) in a forked process and waits until that has ended, which is at latest when it has lived
 * for `time_limit_ns` (0: no limit) or was killed. The child has the calling thread only; it ignores SIGINT,
 * SIGQUIT and SIGHUP, on which the parent decides; it ends by _exit(0) if the body returns. 0: process->end
 * tells how it ended, process->is_late whether its time was up, process->is_kill_wanted whether somebody
 * asked. PARALLEL_EWORKER: no process could be forked; PARALLEL_ESYSTEM: the kernel lacks pidfds (before
 * Linux 5.3). */
int pl_forked_process_run(struct pl_forked_process *process, void (*body)(void *context), void *context,
                          uint64_t time_limit_ns);

/* From now on a kill belongs to the next run. By the owning thread, between runs. */
void pl_forked_process_prepare(struct pl_forked_process *process);

/* What every forked child does first, in the child: asks to be killed when `parent` ends, and leaves if that has happened
 * already; leaves SIGINT, SIGQUIT and SIGHUP to the program; takes `mask`; forgets what stdout had not yet written. */
void pl_forked_process_begin_child(const sigset_t *mask, pid_t parent);

/* Kills the child of this run, now or as soon as there is one. Any thread. */
void pl_forked_process_kill(struct pl_forked_process *process);

#endif
