/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A bounded queue of items of one size, for many producers and many consumers: the threads of a process, or with
 * `.shared = true` those of all processes that share memory. First in, first out.
 *
 *     parallel_queue *queue;
 *     int code = parallel_queue_create(&(parallel_queue_options){
 *         .item_bytes = sizeof(struct job), .capacity = 100, .shared = true}, &queue);
 *     ...
 *     code = parallel_queue_push(queue, &job, PARALLEL_NEVER);         in any producer
 *     parallel_queue_close(queue);                                     when there will be no more
 *     while (parallel_queue_pop(queue, PARALLEL_NEVER, &job) == 0)     in any consumer: until closed and empty
 *
 * Nobody holds a lock: a process that is stopped in the middle of a push or pop delays nobody. One that is killed there
 * takes at most the one item along that it was pushing or popping, and the place of that item is free again after a
 * tenth of a second. */
#ifndef LIBPARALLEL_QUEUE_H
#define LIBPARALLEL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libparallel/compiler.h>
#include <libparallel/deadline.h>

PARALLEL_BEGIN_C

typedef struct parallel_queue parallel_queue;

typedef struct parallel_queue_options {
    size_t item_bytes; /* of each item; at least 1 */
    size_t capacity;   /* items that it holds at most; 1 to 16777214 */
    bool shared;       /* false: for the threads of this process; true: in shared memory, for all processes */
} parallel_queue_options;

/* Makes an empty queue. 0; PARALLEL_EINVALID: an option is zero; PARALLEL_ERANGE: the capacity, or the size in all, is
 * too large; PARALLEL_ENOMEMORY, or as parallel_shared_alloc(). The options are copied. Any thread; whoever has the queue
 * destroys it, once. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_queue_create(const parallel_queue_options *options,
                                                           parallel_queue **queue);

/* Copies an item to the end, waiting until there is room. 0; PARALLEL_ETIMEDOUT: there was none until the deadline;
 * PARALLEL_ECLOSED: the queue is closed. Any thread, any process if shared. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_queue_push(parallel_queue *queue, const void *item,
                                                         uint64_t deadline_ns);

/* Moves the first item to *item, waiting until there is one. 0; PARALLEL_ETIMEDOUT: there was none until the deadline;
 * PARALLEL_ECLOSED: the queue is closed and empty: all that was pushed has been popped. Any thread, any process if
 * shared. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_queue_pop(parallel_queue *queue, uint64_t deadline_ns, void *item);

/* Lets nobody push any more; what is in the queue can still be popped. Whoever waits is woken. Once more does nothing.
 * Any thread, any process if shared. */
PARALLEL_API void parallel_queue_close(parallel_queue *queue);

/* The number of items at some moment of the call: for reports, not for decisions. Any thread, any process if shared. */
PARALLEL_API size_t parallel_queue_count(parallel_queue *queue);

/* Frees a queue that nobody uses any more, with the items in it; NULL does nothing. */
PARALLEL_API void parallel_queue_destroy(parallel_queue *queue);

PARALLEL_END_C

#endif
