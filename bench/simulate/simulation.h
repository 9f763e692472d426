/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A discrete-event simulation of the threads executor on a machine that nobody here owns.
 *
 *     fork_join.c   deques, thieves and waiters     loop.c   claims, helpers and their owner
 *            |                                        |
 *            +----------------- engine.c -------------+     events, cache lines, distances
 *
 * What is real: the library's own code decides who steals from whom and what (executors/victims.c, deque.c, deque.h), who
 * joins a loop (executors/board.c), what is claimed and in which sizes (tasks/claiming.c, pace.h), and where workers are
 * (machine/placement.c on a synthetic topology of hwloc's). It runs in one thread, one step of one worker after the other,
 * in the order of simulated time.
 * What is simulated: time. Each step costs what struct sim_latencies says, and a cache line that another worker wrote last
 * costs a transfer from there, for which others have to wait. The loops around that code, of searching and waiting workers
 * (executors/threads_worker.c, tasks/spawn.c, tasks/named_run.c), are written here as steps with the same constants.
 * What is left out: memory bandwidth, clock frequencies, the kernel's scheduling; spare workers (who waits for a stolen call
 * goes on looking at its thief, and never sleeps); more than one worker a core. */
#ifndef BENCH_SIMULATE_SIMULATION_H
#define BENCH_SIMULATE_SIMULATION_H

#include <stdbool.h>
#include <stdint.h>

/* All in nanoseconds. sim_latencies_default() says where each comes from. */
struct sim_latencies {
    uint32_t transfer_core; /* a line from another worker of the same core, by distance */
    uint32_t transfer_l3;
    uint32_t transfer_node;
    uint32_t transfer_package;
    uint32_t transfer_machine;
    uint32_t shared_read; /* how long a line is busy with one of several reads */
    uint32_t spawn;       /* a spawn and its sync, if nobody asks for work */
    uint32_t claim;       /* a claim from the own slot, with its clock */
    uint32_t turn;        /* of a search, without what it transfers */
    uint32_t eager_turn;  /* of a search soon after a loop, without a pause */
    uint32_t dispatch;    /* from the caller into the executor's code and back, for a loop */
    uint32_t wake_call;   /* what a wake costs its caller */
    uint32_t wake;        /* from the call until the worker runs */
    uint32_t barrier;     /* membarrier; all of it is charged to its caller */
    uint32_t patience;    /* turns of a search before sleep */
};

struct sim_latencies sim_latencies_default(void);

struct sim_setup {
    const char *machine; /* hwloc's synthetic description */
    uint32_t workers;    /* one a core, placed by the library's default policy */
    uint64_t seed;       /* of the work; scheduling is deterministic by itself */
    bool starts_asleep;  /* fork-join: all workers but the first; else they search */
    struct sim_latencies latencies;
};

struct sim_result {
    uint64_t elapsed_ns;
    uint64_t serial_ns;  /* the same work without any scheduling */
    uint64_t longest_ns; /* the longest chain of work: no number of workers is faster */
    uint64_t units;      /* calls or iterations that ran, each worker's counted */
    uint64_t unit_sum;   /* of their identities, so that one run twice for another shows */
    uint64_t expected_units;
    uint64_t expected_sum;
    uint64_t work_ns;    /* of all workers */
    uint64_t steals;
    uint64_t failed_steals;
    uint64_t requests;   /* to owners, to publish */
    uint64_t wakes;
    uint64_t transfers;  /* of cache lines */
};

/* ---- Work ---- */

enum sim_tree_kind { SIM_FIB, SIM_SEARCH, SIM_SORT };

struct sim_tree {
    enum sim_tree_kind kind;
    uint64_t size;    /* fib: n; search: levels; sort: elements */
    uint32_t unit_ns; /* fib: a leaf; search: a node; sort: an element of one partition, in tenths */
};

enum { SIM_MOST_CHILDREN = 8 };

struct sim_node {
    uint64_t identity;
    uint64_t size;
};

/* What one call does: work, then its children, all but the last spawned, then more work. */
struct sim_call {
    uint32_t before_ns;
    uint32_t after_ns;
    uint32_t child_count;
    struct sim_node children[SIM_MOST_CHILDREN];
};

struct sim_node sim_tree_root(const struct sim_tree *tree, uint64_t seed);
void sim_tree_expand(const struct sim_tree *tree, const struct sim_node *node, struct sim_call *call);

/* Runs the tree in this thread: fills in what is expected. */
void sim_tree_run_serially(const struct sim_tree *tree, uint64_t seed, struct sim_result *result);

enum sim_loop_kind { SIM_UNIFORM, SIM_LINEAR, SIM_POWER };

struct sim_loop {
    enum sim_loop_kind kind;
    uint32_t iterations; /* below 2^28 */
    uint32_t unit_ns;    /* mean cost */
    uint32_t runs;       /* one after the other; the first, of unknown cost, does not count unless it is the only one */
};

/* Costs[i] of each iteration; the caller frees it. NULL: no memory. */
uint32_t *sim_loop_costs(const struct sim_loop *loop, uint64_t seed);

/* ---- Runs ---- */

/* Both: 0, or -1 with a message on stderr: no memory, or a machine that cannot be described or has fewer cores. */
int sim_run_tree(const struct sim_setup *setup, const struct sim_tree *tree, struct sim_result *result);
int sim_run_loop(const struct sim_setup *setup, const struct sim_loop *loop, struct sim_result *result);

#endif
