/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which cores of this process have workers. Two workers on one core halve each other's speed, mostly because somebody
 * opened two executors or counted PUs for cores: that is reported, once a process. */
#ifndef LIBPARALLEL_MACHINE_OCCUPANCY_H
#define LIBPARALLEL_MACHINE_OCCUPANCY_H

#include "libparallel/machine/placement.h"

/* Enters the workers of a placement, before they start; reports the first core, if any, that now has more workers than
 * it should (one, or its number of PUs under the policy pus), or the place with more workers than cores. Places that
 * span several cores are judged by themselves, not against other executors: their workers can make room. Threads that
 * share cores with a pool on purpose, such as a loop's team, are not entered. Any thread. */
void pl_occupancy_claim(const struct pl_placement *placement);

/* Takes them out again. Pairs with the claim. */
void pl_occupancy_release(const struct pl_placement *placement);

#endif
