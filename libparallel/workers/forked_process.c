/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Forking, waiting and killing. Three kinds of code stand here, and each function says which it is:
 *   in the keeper       before the fork it may use libc, for the thread whose identity it has stands still; after it,
 *                       only pl_side_call() and volatile stores: the thread runs again, and errno is the thread's
 *   in the child        after libc's fork() in a program with threads
 *   in the thread       everything else */
#include "libparallel/workers/forked_process.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/workers/rseq.h"
#include "libparallel/workers/side_clone.h"

/* For the keeper: libc's fork() and the atfork handlers of the program and its libraries. A guess with room to
 * spare: libc's own part takes a few hundred bytes. (The child goes on below, with all that the thread has.) */
enum { KEEPER_STACK_SIZE = 128 * 1024 };

void pl_forked_process_init(struct pl_forked_process *process, const sigset_t *mask)
{
    memset(process, 0, sizeof *process);
    process->mask = *mask;
    process->pidfd = -1;
}

/* ---- In the child ---- */

void pl_forked_process_begin_child(const sigset_t *mask, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    pl_rseq_register();
    static const int decided_by_parent[] = {SIGINT, SIGQUIT, SIGHUP};
    for (size_t i = 0; i < sizeof decided_by_parent / sizeof decided_by_parent[0]; i++) {
        struct sigaction ignore = {.sa_handler = SIG_IGN};
        sigaction(decided_by_parent[i], &ignore, NULL);
    }
    pthread_sigmask(SIG_SETMASK, mask, NULL);
    __fpurge(stdout); /* what the program had not yet flushed is the program's to write */
}

static _Noreturn void be_child(struct pl_forked_process *process, pid_t parent)
{
    pl_forked_process_begin_child(&process->mask, parent);
    process->body(process->context);
    fflush(stdout);
    _exit(0);
}

/* ---- In the keeper ---- */

#if PL_HAS_SIDE_CLONE

/* With SIGCHLD ignored the kernel would throw the child's status away: the keeper's table of actions, which is its
 * own, gets the standard one. */
PL_UNINSTRUMENTED static void keep(void *argument)
{
    struct pl_forked_process *process = argument;
    pl_side_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (pl_side_call(SYS_getppid, 0, 0, 0, 0, 0) != process->program)
        pl_side_call(SYS_exit_group, 1, 0, 0, 0, 0);
    struct pl_side_action standard = {0}, former;
    pl_side_set_action(SIGCHLD, &standard, &former);
    pid_t keeper = (pid_t)pl_side_call(SYS_getpid, 0, 0, 0, 0, 0);
    pid_t child = fork();
    if (child == 0) {
        pl_side_set_action(SIGCHLD, &former, NULL);
        be_child(process, keeper);
    }
    if (child < 0) {
        process->fork_errno = errno;
    } else {
        long pidfd = pl_side_call(SYS_pidfd_open, child, 0, 0, 0, 0);
        if (pidfd < 0) { /* nobody could kill it: it is not wanted */
            process->fork_errno = (int)-pidfd;
            pl_side_call(SYS_kill, child, SIGKILL, 0, 0, 0);
        }
        process->child_pidfd = (int)pidfd;
    }
    process->end.pid = child;
    process->is_forked = 1; /* x86-64 keeps the order of stores */
    pl_side_call(SYS_futex, (long)&process->is_forked, FUTEX_WAKE_PRIVATE, 1, 0, 0);
    while (child > 0) {
        long ended = pl_side_call(SYS_wait4, child, (long)&process->end.status, 0, (long)&process->end.usage, 0);
        if (ended == -EINTR)
            continue;
        process->end.is_status_known = ended == child;
        break;
    }
    pl_side_call(SYS_exit_group, 0, 0, 0, 0, 0);
}

/* In the thread, which must not run instrumented code or libc's until the keeper is past its fork. */
PL_UNINSTRUMENTED static void stand_still(struct pl_forked_process *process, int keeper_pidfd)
{
    while (process->is_forked == 0) {
        struct timespec look = {.tv_sec = 1}; /* should somebody kill the keeper before it has forked */
        pl_side_call(SYS_futex, (long)&process->is_forked, FUTEX_WAIT_PRIVATE, 0, (long)&look, 0);
        struct pollfd poll = {.fd = keeper_pidfd, .events = POLLIN};
        struct timespec at_once = {0};
        if (process->is_forked == 0 && pl_side_call(SYS_ppoll, (long)&poll, 1, (long)&at_once, 0, 0) == 1)
            return;
    }
}

static void wait_for_end(struct pl_forked_process *process, int pidfd, uint64_t time_limit_ns);
static void publish_child(struct pl_forked_process *process);

/* The keeper's stack is a part of the thread's own, so that the child, too, runs on the stack that libc,
 * debuggers and sanitizers know as this thread's. Not instrumented: the keeper leaves the part as it is,
 * poisoned or not. */
PL_UNINSTRUMENTED static int run_kept(struct pl_forked_process *process, uint64_t time_limit_ns)
{
    _Alignas(64) char keeper_stack[KEEPER_STACK_SIZE];
    int keeper_pidfd = -1;
    long keeper = pl_side_clone(CLONE_VM | CLONE_FILES | CLONE_PIDFD, keeper_stack + sizeof keeper_stack,
                                &keeper_pidfd, keep, process);
    if (keeper < 0)
        return (int)-keeper;
    stand_still(process, keeper_pidfd);
    publish_child(process);
    wait_for_end(process, keeper_pidfd, time_limit_ns);
    while (waitpid((pid_t)keeper, NULL, __WALL) < 0 && errno == EINTR)
        continue;
    close(keeper_pidfd);
    return 0;
}

#else

static int run_kept(struct pl_forked_process *process, uint64_t time_limit_ns)
{
    (void)process, (void)time_limit_ns;
    return ENOSYS;
}

#endif

/* ---- In the thread ---- */

static void send_kill(int pidfd)
{
    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0); /* it may have ended: then there is nobody to kill */
}

/* From now on others can kill it; who wanted to before finds that done. */
static void publish_child(struct pl_forked_process *process)
{
    pl_lock_acquire(&process->lock);
    process->pidfd = process->child_pidfd;
    if (process->is_kill_wanted && process->pidfd >= 0)
        send_kill(process->pidfd);
    pl_lock_release(&process->lock);
}

static void withdraw_child(struct pl_forked_process *process)
{
    pl_lock_acquire(&process->lock);
    int pidfd = process->pidfd;
    process->pidfd = -1;
    pl_lock_release(&process->lock);
    if (pidfd >= 0)
        close(pidfd);
}

/* How often a watch is called. */
#define WATCH_NS UINT64_C(20000000)

/* Polls `pidfd`, and kills the child when its time is up. */
static void wait_for_end(struct pl_forked_process *process, int pidfd, uint64_t time_limit_ns)
{
    uint64_t deadline_ns = time_limit_ns > 0 ? pl_clock_now_ns() + time_limit_ns : PARALLEL_NEVER;
    struct pollfd poll = {.fd = pidfd, .events = POLLIN};
    for (;;) {
        struct timespec left = {0};
        bool is_endless = deadline_ns == PARALLEL_NEVER && process->watch == NULL;
        uint64_t now_ns = is_endless ? 0 : pl_clock_now_ns();
        if (now_ns < deadline_ns)
            left = pl_timespec_of_ns(process->watch != NULL && deadline_ns - now_ns > WATCH_NS ? WATCH_NS
                                                                                                : deadline_ns - now_ns);
        int ready = ppoll(&poll, 1, is_endless ? NULL : &left, NULL);
        if (ready > 0)
            return;
        if (process->watch != NULL)
            process->watch(process->context);
        if (ready == 0 && deadline_ns != PARALLEL_NEVER && pl_deadline_passed(deadline_ns)) {
            pl_lock_acquire(&process->lock);
            process->is_late = true;
            if (process->pidfd >= 0)
                send_kill(process->pidfd);
            pl_lock_release(&process->lock);
            deadline_ns = PARALLEL_NEVER;
        }
    }
}

/* Without a keeper. The program may take the status away; SIGCHLD, if ignored, does. */
static int run_plainly(struct pl_forked_process *process, uint64_t time_limit_ns)
{
    pid_t child = fork();
    if (child == 0)
        be_child(process, process->program);
    if (child < 0)
        return errno;
    process->end.pid = child;
    process->child_pidfd = (int)syscall(SYS_pidfd_open, child, 0);
    if (process->child_pidfd < 0) {
        process->fork_errno = errno; /* or somebody has reaped it already */
        kill(child, SIGKILL);
    } else {
        publish_child(process);
        wait_for_end(process, process->child_pidfd, time_limit_ns);
    }
    pid_t ended;
    do
        ended = wait4(child, &process->end.status, 0, &process->end.usage);
    while (ended < 0 && errno == EINTR);
    process->end.is_status_known = ended == child;
    return 0;
}

int pl_forked_process_run(struct pl_forked_process *process, void (*body)(void *context), void *context,
                          uint64_t time_limit_ns)
{
    int saved_errno = errno;
    process->body = body;
    process->context = context;
    process->program = getpid();
    process->is_forked = 0;
    process->fork_errno = 0;
    process->child_pidfd = -1;
    memset(&process->end, 0, sizeof process->end);
    int error = run_kept(process, time_limit_ns);
    if (error == ENOSYS || error == EINVAL || error == EPERM) /* no such clone here */
        error = run_plainly(process, time_limit_ns);
    if (error == 0)
        error = process->fork_errno;
    withdraw_child(process);
    errno = saved_errno;
    if (error != 0)
        return pl_error_set(PARALLEL_EWORKER, error, "no process could be forked");
    if (process->end.pid == 0)
        return pl_error_set(PARALLEL_EWORKER, 0, "somebody killed the process that was about to fork");
    return 0;
}

void pl_forked_process_prepare(struct pl_forked_process *process)
{
    pl_lock_acquire(&process->lock);
    process->is_kill_wanted = false;
    process->is_late = false;
    pl_lock_release(&process->lock);
}

void pl_forked_process_kill(struct pl_forked_process *process)
{
    pl_lock_acquire(&process->lock);
    process->is_kill_wanted = true;
    if (process->pidfd >= 0)
        send_kill(process->pidfd);
    pl_lock_release(&process->lock);
}
