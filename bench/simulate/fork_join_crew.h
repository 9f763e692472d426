/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The crew of the fork-join simulator: its workers, who of them sleeps and is called, and the frames of the calls that each is
 * in, as they would be on its stack. What workers do is fork_join.c. */
#ifndef BENCH_SIMULATE_FORK_JOIN_CREW_H
#define BENCH_SIMULATE_FORK_JOIN_CREW_H

#include "bench/simulate/engine.h"
#include "libparallel/executors/deque.h"
#include "libparallel/executors/victims.h"

enum stage { BEGINS, SPAWNS, SYNCS, WAITS, ENDS };

struct child {
    struct parallel_spawn spawn; /* first: a thief finds the child by it */
    struct sim_node node;
};

struct frame {
    struct frame *caller;
    enum stage stage;
    struct sim_node node;
    struct sim_call call;
    uint32_t spawned;              /* children that have not had their sync yet */
    struct child children[SIM_MOST_CHILDREN];
    struct pl_deque *owner;        /* of a stolen call: to whom it returns, at which slot; else NULL */
    uint64_t owner_index;
    uint64_t awaited_index;        /* while it waits */
    uint32_t thief;
    uint32_t turn;
};

struct worker {
    struct simulation *simulation;
    uint32_t index;
    uint32_t turn;       /* of its search */
    uint32_t calls;      /* stolen after one another */
    bool is_asleep;
    bool is_due;         /* it has an event */
    struct pl_deque *deque;
    struct frame *frame; /* innermost; NULL: it searches or sleeps */
    struct frame *spare; /* frames for later */
};

struct simulation {
    struct sim_engine engine;
    const struct sim_tree *tree;
    struct sim_result *result;
    struct pl_victims *victims;
    struct worker *workers;
    uint32_t *sleepers; /* a stack */
    uint32_t sleeper_count;
    uint32_t searching;
    uint64_t called_ns; /* what calls of sleepers have cost the worker in this step */
    bool is_over;
    bool is_out_of_memory;
};

/* Lines: of each worker its split and its slots; then those of all. */
static inline uint32_t split_line(uint32_t worker)
{
    return 2 * worker;
}

static inline uint32_t slots_line(uint32_t worker)
{
    return 2 * worker + 1;
}

static inline uint32_t crew_line(const struct simulation *simulation)
{
    return 2 * simulation->engine.setup.workers;
}

static inline uint32_t busy_line(const struct simulation *simulation)
{
    return crew_line(simulation) + 1;
}

static inline uint32_t index_of(const struct pl_deque *deque)
{
    return deque->number - 1;
}

/* Lets the worker take its next step in so many nanoseconds. */
void sim_crew_schedule(struct simulation *simulation, struct worker *worker, uint64_t delay_ns);

/* As pl_threads_call_workers(): nobody is called while somebody searches. Returns what it costs the caller. */
uint64_t sim_crew_call_worker(struct simulation *simulation, uint32_t by);

/* Asks all deques for work. Returns what it costs. */
uint64_t sim_crew_request(struct simulation *simulation);

/* Ends a worker's search: it sleeps. */
void sim_crew_park(struct simulation *simulation, struct worker *worker);

/* A worker begins a call, in a frame on top of its others; NULL: no memory. */
struct frame *sim_crew_enter(struct worker *worker, const struct sim_node *node);

/* Its innermost call has ended. */
void sim_crew_leave(struct worker *worker);

/* False: no memory. */
bool sim_crew_open(struct simulation *simulation);

/* The first worker has the root; the others search, or sleep. */
void sim_crew_begin(struct simulation *simulation);

void sim_crew_close(struct simulation *simulation);

#endif
