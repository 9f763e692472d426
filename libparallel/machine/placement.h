/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Placement: which worker runs where. A pure function of topology, policy and count; libparallel/placement.h
 * says what the policies mean.
 *
 *   placement->count workers     0  1  2  3  4  5        numbers are contiguous within a place, so that
 *                                |  |  |  |  |  |        neighbours in a loop's index space share caches
 *   placement->places[]          [ 0  ] [ 1  ] [ 2  ]    by pl_placement_place(placement, worker) */
#ifndef LIBPARALLEL_MACHINE_PLACEMENT_H
#define LIBPARALLEL_MACHINE_PLACEMENT_H

#include <stddef.h>
#include <stdint.h>

#include <libparallel/placement.h>

#include "libparallel/base/settings.h"
#include "libparallel/machine/place.h"
#include "libparallel/machine/topology.h"

struct pl_placement {
    size_t count;       /* workers, at least 1 */
    size_t room;        /* bound workers that all places together should have: the cores, for pus the PUs */
    size_t place_count; /* at least 1; some may have no worker */
    struct pl_place *places;
    uint32_t *place_of; /* [count]: the place of each worker, not descending */
};

/* The largest number of workers that can be asked for; beyond it is PARALLEL_ERANGE. */
#define PL_WORKER_COUNT_LIMIT PL_LARGEST_COUNT

/* Places `count` workers by `policy` (NULL: the setting PARALLEL_PLACES, else the default). A count of 0 is the
 * default number of libparallel/placement.h; where the topology is not this process's, no quota and no
 * setting cuts it. Any number of workers is placed: that they must share cores is told by
 * pl_occupancy_claim(). Reports nothing. 0, PARALLEL_ESPECIFICATION (PARALLEL_ESETTING if the policy came
 * from the setting), PARALLEL_EPLACE, PARALLEL_ERANGE, PARALLEL_ETOPOLOGY, PARALLEL_ENOMEMORY. */
int pl_placement_create(const struct pl_topology *topology, const char *policy, size_t count,
                        struct pl_placement **out);
void pl_placement_destroy(struct pl_placement *placement);

static inline const struct pl_place *pl_placement_place(const struct pl_placement *placement, size_t worker)
{
    return &placement->places[placement->place_of[worker]];
}

/* All workers, nearest to worker `from` first: itself, then those of its core, its L2, its L3, and so on up
 * the tree. Equally near ones come in turn, beginning after `from`, so that thieves spread over their
 * victims. */
void pl_placement_order(const struct pl_placement *placement, size_t from, size_t order[]);

#endif
