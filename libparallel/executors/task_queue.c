/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The queue of an executor with workers. See the header for its shape. */
#include "libparallel/executors/task_queue.h"

enum { CLOSED = 1 };

void pl_task_queue_open(struct pl_task_queue *queue)
{
    atomic_init(&queue->incoming, 0);
    atomic_init(&queue->ready, NULL);
    atomic_init(&queue->lock.word, 0);
}

/* Turns a chain round and returns its new first task. */
static struct pl_task *reverse(struct pl_task *first)
{
    struct pl_task *reversed = NULL;
    while (first != NULL) {
        struct pl_task *next = first->next;
        first->next = reversed;
        reversed = first;
        first = next;
    }
    return reversed;
}

bool pl_task_queue_push(struct pl_task_queue *queue, struct pl_task *first, struct pl_task *last)
{
    last->next = NULL;
    reverse(first); /* now last leads and first ends the chain: newest first, as the stack wants it */
    uintptr_t head = pl_load_relaxed(&queue->incoming); /* relaxed: the swap below decides */
    do {
        if (head & CLOSED) {
            first->next = NULL; /* not what a lost swap had left there */
            reverse(last);      /* as the caller gave them */
            return false;
        }
        first->next = (struct pl_task *)head;
        /* Publishes the tasks to the exchange in refill(); seq_cst for the publisher's step of parking. */
    } while (!pl_cas_seq_cst(&queue->incoming, &head, (uintptr_t)last));
    return true;
}

/* Under the lock: moves what has come in to the empty ready list. */
static struct pl_task *refill(struct pl_task_queue *queue)
{
    /* Relaxed: only whether the exchange is worth it; a task pushed later is seen by its publisher's wake. */
    uintptr_t newest = pl_load_relaxed(&queue->incoming) & ~(uintptr_t)CLOSED;
    if (newest == 0)
        return NULL;
    pl_task_fetch_to_write((const struct pl_task *)newest);
    /* Acquire: pairs with the release half of the push. Keeps the closed bit. */
    uintptr_t head = atomic_fetch_and_explicit(&queue->incoming, (uintptr_t)CLOSED, memory_order_seq_cst);
    return reverse((struct pl_task *)(head & ~(uintptr_t)CLOSED));
}

struct pl_task *pl_task_queue_pop(struct pl_task_queue *queue)
{
    if (pl_task_queue_is_empty(queue))
        return NULL;
    pl_lock_acquire(&queue->lock);
    struct pl_task *task = pl_load_relaxed(&queue->ready); /* relaxed: written under this lock */
    if (task == NULL)
        task = refill(queue);
    if (task != NULL)
        pl_store_seq_cst(&queue->ready, task->next); /* partner: pl_task_queue_is_empty() of a worker about to sleep */
    pl_lock_release(&queue->lock);
    if (task != NULL)
        task->next = NULL;
    return task;
}
