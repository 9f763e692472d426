/* SPDX-License-Identifier: BSD-3-Clause
 *
 * As in forked_process.c, each function stands under the heading that says in which process it runs, and so what it may
 * do: the keeper only libc's fork() while the thread stands still, and else system calls and stores; the thread libc. */
#include "libparallel/workers/forked_children.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/workers/forked_process.h"

/* For libc's fork() and the atfork handlers, as in forked_process.c; below it lies a page that nobody may touch. */
enum { STACK_SIZE = 128 * 1024, GUARD_SIZE = 4096 };

/* ---- In a child ---- */

/* Not inlined: a jump must not stand in the function that it leads to. */
PL_UNINSTRUMENTED static _Noreturn void start_child(struct pl_forked_children *children, pid_t parent)
{
    pl_forked_process_begin_child(&children->mask, parent);
    PL_FORKED_START_THERE(children->start);
}

/* ---- In the keeper ---- */

#if PL_HAS_SIDE_CLONE

PL_UNINSTRUMENTED static void reap(struct pl_forked_child *child)
{
    while (child->unreaped > 0) {
        long ended = pl_side_call(SYS_wait4, child->unreaped, (long)&child->end.status, 0, (long)&child->end.usage, 0);
        if (ended == -EINTR)
            continue;
        child->end.is_status_known = ended == child->unreaped;
        child->unreaped = 0;
    }
}

PL_UNINSTRUMENTED static void fill_place(struct pl_forked_children *children, uint32_t place,
                                         const struct pl_side_action *sigchld)
{
    struct pl_forked_child *child = &children->children[place];
    reap(child);
    child->end.is_status_known = false;
    child->end.status = 0;
    child->pidfd = -1;
    child->fork_errno = 0;
    children->current = place;
    pid_t keeper = (pid_t)pl_side_call(SYS_getpid, 0, 0, 0, 0, 0);
    pid_t pid = fork();
    if (pid == 0) {
        pl_side_set_action(SIGCHLD, sigchld, NULL);
        start_child(children, keeper);
    }
    if (pid < 0) {
        child->fork_errno = errno;
        return;
    }
    child->end.pid = pid;
    child->unreaped = pid;
    long pidfd = pl_side_call(SYS_pidfd_open, pid, 0, 0, 0, 0);
    if (pidfd < 0) { /* nobody could watch it: it is not wanted */
        child->fork_errno = (int)-pidfd;
        pl_side_call(SYS_kill, pid, SIGKILL, 0, 0, 0);
        return;
    }
    child->pidfd = (int)pidfd;
}

PL_UNINSTRUMENTED static void keep(void *argument)
{
    struct pl_forked_children *children = argument;
    pl_side_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (pl_side_call(SYS_getppid, 0, 0, 0, 0, 0) != children->program)
        pl_side_call(SYS_exit_group, 1, 0, 0, 0, 0);
    struct pl_side_action standard = {0}, former;
    pl_side_set_action(SIGCHLD, &standard, &former);
    for (uint32_t served = 0;;) {
        while (children->order == served)
            pl_side_call(SYS_futex, (long)&children->order, FUTEX_WAIT_PRIVATE, (long)served, 0, 0);
        served = children->order;
        if (children->first == children->last)
            break;
        for (uint32_t place = children->first; place < children->last; place++)
            fill_place(children, place, &former);
        children->done = served; /* x86-64 keeps the order of stores */
        pl_side_call(SYS_futex, (long)&children->done, FUTEX_WAKE_PRIVATE, 1, 0, 0);
    }
    for (uint32_t place = 0; place < children->count; place++)
        reap(&children->children[place]);
    pl_side_call(SYS_exit_group, 0, 0, 0, 0, 0);
}

/* ---- In the thread ---- */

/* The thread's identity is the keeper's until the order is done: no libc, nothing instrumented. */
PL_UNINSTRUMENTED static void stand_still(struct pl_forked_children *children, uint64_t patience_ns)
{
    uint64_t waited_ns = 0;
    while (children->done != children->order) {
        struct timespec look = {.tv_sec = 1}; /* should somebody kill the keeper, or stop it */
        long woken = pl_side_call(SYS_futex, (long)&children->done, FUTEX_WAIT_PRIVATE, (long)(children->order - 1),
                                  (long)&look, 0);
        if (children->done == children->order || woken != -ETIMEDOUT)
            continue;
        struct pollfd poll = {.fd = children->keeper_pidfd, .events = POLLIN};
        struct timespec at_once = {0};
        if (pl_side_call(SYS_ppoll, (long)&poll, 1, (long)&at_once, 0, 0) == 1) {
            children->is_keeper_gone = true;
            return;
        }
        waited_ns += 1000000000;
        if (patience_ns != 0 && waited_ns > patience_ns)
            pl_side_call(SYS_pidfd_send_signal, children->keeper_pidfd, SIGKILL, 0, 0, 0);
    }
}

PL_UNINSTRUMENTED static void give_order(struct pl_forked_children *children, uint32_t first, uint32_t last)
{
    children->first = first;
    children->last = last;
    children->order++;
    pl_side_call(SYS_futex, (long)&children->order, FUTEX_WAKE_PRIVATE, 1, 0, 0);
}

/* The keeper is never in a handler of the program's: it is born with all signals blocked. */
static int start_keeper(struct pl_forked_children *children)
{
    char *stack = mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED)
        return errno;
    children->stack = stack;
    (void)mprotect(stack, GUARD_SIZE, PROT_NONE);
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    long keeper = pl_side_clone(CLONE_VM | CLONE_FILES | CLONE_PIDFD, stack + GUARD_SIZE + STACK_SIZE,
                                &children->keeper_pidfd, keep, children);
    pthread_sigmask(SIG_SETMASK, &children->mask, NULL);
    if (keeper == -ENOSYS || keeper == -EINVAL || keeper == -EPERM)
        return 0; /* no such clone here: the thread forks itself */
    if (keeper < 0)
        return (int)-keeper;
    children->keeper = keeper;
    return 0;
}

#else

static int start_keeper(struct pl_forked_children *children)
{
    (void)children;
    return 0;
}

PL_UNINSTRUMENTED static void give_order(struct pl_forked_children *children, uint32_t first, uint32_t last)
{
    (void)children, (void)first, (void)last;
}

PL_UNINSTRUMENTED static void stand_still(struct pl_forked_children *children, uint64_t patience_ns)
{
    (void)children, (void)patience_ns;
}

#endif

static void send_kill(int pidfd)
{
    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0); /* it may have ended: then there is nobody to kill */
}

/* Without a keeper. */
PL_UNINSTRUMENTED static void fork_plainly(struct pl_forked_children *children, uint32_t place)
{
    struct pl_forked_child *child = &children->children[place];
    if (child->unreaped > 0)
        (void)waitpid(child->unreaped, NULL, 0);
    child->unreaped = 0;
    child->end.is_status_known = false;
    child->pidfd = -1;
    child->fork_errno = 0;
    children->current = place;
    pid_t pid = fork();
    if (pid == 0)
        start_child(children, children->program);
    if (pid < 0) {
        child->fork_errno = errno;
        return;
    }
    child->end.pid = pid;
    child->unreaped = pid;
    child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (child->pidfd < 0) {
        child->fork_errno = errno; /* or somebody has reaped it already */
        kill(pid, SIGKILL);
    }
}

static void block_signals(void)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
}

/* After an order: who is to be watched. */
static void count_in(struct pl_forked_children *children, uint32_t first, uint32_t last)
{
    for (uint32_t place = first; place < last; place++) {
        struct pl_forked_child *child = &children->children[place];
        if (children->is_keeper_gone && child->pidfd < 0 && child->fork_errno == 0)
            child->fork_errno = ECHILD;
        if (child->pidfd < 0)
            continue;
        children->polls[place] = (struct pollfd){.fd = child->pidfd, .events = POLLIN};
        children->living++;
    }
    pthread_sigmask(SIG_SETMASK, &children->mask, NULL);
}

/* No handler of the program runs in the thread while somebody else has its identity. */
PL_UNINSTRUMENTED void pl_forked_children_fork(struct pl_forked_children *children, uint32_t first, uint32_t last,
                                               uint64_t patience_ns)
{
    block_signals();
    if (children->keeper == 0) {
        for (uint32_t place = first; place < last; place++)
            fork_plainly(children, place);
    } else if (!children->is_keeper_gone) {
        give_order(children, first, last);
        stand_still(children, patience_ns);
    }
    count_in(children, first, last);
}

int pl_forked_children_create(uint32_t count, struct pl_forked_children **out)
{
    struct pl_forked_children *children = calloc(1, sizeof *children);
    if (children != NULL) {
        children->children = calloc(count, sizeof *children->children);
        children->polls = calloc((size_t)count + 1, sizeof *children->polls);
    }
    if (children == NULL || children->children == NULL || children->polls == NULL) {
        pl_forked_children_destroy(children);
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for %u processes", count);
    }
    children->count = count;
    children->program = getpid();
    children->keeper_pidfd = -1;
    pthread_sigmask(SIG_SETMASK, NULL, &children->mask);
    for (uint32_t place = 0; place <= count; place++)
        children->polls[place].fd = -1;
    for (uint32_t place = 0; place < count; place++)
        children->children[place].pidfd = -1;
    int error = start_keeper(children);
    if (error != 0) {
        pl_forked_children_destroy(children);
        return pl_error_set(PARALLEL_EWORKER, error, "no process to be had that could fork others");
    }
    if (children->keeper != 0)
        children->polls[count] = (struct pollfd){.fd = children->keeper_pidfd, .events = POLLIN};
    *out = children;
    return 0;
}

void pl_forked_children_wait(struct pl_forked_children *children, uint64_t deadline_ns)
{
    struct timespec left = {0};
    uint64_t now_ns = deadline_ns != PARALLEL_NEVER ? pl_clock_now_ns() : 0;
    if (now_ns < deadline_ns)
        left = pl_timespec_of_ns(deadline_ns - now_ns);
    int ready = ppoll(children->polls, (nfds_t)children->count + 1, deadline_ns != PARALLEL_NEVER ? &left : NULL, NULL);
    if (ready <= 0)
        return;
    if (children->polls[children->count].revents != 0) {
        children->is_keeper_gone = true; /* the kernel ends its children now */
        children->polls[children->count].fd = -1;
    }
    for (uint32_t place = 0; place < children->count; place++) {
        struct pl_forked_child *child = &children->children[place];
        if (children->polls[place].fd < 0 || children->polls[place].revents == 0)
            continue;
        close(child->pidfd);
        child->pidfd = -1;
        child->has_ended = true;
        children->polls[place].fd = -1;
        children->living--;
    }
}

void pl_forked_children_kill(struct pl_forked_children *children, uint32_t place)
{
    if (children->children[place].pidfd >= 0)
        send_kill(children->children[place].pidfd);
}

static void reap_plainly(struct pl_forked_children *children)
{
    for (uint32_t place = 0; place < children->count; place++) {
        struct pl_forked_child *child = &children->children[place];
        pid_t ended;
        if (child->unreaped <= 0)
            continue;
        do
            ended = wait4(child->unreaped, &child->end.status, 0, &child->end.usage);
        while (ended < 0 && errno == EINTR);
        child->end.is_status_known = ended == child->unreaped;
        child->unreaped = 0;
    }
}

void pl_forked_children_end(struct pl_forked_children *children, uint64_t patience_ns)
{
    if (children->keeper == 0) {
        reap_plainly(children);
        return;
    }
    if (!children->is_keeper_gone)
        give_order(children, 0, 0);
    struct pollfd poll_keeper = {.fd = children->keeper_pidfd, .events = POLLIN};
    uint64_t deadline_ns = patience_ns != 0 ? pl_clock_now_ns() + patience_ns : PARALLEL_NEVER;
    for (;;) {
        struct timespec left = {0};
        uint64_t now_ns = deadline_ns != PARALLEL_NEVER ? pl_clock_now_ns() : 0;
        if (now_ns < deadline_ns)
            left = pl_timespec_of_ns(deadline_ns - now_ns);
        int ready = ppoll(&poll_keeper, 1, deadline_ns != PARALLEL_NEVER ? &left : NULL, NULL);
        if (ready > 0)
            break;
        if (ready == 0) {
            send_kill(children->keeper_pidfd);
            deadline_ns = PARALLEL_NEVER;
        }
    }
    while (waitpid((pid_t)children->keeper, NULL, __WALL) < 0 && errno == EINTR)
        continue;
    close(children->keeper_pidfd);
}

void pl_forked_children_destroy(struct pl_forked_children *children)
{
    if (children == NULL)
        return;
    if (children->stack != NULL)
        munmap(children->stack, GUARD_SIZE + STACK_SIZE);
    free(children->children);
    free(children->polls);
    free(children);
}
