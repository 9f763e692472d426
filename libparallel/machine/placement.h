/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Placement: which worker runs where. A pure function of topology, policy and count; libparallel/placement.h says
 * what the policies mean. A place is a plain value without pointers, so it can be copied into shared memory and used by
 * a worker process that never loads hwloc.
 *
 *   placement->count workers     0  1  2  3  4  5        worker numbers are contiguous within a place, so that
 *                                |  |  |  |  |  |        neighbours in a loop's index space share caches
 *   placement->places[]          [ 0  ] [ 1  ] [ 2  ]    by pl_placement_place(placement, worker) */
#ifndef LIBPARALLEL_MACHINE_PLACEMENT_H
#define LIBPARALLEL_MACHINE_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libparallel/placement.h>

#include "libparallel/machine/cpu_set.h"
#include "libparallel/machine/topology.h"

/* Depth of hwloc's tree between PU and machine. Real machines have up to 10 levels with groups; of a deeper tree the
 * topmost levels are left out, which only makes far places look equally far. */
#define PL_PLACE_LEVELS 16

#define PL_PLACE_NAME_SIZE 64

enum pl_place_kind {
    PL_PLACE_BOUND,     /* bound to `cpus`, read back */
    PL_PLACE_INITIAL,   /* may use every CPU that the process was started with: policy none */
    PL_PLACE_INHERITED, /* not touched: policy inherit */
};

/* One place. Indexes are logical ones of the topology, -1 if the place has PUs of several or of none. */
struct pl_place {
    enum pl_place_kind kind;
    bool is_this_machine;        /* false: made from another machine's topology, cannot be bound to */
    uint32_t core_count;         /* cores in it, at least 1: so many workers it takes before any place is overfull */
    uint32_t core_room;          /* workers that its core may have: 1, or with policy pus the number of its PUs */
    int32_t core;                /* position among the cores of the topology */
    int32_t l3;
    int32_t numa;
    int32_t package;
    int32_t ancestors[PL_PLACE_LEVELS]; /* the object of each level that holds the whole place, PU level first */
    char name[PL_PLACE_NAME_SIZE];      /* such as "core 3 (PU 6)"; numbers after PU are the kernel's */
    struct pl_cpu_set cpus;             /* meaningful if kind is PL_PLACE_BOUND */
};

struct pl_placement {
    size_t count;       /* workers, at least 1 */
    size_t place_count; /* at least 1; some may have no worker */
    struct pl_place *places;
    uint32_t *place_of; /* [count]: the place of each worker, not descending */
};

/* The largest number of workers that can be asked for; beyond it is PARALLEL_ERANGE. */
#define PL_WORKER_COUNT_LIMIT PL_LARGEST_COUNT

/* Places `count` workers by `policy` (NULL: the setting PARALLEL_PLACES, else cores). A count of 0 is the default
 * number of libparallel/placement.h; where the topology is not this process's, no quota and no setting cuts it. Any
 * number of workers is placed: that they must share cores is told by pl_occupancy_claim(). Reports nothing.
 * 0, PARALLEL_ESPECIFICATION (PARALLEL_ESETTING if the policy came from the setting), PARALLEL_EPLACE,
 * PARALLEL_ERANGE, PARALLEL_ETOPOLOGY, PARALLEL_ENOMEMORY. */
int pl_placement_create(const struct pl_topology *topology, const char *policy, size_t count,
                        struct pl_placement **out);
void pl_placement_destroy(struct pl_placement *placement);

static inline const struct pl_place *pl_placement_place(const struct pl_placement *placement, size_t worker)
{
    return &placement->places[placement->place_of[worker]];
}

/* All workers, nearest to worker `from` first: itself, then those of its core, its L2, its L3, and so on up the tree.
 * Equally near ones come in turn, beginning after `from`, so that thieves spread over their victims. */
void pl_placement_order(const struct pl_placement *placement, size_t from, size_t order[]);

#define PL_PLACE_LINE_SIZE 192

/* The line of PARALLEL_SHOW_PLACES=1, such as "worker 3: core 3 (PU 6), L3 0, NUMA node 0, package 0". */
void pl_place_format(const struct pl_place *place, size_t worker, char line[PL_PLACE_LINE_SIZE]);

#endif
