/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Several forked processes at once that go on where the program stands: the calling thread forks them, and each returns
 * from the same function as the thread will, with a copy of all memory. They are made as forked_process.h says, by a
 * keeper, here one for all of them; so libc is usable in them, wait() does not see them, and they end with the thread.
 *
 *     program                          keeper                         children
 *     PL_FORKED_CHILDREN_START
 *     fork: order, stand still ------> fork() for each -------------> go on at ..._START, which is not 0 there
 *           <------- "done" ---------- waits for the next order
 *     wait: polls the pidfds                                          _exit
 *     fork: order, stand still ------> reaps those whose places it fills, fork() ...
 *     end:  order -------------------> reaps all, ends
 *
 * A keeper stands on a stack of its own, and the children leave it at once: they are thrown back to where START was called,
 * on the stack that libc, debuggers and sanitizers know as the thread's. So between the function with START, which must not
 * have returned, and pl_forked_children_fork() there may be uninstrumented functions only: what a sanitizer notes about a
 * frame that is left by a jump stays.
 *
 * Where there is no keeper (forked_process.h) the thread forks itself, and wait() sees the children.
 *
 * docs/protocols/forked-loop.md. */
#ifndef LIBPARALLEL_WORKERS_FORKED_CHILDREN_H
#define LIBPARALLEL_WORKERS_FORKED_CHILDREN_H

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "libparallel/workers/process_end.h"
#include "libparallel/workers/side_clone.h"

struct pollfd;

/* Where a child goes on. Not libc's setjmp() where there is a keeper: sanitizers would look for the keeper's stack in the
 * thread's. */
#if PL_HAS_SIDE_CLONE
typedef void *pl_forked_start[5];
#define PL_FORKED_START_HERE(start)  __builtin_setjmp(start)
#define PL_FORKED_START_THERE(start) __builtin_longjmp(start, 1)
#else
typedef jmp_buf pl_forked_start;
#define PL_FORKED_START_HERE(start)  _setjmp(start)
#define PL_FORKED_START_THERE(start) _longjmp(start, 1)
#endif

struct pl_forked_child {
    /* Written by the keeper: `end.pid` and the next two when it has forked, the rest when it reaps. */
    struct pl_process_end end;
    int pidfd;      /* -1: it does not live any more, or never did */
    int fork_errno; /* why it was not forked; 0: it was */
    int unreaped;   /* the keeper's own: pid, or 0 */
    bool has_ended; /* set by wait, for the caller to clear */
};

struct pl_forked_children {
    pl_forked_start start;
    sigset_t mask;  /* of the children: the thread's, when this was created */
    uint32_t count; /* places for children */
    uint32_t living;
    uint32_t current; /* in a child: its place */
    struct pl_forked_child *children;
    struct pollfd *polls; /* count + 1: the last is the keeper */
    int program;          /* pid */

    /* The keeper. */
    long keeper; /* pid; 0: the thread forks itself */
    int keeper_pidfd;
    bool is_keeper_gone;
    void *stack; /* a mapping */
    volatile uint32_t order; /* futex word: counts orders */
    volatile uint32_t done;  /* futex word: the last order that was carried out */
    volatile uint32_t first; /* the order: places first to last - 1 are to be filled; */
    volatile uint32_t last;  /* equal: nothing more is */
};

/* Starts a keeper for `count` places. 0, PARALLEL_ENOMEMORY, PARALLEL_EWORKER. `out` is for the calling thread only. */
int pl_forked_children_create(uint32_t count, struct pl_forked_children **out);

/* 0; and once more in each child, with `current` set, as if it had returned there a second time: not 0. */
#define PL_FORKED_CHILDREN_START(children) PL_FORKED_START_HERE((children)->start)

/* Forks children into the places first to last - 1, which have none that lives. A child has the calling thread only,
 * ignores SIGINT, SIGQUIT and SIGHUP, on which the program decides, and must end by _exit. `patience_ns`: after so long
 * a keeper that does not answer (somebody has stopped it) is killed, and with it all children; 0: it is waited for. */
PL_UNINSTRUMENTED void pl_forked_children_fork(struct pl_forked_children *children, uint32_t first, uint32_t last,
                                               uint64_t patience_ns);

/* Waits until a child has ended, or the deadline has passed. Sets has_ended of those that have. */
void pl_forked_children_wait(struct pl_forked_children *children, uint64_t deadline_ns);

void pl_forked_children_kill(struct pl_forked_children *children, uint32_t place);

/* When none lives: has all of them reaped, so that `end` of the last child of each place is complete. */
void pl_forked_children_end(struct pl_forked_children *children, uint64_t patience_ns);

/* After pl_forked_children_end(). NULL is fine. */
void pl_forked_children_destroy(struct pl_forked_children *children);

#endif
