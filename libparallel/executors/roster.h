/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The roster of a threads executor: its worker threads from birth to join, and the seats (places of the placement) that
 * the awake ones hold. Everything here is cold: a worker comes by when it is born, falls asleep, wakes, or blocks, all of
 * which cost a system call anyway, so one mutex guards it.
 *
 * Seats: an awake worker holds one; it gives it back before it sleeps or blocks, and takes one when it goes on,
 * preferably the same. So a spare worker that stands in for a blocked one finds the free seat, which is the blocked
 * one's core, without anybody telling it. A free seat that is wanted, since work waits for it, comes first. */
#ifndef LIBPARALLEL_EXECUTORS_ROSTER_H
#define LIBPARALLEL_EXECUTORS_ROSTER_H

#include <pthread.h>
#include <stdint.h>

#include "libparallel/base/atomics.h"
#include "libparallel/machine/placement.h"
#include "libparallel/workers/thread_worker.h"

struct pl_roster {
    pthread_mutex_t lock;
    struct pl_placement *placement;
    uint32_t *holders;                 /* [placement->count]: how many awake workers hold each seat */
    _Atomic uint32_t placement_number; /* counts placements; read by workers without the lock */
    struct pl_thread_worker **workers; /* [capacity]; the first `worker_count` exist, some of them ended */
    size_t worker_count;
    size_t capacity;
    _Atomic uint32_t live_count;       /* threads that run; a futex word for whoever waits for the last one */
    char *policy;                      /* places=..., for a resize; NULL: the setting */
    char *name;
    void (*body)(struct pl_thread_worker *worker);
    bool (*is_wanted)(void *owner, size_t seat); /* called under the lock; a hint; NULL: none ever is */
    void *owner;
    size_t next_choice; /* where the next search for a seat begins */
};

/* Places `count` workers (0: the default number); starts none. Errors: as pl_placement_create(), PARALLEL_ENOMEMORY. */
int pl_roster_open(struct pl_roster *roster, const char *policy, size_t count, const char *name,
                   void (*body)(struct pl_thread_worker *worker), void *owner);

/* Only when no worker runs: joins and frees what is left. */
void pl_roster_close(struct pl_roster *roster);

/* Starts one more worker thread. PARALLEL_EWORKER, PARALLEL_ENOMEMORY. */
int pl_roster_start_worker(struct pl_roster *roster);

/* The last thing that a worker's body does. */
void pl_roster_end_worker(struct pl_roster *roster, struct pl_thread_worker *self);

/* Waits until no worker runs; false if the deadline passed. Joins nothing. */
bool pl_roster_wait_until_empty(struct pl_roster *roster, uint64_t deadline_ns);

/* Joins the threads of all workers that have ended. Not by a worker. */
void pl_roster_join_ended(struct pl_roster *roster);

/* Places the workers anew and stores how many there are to be in *placed, in the order of several resizes; those awake
 * move at their next seat. Nothing changes on failure. */
int pl_roster_resize(struct pl_roster *roster, size_t count, _Atomic size_t *placed);

/* The places of the first `count` workers; beyond the last one it begins anew. */
void pl_roster_copy_places(struct pl_roster *roster, struct pl_place *places, size_t count);

/* A seat whose place has one of the CPUs: of several a free one, and another one each time. PL_ROSTER_ANY_SEAT: all are as
 * good, as those of workers that are not bound. PARALLEL_EPLACE: none has. */
#define PL_ROSTER_ANY_SEAT SIZE_MAX
int pl_roster_find_seat(struct pl_roster *roster, const struct pl_cpu_set *cpus, size_t *seat);

/* True if a seat that is wanted is free, at some moment of the call. */
bool pl_roster_has_wanted_seat(struct pl_roster *roster);

/* The calling worker takes a seat and is bound to its place, or gives it back. */
void pl_roster_sit_down(struct pl_roster *roster, struct pl_thread_worker *self);
void pl_roster_stand_up(struct pl_roster *roster, struct pl_thread_worker *self);

#endif
