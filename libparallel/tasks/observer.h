/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Those who want to be told when a future ends: callbacks, waits, sets, chains, eventfds. A list with a lock in its own
 * head, since most futures have no observer and the list must cost them 8 bytes and no time.
 *
 *     head word:  first observer (newest) | 2 closed | 1 locked
 *
 * Closing takes the whole list, once: afterwards adding and removing say no. So each observer is either removed by who
 * added it, or notified exactly once. */
#ifndef LIBPARALLEL_TASKS_OBSERVER_H
#define LIBPARALLEL_TASKS_OBSERVER_H

#include <stdbool.h>

#include <libparallel/future.h>

#include "libparallel/base/atomics.h"

/* The head of something larger, owned by whoever added it until it is notified. */
struct pl_observer {
    struct pl_observer *next; /* older; the list's, under its lock */
    /* Called once, without locks, after the future has ended; the observer belongs to the callee then. */
    void (*notify)(struct pl_observer *observer, parallel_future *future);
};

struct pl_observer_list {
    _Atomic uintptr_t head;
};

/* Registers the observer. If the future has ended already it is notified at once, in the caller, and the result is
 * false. */
bool pl_observer_add(parallel_future *future, struct pl_observer *observer);

/* Takes the observer back. False: too late, it is being notified or has been. */
bool pl_observer_remove(parallel_future *future, struct pl_observer *observer);

/* The future has ended: closes the list and notifies in the order of registration. Does nothing if it is closed. */
void pl_observer_notify_all(parallel_future *future);

#endif
