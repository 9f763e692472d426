/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One worker thread: its birth (signals from outside blocked, named), its place, and its death. What it does in between is the
 * executor's. */
#ifndef LIBPARALLEL_WORKERS_THREAD_WORKER_H
#define LIBPARALLEL_WORKERS_THREAD_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "libparallel/base/parking_lot.h"
#include "libparallel/machine/placement.h"

/* Linux keeps 15 bytes of a thread's name. */
enum { PL_THREAD_NAME_SIZE = 16 };

enum pl_thread_life {
    PL_THREAD_ABSENT, /* no thread */
    PL_THREAD_RUNS,
    PL_THREAD_ENDED,  /* its body is over, the thread waits to be joined */
};

struct pl_thread_worker {
    struct pl_parker parker; /* first: a parker that the lot hands out is the worker's address */
    pthread_t thread;
    size_t index; /* from 0; constant */
    void (*body)(struct pl_thread_worker *worker);
    void *owner;
    char name[PL_THREAD_NAME_SIZE];
    /* The seat it was bound to last, and of which placement; written by the worker, read by it. */
    bool is_placed;
    bool is_seated;
    size_t place;
    uint32_t placement_number;
    int cpu; /* the one of its seat, or PL_CROWD_NOWHERE (crowd.h) */
    enum pl_thread_life life; /* under the owner's lock */
};

static inline struct pl_thread_worker *pl_thread_worker_of_parker(struct pl_parker *parker)
{
    return (struct pl_thread_worker *)parker;
}

/* A worker that does not run yet. PARALLEL_ENOMEMORY. */
int pl_thread_worker_create(size_t index, const char *name, void (*body)(struct pl_thread_worker *worker), void *owner,
                            struct pl_thread_worker **worker);

/* Starts the thread: it runs `body` with all signals blocked that come from outside, so that the program's handlers for
 * them run in the program's own threads. PARALLEL_EWORKER: the system has no thread to give. */
int pl_thread_worker_start(struct pl_thread_worker *worker);

/* Waits for the end of the body. Not by the worker itself. */
void pl_thread_worker_join(struct pl_thread_worker *worker);

/* Only when no thread runs. NULL is fine. */
void pl_thread_worker_destroy(struct pl_thread_worker *worker);

/* Binds the calling worker to a place; a failure is reported in one line and the worker runs unbound, since work that
 * runs somewhere else is better than none. With PARALLEL_SHOW_PLACES=1 writes where it is. */
void pl_thread_worker_settle(struct pl_thread_worker *self, const struct pl_place *place, size_t seat);

#endif
