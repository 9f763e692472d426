/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An event is set or not, and threads wait until it is: those of a process, or with `.shared = true` of all processes
 * that share memory. */
#ifndef LIBPARALLEL_EVENT_H
#define LIBPARALLEL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <libparallel/compiler.h>
#include <libparallel/deadline.h>

PARALLEL_BEGIN_C

typedef struct parallel_event parallel_event;

typedef struct parallel_event_options {
    bool set;    /* at the beginning */
    bool shared; /* false: for the threads of this process; true: in shared memory, for all processes */
} parallel_event_options;

/* Makes an event; NULL options mean the defaults: not set, private. 0; PARALLEL_EINVALID: no place for the result;
 * PARALLEL_ENOMEMORY, or as parallel_shared_alloc(). Any thread; whoever has the event destroys it, once. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_event_create(const parallel_event_options *options,
                                                           parallel_event **event);

/* Sets the event and wakes all who wait. What the caller wrote before, they can read. Setting it again does nothing.
 * Any thread, any process if shared; so the other calls. */
PARALLEL_API void parallel_event_set(parallel_event *event);

/* Unsets it: who waits from now on waits for the next set. Who waited at the last set is not held back. */
PARALLEL_API void parallel_event_clear(parallel_event *event);

/* Whether it is set at some moment of the call. What its setter wrote before, the caller can read then. */
PARALLEL_API bool parallel_event_is_set(parallel_event *event);

/* Waits until the event is set, or was set during the wait, even if it has been cleared since. 0; PARALLEL_ETIMEDOUT: not
 * until the deadline. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_event_wait(parallel_event *event, uint64_t deadline_ns);

/* Frees an event that nobody waits for; whoever has seen it set may do so at once. NULL does nothing. */
PARALLEL_API void parallel_event_destroy(parallel_event *event);

PARALLEL_END_C

#endif
