/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The observer list of a future. The lock bit is held for a few instructions and never while anything is called, so its
 * waiters spin, and yield if the holder has lost its processor.
 *
 * No observer is missed: an adder pushes first and sets OBSERVED on the state word second; the end opens that word and
 * looks at OBSERVED in the value it found. Both are read-modify-writes on one word, so one is first. If the adder's is
 * first, the ender notifies. If the end is first, the adder finds the word open and notifies itself. */
#include "libparallel/tasks/observer.h"

#include <sched.h>
#include <stddef.h>

#include "libparallel/tasks/future.h"

enum { LOCKED = 1, CLOSED = 2, FLAGS = 3 };

/* A hundred pauses are some 5 us: the holder is not on a processor. */
enum { TURNS_BEFORE_YIELD = 100 };

/* Returns the head as it was: without LOCKED. */
static uintptr_t lock(struct pl_observer_list *list)
{
    for (int turn = 1;; turn++) {
        uintptr_t head = pl_load_relaxed(&list->head); /* relaxed: the swap decides */
        /* Acquire: pairs with unlock(). */
        if (!(head & LOCKED) && pl_cas_acquire(&list->head, &head, head | LOCKED))
            return head;
        if (turn % TURNS_BEFORE_YIELD == 0)
            sched_yield();
        else
            pl_spin_pause();
    }
}

static void unlock(struct pl_observer_list *list, uintptr_t head)
{
    pl_store_release(&list->head, head); /* publishes the links to the next lock() */
}

bool pl_observer_add(parallel_future *future, struct pl_observer *observer)
{
    struct pl_observer_list *list = &future->observers;
    uintptr_t head = lock(list);
    if (head & CLOSED) {
        unlock(list, head);
        observer->notify(observer, future);
        return false;
    }
    observer->next = (struct pl_observer *)head;
    unlock(list, (uintptr_t)observer);
    /* Acquire: if the future has ended, pairs with the release that ended it. */
    uint32_t word = atomic_fetch_or_explicit(&future->task.state.word, PL_TASK_OBSERVED, memory_order_acq_rel);
    if ((word & PL_LATCH_OPEN) && !(word & PL_TASK_OBSERVED)) {
        pl_observer_notify_all(future);
        return false;
    }
    return true;
}

bool pl_observer_remove(parallel_future *future, struct pl_observer *observer)
{
    struct pl_observer_list *list = &future->observers;
    uintptr_t head = lock(list);
    if (head & CLOSED) {
        unlock(list, head);
        return false;
    }
    if (head == (uintptr_t)observer) {
        unlock(list, (uintptr_t)observer->next);
        return true;
    }
    struct pl_observer *newer = (struct pl_observer *)head;
    while (newer->next != observer)
        newer = newer->next;
    newer->next = observer->next;
    unlock(list, head);
    return true;
}

void pl_observer_notify_all(parallel_future *future)
{
    struct pl_observer_list *list = &future->observers;
    uintptr_t head = lock(list);
    unlock(list, CLOSED);
    struct pl_observer *newest = (struct pl_observer *)(head & ~(uintptr_t)FLAGS);
    struct pl_observer *oldest = NULL;
    while (newest != NULL) {
        struct pl_observer *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        struct pl_observer *next = oldest->next; /* before the call: it may free the observer */
        oldest->notify(oldest, future);
        oldest = next;
    }
}
