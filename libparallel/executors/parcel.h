/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The carriage: how the arguments of a call get into a slot, and its results out of it.
 *
 *     payload of a call:   | arguments | result | what pointers point to ... |
 *     payload of a map:    | room for a failure | pointers to columns | columns ... | results | what pointers ... |
 *
 * A pointer into shared memory goes as it is, and nothing is copied. What any other one points to is copied if the
 * parameter says how much it is (PARALLEL_IN and so on), else it is refused. What does not fit into the slot goes into a
 * block of shared memory.
 *
 * The payload begins with the failure if the call has failed by itself. */
#ifndef LIBPARALLEL_EXECUTORS_CARRIAGE_H
#define LIBPARALLEL_EXECUTORS_CARRIAGE_H

#include "libparallel/executors/slot.h"
#include "libparallel/executors/task.h"

/* Whether a call can be carried. PARALLEL_EARGUMENT: argument k cannot. */
int pl_parcel_check(const struct pl_away_call *call);

/* Fills a free slot. 0; PARALLEL_EARGUMENT: argument k cannot be carried; PARALLEL_ENOMEMORY. */
int pl_parcel_load(const struct pl_away_call *call, struct pl_slot *slot);

/* The worker's side: the call with addresses in the payload. The result is zeroed, so that nothing old is in it. */
void pl_parcel_open(struct pl_slot *slot, struct pl_away_call *call);

/* Stores the results of a call that is done in the program; of a failed map those below the failed one. */
void pl_parcel_unload(const struct pl_away_call *call, const struct pl_slot *slot);

/* Gives back what was allocated for the payload. */
void pl_parcel_release(struct pl_slot *slot);

#endif
