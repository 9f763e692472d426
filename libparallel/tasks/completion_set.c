/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A completion set: futures go in, and come out as they end. Each is a node that is an observer of its future.
 *
 *     add --> waiting (a list, so that destroy can let go) --future ends: notify--> ended, first in first out --> next
 *
 * A forked child cannot use its parent's set, whose lock another thread may have held: every call says so.
 *
 * With PARALLEL_AS_ADDED nothing is observed: the nodes stand in one line and next() waits for the first.
 *
 * The set is freed by whoever is last: destroy(), or a notification that was under way when destroy() could not take the
 * observer back. */
#include <stdlib.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/futex.h"
#include "libparallel/base/lock.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/frame.h"
#include "libparallel/tasks/future.h"
#include <libparallel/wait.h>

struct node {
    struct pl_observer observer;
    struct parallel_completion_set *set;
    parallel_future *future; /* a reference */
    size_t tag;
    struct node *next; /* in `ended` or in the line */
    struct node *newer, *older; /* in `waiting` */
};

struct parallel_completion_set {
    struct pl_lock lock; /* guards all but what is said otherwise; held for a few instructions */
    enum parallel_completion_order order;
    uint32_t fork_count;         /* at its birth */
    struct node *first, **last;  /* ended, or the line */
    struct node *waiting;        /* newest first */
    size_t count;
    size_t notifying;            /* nodes that destroy() could not take back */
    bool is_destroyed;
    struct node *handed_out;     /* what next() returned last; only next() and destroy() touch it */
    _Atomic uint32_t arrivals;   /* futex word: counts ends, so that a sleeper cannot miss one */
    _Atomic uint32_t sleepers;
};

static void free_node(struct node *node)
{
    if (node == NULL)
        return;
    parallel_future_release(node->future);
    free(node);
}

/* Under the lock. */
static void append(parallel_completion_set *set, struct node *node)
{
    node->next = NULL;
    *set->last = node;
    set->last = &node->next;
}

/* Under the lock. */
static void unlink_waiting(parallel_completion_set *set, struct node *node)
{
    if (node->newer != NULL)
        node->newer->older = node->older;
    else
        set->waiting = node->older;
    if (node->older != NULL)
        node->older->newer = node->newer;
}

static void has_ended(struct pl_observer *observer, parallel_future *future)
{
    (void)future;
    struct node *node = (struct node *)observer;
    parallel_completion_set *set = node->set;
    pl_lock_acquire(&set->lock);
    if (set->is_destroyed) {
        bool is_last = --set->notifying == 0;
        pl_lock_release(&set->lock);
        free_node(node);
        if (is_last)
            free(set);
        return;
    }
    unlink_waiting(set, node);
    append(set, node);
    /* Under the lock, so that destroy() cannot free the set before the wake: it takes the lock too. Seq_cst with the
     * sleepers' count: either the sleeper sees the new number or the waker sees the sleeper. */
    pl_add_seq_cst(&set->arrivals, 1);
    if (pl_load_seq_cst(&set->sleepers) > 0)
        pl_futex_wake(&set->arrivals, 1, PL_FUTEX_PRIVATE);
    pl_lock_release(&set->lock);
}

int parallel_completion_set_create(enum parallel_completion_order order, parallel_completion_set **set)
{
    if (set == NULL || (order != PARALLEL_AS_THEY_END && order != PARALLEL_AS_ADDED))
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_completion_set_create: %s",
                            set == NULL ? "set is NULL" : "no such order");
    parallel_completion_set *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for a completion set");
    fresh->order = order;
    fresh->fork_count = pl_fork_count();
    fresh->last = &fresh->first;
    *set = fresh;
    return 0;
}

static bool is_inherited(const parallel_completion_set *set)
{
    return set->fork_count != pl_fork_count();
}

static int refuse_inherited(void)
{
    return pl_error_set(PARALLEL_EFORKED, 0, "the completion set belongs to the parent process");
}

int parallel_completion_set_add(parallel_completion_set *set, parallel_future *future, size_t tag)
{
    if (set == NULL || future == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_completion_set_add: the %s is NULL",
                            set == NULL ? "set" : "future");
    if (is_inherited(set))
        return refuse_inherited();
    pl_future_settle(future);
    struct node *node = malloc(sizeof *node);
    if (node == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for a member of a completion set");
    node->observer.notify = has_ended;
    node->set = set;
    node->future = parallel_future_retain(future);
    node->tag = tag;
    pl_lock_acquire(&set->lock);
    set->count++;
    if (set->order == PARALLEL_AS_ADDED) {
        append(set, node);
    } else {
        node->newer = NULL;
        node->older = set->waiting;
        if (set->waiting != NULL)
            set->waiting->newer = node;
        set->waiting = node;
    }
    pl_lock_release(&set->lock);
    if (set->order == PARALLEL_AS_THEY_END)
        pl_observer_add(future, &node->observer);
    return 0;
}

/* The first of the line, if the order allows it out now. */
static struct node *take(parallel_completion_set *set)
{
    pl_lock_acquire(&set->lock);
    struct node *node = set->first;
    if (node != NULL && set->order == PARALLEL_AS_ADDED && !parallel_future_is_done(node->future))
        node = NULL;
    if (node != NULL) {
        set->first = node->next;
        if (set->first == NULL)
            set->last = &set->first;
        set->count--;
    }
    pl_lock_release(&set->lock);
    return node;
}

/* Waits until something may have come; false if the deadline passed. */
static bool sleep_until_arrival(parallel_completion_set *set, uint32_t seen, uint64_t deadline_ns)
{
    pl_executor_wait_enter();
    pl_add_seq_cst(&set->sleepers, 1); /* see has_ended() */
    enum pl_futex_result result = PL_FUTEX_CHANGED;
    if (pl_load_seq_cst(&set->arrivals) == seen)
        result = pl_futex_wait(&set->arrivals, seen, deadline_ns, PL_FUTEX_PRIVATE);
    pl_sub_relaxed(&set->sleepers, 1); /* a wake too many harms nobody */
    pl_executor_wait_leave();
    return result != PL_FUTEX_TIMED_OUT;
}

static int time_out(parallel_completion_set *set)
{
    return pl_error_set(PARALLEL_ETIMEDOUT, 0, "%zu futures of the set have not been handed out",
                        parallel_completion_set_count(set));
}

int parallel_completion_set_next(parallel_completion_set *set, uint64_t deadline_ns, parallel_future **future,
                                 size_t *tag)
{
    if (set == NULL || future == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_completion_set_next: the %s is NULL",
                            set == NULL ? "set" : "future");
    if (is_inherited(set))
        return refuse_inherited();
    free_node(set->handed_out);
    set->handed_out = NULL;
    for (;;) {
        uint32_t seen = pl_load_seq_cst(&set->arrivals); /* before the look: what comes later changes it */
        struct node *node = take(set);
        if (node != NULL) {
            set->handed_out = node;
            *future = node->future;
            if (tag != NULL)
                *tag = node->tag;
            return 0;
        }
        if (parallel_completion_set_count(set) == 0)
            return pl_error_set(PARALLEL_EEMPTY, 0, "the completion set is empty");
        if (deadline_ns == PARALLEL_POLL)
            return time_out(set);
        if (pl_callback_depth > 0)
            return pl_error_set(PARALLEL_EDEADLK, 0, "parallel_completion_set_next in a callback");
        if (set->order == PARALLEL_AS_ADDED) {
            int code = pl_future_wait(set->first->future, deadline_ns); /* only this thread takes nodes out */
            if (code == PARALLEL_ETIMEDOUT)
                return time_out(set);
            if (code != 0)
                return code;
        } else if (!sleep_until_arrival(set, seen, deadline_ns)) {
            return time_out(set);
        }
    }
}

size_t parallel_completion_set_count(parallel_completion_set *set)
{
    if (set == NULL || is_inherited(set))
        return 0;
    pl_lock_acquire(&set->lock);
    size_t count = set->count;
    pl_lock_release(&set->lock);
    return count;
}

void parallel_completion_set_destroy(parallel_completion_set *set)
{
    if (set == NULL || is_inherited(set)) /* its memory stays, as all that the parent's other threads held */
        return;
    free_node(set->handed_out);
    struct node *recovered = NULL; /* freed without the lock: a reference may be the last one */
    pl_lock_acquire(&set->lock);
    set->is_destroyed = true;
    set->notifying = 1; /* this call's own */
    while (set->waiting != NULL) {
        struct node *node = set->waiting;
        set->waiting = node->older;
        /* Takes the list's lock bit inside this lock; notifications take this one only after they let that one go. */
        if (pl_observer_remove(node->future, &node->observer)) {
            node->next = recovered;
            recovered = node;
        } else {
            set->notifying++;
        }
    }
    struct node *ended = set->first;
    pl_lock_release(&set->lock);
    while (recovered != NULL || ended != NULL) {
        struct node **list = recovered != NULL ? &recovered : &ended;
        struct node *node = *list;
        *list = node->next;
        free_node(node);
    }
    pl_lock_acquire(&set->lock);
    bool is_last = --set->notifying == 0;
    pl_lock_release(&set->lock);
    if (is_last)
        free(set);
}
