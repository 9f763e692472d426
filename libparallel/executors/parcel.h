/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A parcel: how a portion gets into a slot, and its results out of it.
 *
 *     payload of one call:      | arguments | result | what pointers point to ... |
 *     payload of a map's calls: | pointers to columns and results | columns ... | results | what pointers point to ... |
 *
 * A pointer into shared memory goes as it is, and nothing is copied. What any other one points to is copied if the
 * parameter says how much it is (PARALLEL_IN and so on), else it is refused. What does not fit into the slot goes into a
 * block of shared memory. */
#ifndef LIBPARALLEL_EXECUTORS_PARCEL_H
#define LIBPARALLEL_EXECUTORS_PARCEL_H

#include "libparallel/executors/crew.h"
#include "libparallel/executors/portion.h"

/* Whether a portion can be carried. PARALLEL_EARGUMENT: an argument cannot. */
int pl_parcel_check(const struct pl_portion *portion);

/* Whether a portion is a call without pointers that fits into any slot: then nothing can be said against it, loading it
 * takes but a few instructions, and there is nothing to release. */
bool pl_parcel_is_plain(const struct pl_portion *portion);
void pl_parcel_load_plain(const struct pl_portion *portion, struct pl_slot *slot);
void pl_parcel_unload_plain(const struct pl_portion *portion, const struct pl_slot *slot);

/* Whether a plain call goes with its hint (crew.h), so that nothing need be loaded. Its result comes in the slot. */
static inline bool pl_parcel_is_small(const struct pl_portion *portion)
{
    const parallel_function *function = portion->function;
    return function->argument_size <= PL_CREW_ARGUMENT_BYTES && function->result_size <= sizeof(uint64_t) &&
           function->argument_alignment <= sizeof(uint64_t);
}
void pl_parcel_unload_small(const struct pl_portion *portion, const struct pl_slot *slot);

/* Fills a free slot, but for the function, which is another one where the workers are. Also PARALLEL_ENOMEMORY. */
int pl_parcel_load(const struct pl_portion *portion, struct pl_slot *slot);

/* The worker's side: the same portion with addresses in shared memory; its calls count from 0. */
void pl_parcel_open(struct pl_slot *slot, struct pl_portion *portion);

/* Stores the results of a portion in the program; if one of its calls has failed by itself, of those below it. */
void pl_parcel_unload(const struct pl_portion *portion, const struct pl_slot *slot);

/* Gives back what was allocated for the payload. */
void pl_parcel_release(struct pl_slot *slot);

#endif
