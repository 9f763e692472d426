/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The threads executor from the inside, as its files share it:
 *
 *     threads.c          the operations of the kind; who is called, and when
 *     threads_worker.c   what a worker does with its life
 *     room.c             how many calls may wait
 *     wishes.c           calls that are to run at a certain seat
 *     roster.c           the threads from birth to join, and their seats
 *     victims.c deque.c  spawned calls, and stealing them
 *     board.c            loops that workers take part in
 *
 * docs/protocols/threads.md has the protocol and why no task is left behind. */
#ifndef LIBPARALLEL_EXECUTORS_THREADS_H
#define LIBPARALLEL_EXECUTORS_THREADS_H

#include "libparallel/executors/board.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/room.h"
#include "libparallel/executors/roster.h"
#include "libparallel/executors/task_queue.h"
#include "libparallel/executors/victims.h"
#include "libparallel/executors/wishes.h"

#define PL_THREADS_SEARCHING ((uint64_t)1)       /* low half of the crew word */
#define PL_THREADS_AWAKE     ((uint64_t)1 << 32) /* high half */

/* Each awake one calls so many, so that all are awake after few steps. */
enum { PL_THREADS_CALLED_AT_ONCE = 2 };

/* What another kind makes of the workers: the same queue, places and shutdown, but a claimed task is given to that kind
 * instead of being run. Its other operations are those of pl_threads_kind. */
struct pl_threads_use {
    /* Completes a claimed task, in worker `self`. */
    void (*run)(struct pl_threads_use *use, struct pl_thread_worker *self, struct pl_task *task);
};

struct pl_threads {
    struct parallel_executor base;
    struct pl_task_queue queue;
    struct pl_parking_lot lot;
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t crew; /* written at every change between work, search and sleep */
    _Alignas(2 * PL_CACHE_LINE) _Atomic size_t worker_count; /* from here on: mostly read */
    _Atomic uint32_t has_spawned; /* set at the first spawn */
    struct pl_threads_use *use; /* NULL: tasks run in the workers */
    uint64_t idle_timeout_ns;
    int (*initializer)(void *context);
    void *initializer_context;
    _Atomic(parallel_error *) broken; /* set once: the initializer failed, nothing runs any more */
    struct pl_roster roster;
    struct pl_victims victims;
    struct pl_board board;
    struct pl_wishes wishes;
    _Atomic uint64_t outer_wakes; /* by threads that are no workers; beside the system call of a wake it is nothing */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t busy; /* workers inside a task, waiting ones too */
    _Atomic uint32_t is_spawn_left; /* spawned calls were left to whoever searched (spawning.md) */
    struct pl_room room;
};

/* For when there is no memory to say which worker it was. Never freed. */
extern parallel_error pl_threads_initializer_failed;

static inline uint32_t pl_threads_searching_of(uint64_t crew)
{
    return (uint32_t)crew;
}

static inline size_t pl_threads_awake_of(uint64_t crew)
{
    return (size_t)(crew >> 32);
}

/* Seq_cst: in one order with the publication before it, and with who stops to count as awake. Relaxed: a resize looks by
 * itself. */
static inline bool pl_threads_is_everybody_awake(struct pl_threads *threads)
{
    return pl_threads_awake_of(pl_load_seq_cst(&threads->crew)) >= pl_load_relaxed(&threads->worker_count);
}

/* Where a worker looks for a task: among those that wish for its seat, in the common queue, among those that wish for any
 * seat, other ones first. */
enum pl_threads_order {
    PL_THREADS_OWN_FIRST,    /* own, common */
    PL_THREADS_COMMON_FIRST, /* common, own */
    PL_THREADS_ANY_FIRST,    /* any, common */
};

/* The next task; NULL: none. `self` may be NULL with PL_THREADS_ANY_FIRST. */
struct pl_task *pl_threads_take(struct pl_threads *threads, const struct pl_thread_worker *self,
                                enum pl_threads_order order);

/* Whether a task waits, in the queue or for a seat. */
static inline bool pl_threads_have_tasks(struct pl_threads *threads)
{
    return !pl_task_queue_is_empty(&threads->queue) || pl_wishes_wait(&threads->wishes);
}

/* Sees to it that somebody looks for tasks, if there is anybody left to call, or that so many search. Any thread;
 * after publishing work. */
void pl_threads_call_workers(struct pl_threads *threads, uint32_t wanted);

static inline void pl_threads_call_worker(struct pl_threads *threads)
{
    pl_threads_call_workers(threads, 1);
}

/* The same for spawned calls that nobody has begun. If it is left to a worker that searches, he looks for them when he has
 * found something else. */
void pl_threads_call_thief(struct pl_threads *threads);

/* The last look of who has stopped to count as awake: calls somebody if there are tasks, or spawned calls that nobody has begun;
 * who spawns later finds a request, and calls. */
void pl_threads_look_last(struct pl_threads *threads);

/* The sleepers come to see that the executor closes or has finished. */
void pl_threads_wake_all(struct pl_threads *threads);

/* True if there is nothing to do and never will be: closed, and no task runs that others could help. */
bool pl_threads_has_finished(struct pl_threads *threads);

/* Nothing more is accepted. Async-signal-safe. */
void pl_threads_close_queue(struct pl_threads *threads);

/* As pl_threads_kind.open. `use` outlives the executor. */
int pl_threads_open_for(struct pl_threads_use *use, const parallel_executor_options *options,
                        struct parallel_executor **executor);

struct pl_threads_use *pl_threads_use_of(struct parallel_executor *executor);

/* The places of the first `count` workers; beyond the last one it begins anew. */
void pl_threads_copy_places(struct parallel_executor *executor, struct pl_place *places, size_t count);

/* The body of a worker thread, from its birth to its end. */
void pl_threads_work(struct pl_thread_worker *self);

#endif
