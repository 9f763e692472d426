/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Claims on the units of a loop: each worker of the loop has a slot with the units that are its own, takes chunks from
 * its front, and, when it is empty, half of another slot from the back. Protocol, with the proof that each unit is
 * claimed once: docs/protocols/claiming.md. */
#ifndef LIBPARALLEL_TASKS_CLAIMING_H
#define LIBPARALLEL_TASKS_CLAIMING_H

#include <stdbool.h>

#include <libparallel/loop.h>

#include "libparallel/base/atomics.h"

/* Two lines a slot: the adjacent-line prefetcher would drag a neighbour's slot along. */
#define PL_CLAIM_SLOT_SIZE (2 * PL_CACHE_LINE)

/* | epoch 8 | first 28 | last 28 |: units first..last-1 are unclaimed; with an epoch that is not the loop's, the whole
 * share is. */
struct pl_claim_slot {
    _Alignas(PL_CLAIM_SLOT_SIZE) _Atomic uint64_t word;
    uint64_t home_id; /* the team's, for the slot's worker: it looks at this line anyway */
};

_Static_assert(sizeof(struct pl_claim_slot) == PL_CLAIM_SLOT_SIZE, "one slot, one pair of lines");

enum {
    PL_CLAIM_LARGEST_UNIT_COUNT = (1 << 28) - 1, /* 28 bits a bound */
    PL_CLAIM_LARGEST_EPOCH = 255,
};

/* One loop: constant while it runs. */
struct pl_claims {
    struct pl_claim_slot *slots; /* at least `worker_count` of them; borrowed from the team */
    uint32_t unit_count;
    uint32_t worker_count;
    uint32_t epoch; /* 1 to PL_CLAIM_LARGEST_EPOCH */
};

/* How many units to take at once: `grain`, but at most a quarter of what the slot has left, so that chunks shrink
 * towards the end, but no fewer than `finest`. */
struct pl_claim_size {
    uint32_t grain;
    uint32_t finest;
};

struct pl_claim {
    uint32_t first;
    uint32_t last;
};

/* The first unit of worker k's own share; that of k = worker_count is the end. A function of unit_count, worker_count
 * and k alone, so the same loop over the same range finds its pages where it left them. */
static inline uint32_t pl_claims_share(const struct pl_claims *claims, uint32_t k)
{
    if (k == 0 || k == claims->worker_count)
        return k == 0 ? 0 : claims->unit_count; /* most bounds of small teams, without the division */
    return (uint32_t)parallel_loop_share(claims->unit_count, claims->worker_count, k);
}

/* Worker k takes from the front of its own slot. False: it is empty. */
bool pl_claims_take(const struct pl_claims *claims, uint32_t k, struct pl_claim_size size, struct pl_claim *claim);

/* Worker k, whose own slot is empty, takes half of the victim's units, or all if they are no more than size.finest; runs
 * the first of them now and keeps the others in its own slot. False: the victim's slot is empty. */
bool pl_claims_steal(const struct pl_claims *claims, uint32_t k, uint32_t victim, struct pl_claim_size size,
                     struct pl_claim *claim);

/* Forgets all epochs; while no loop of the team runs. */
void pl_claim_slots_reset(struct pl_claim_slot *slots, uint32_t count);

#endif
