/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which cores of this process have workers. Two workers on one core halve each other's speed, mostly because
 * somebody opened two executors or counted PUs for cores: that is reported, once a process. */
#ifndef LIBPARALLEL_MACHINE_OCCUPANCY_H
#define LIBPARALLEL_MACHINE_OCCUPANCY_H

#include "libparallel/machine/placement.h"

/* Enters the workers of a placement, before they start. Reports, once a process, the first of: a core with
 * more workers than it should have (one, or the number of its PUs under the policy pus); a place with more
 * workers than cores; more bound workers, of all placements together, than there are cores. Workers that are
 * not bound do not count. Threads that share cores with a pool on purpose, such as a loop's team, are not
 * entered. Any thread. */
void pl_occupancy_claim(const struct pl_placement *placement);

/* Takes them out again. Pairs with the claim. */
void pl_occupancy_release(const struct pl_placement *placement);

#endif
