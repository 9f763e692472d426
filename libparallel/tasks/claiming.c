/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Claims on the units of a loop, each one compare-and-swap on one word. Protocol: docs/protocols/claiming.md.
 *
 * Every operation is relaxed: a claim publishes no data. What bodies read was published by the start of the
 * parallel region, what they write is published by its end. */
#include "libparallel/tasks/claiming.h"

enum { BOUND_BITS = 28, EPOCH_SHIFT = 2 * BOUND_BITS };

/* The bounds of large chunks are multiples of 64 units, where a cache line of bytes begins, and a vector of whatever type, if the
 * array begins on one. Else vectors lie across two lines throughout the chunk: adding 1 to 10^8 bytes took 5 to 8 % longer. */
enum { ROUNDED_TO = 64, SMALLEST_ROUNDED = 16 * ROUNDED_TO };

static uint64_t pack(uint32_t epoch, uint32_t first, uint32_t last)
{
    return (uint64_t)epoch << EPOCH_SHIFT | (uint64_t)first << BOUND_BITS | last;
}

/* What a word means to this loop: its own bounds, or those of slot k's whole share. */
static struct pl_claim unpack(const struct pl_claims *claims, uint32_t k, uint64_t word)
{
    if (word >> EPOCH_SHIFT != claims->epoch)
        return (struct pl_claim){pl_claims_share(claims, k), pl_claims_share(claims, k + 1)};
    return (struct pl_claim){(uint32_t)(word >> BOUND_BITS) & PL_CLAIM_LARGEST_UNIT_COUNT,
                             (uint32_t)word & PL_CLAIM_LARGEST_UNIT_COUNT};
}

static uint32_t round_down(uint32_t bound, uint32_t count)
{
    return count >= SMALLEST_ROUNDED ? bound & ~(uint32_t)(ROUNDED_TO - 1) : bound;
}

static uint32_t end_of_chunk(struct pl_claim_size size, uint32_t first, uint32_t last)
{
    uint32_t rest = last - first, chunk = rest / 4 < size.grain ? rest / 4 : size.grain;
    chunk = chunk > size.finest ? chunk : size.finest;
    return chunk < rest ? round_down(first + chunk, chunk) : last;
}

bool pl_claims_take(const struct pl_claims *claims, uint32_t k, struct pl_claim_size size, struct pl_claim *claim)
{
    _Atomic uint64_t *word = &claims->slots[k].word;
    uint64_t old = pl_load_relaxed(word);
    for (;;) {
        struct pl_claim rest = unpack(claims, k, old);
        if (rest.first == rest.last)
            return false;
        claim->first = rest.first;
        claim->last = end_of_chunk(size, rest.first, rest.last);
        if (pl_cas_relaxed(word, &old, pack(claims->epoch, claim->last, rest.last)))
            return true;
    }
}

bool pl_claims_steal(const struct pl_claims *claims, uint32_t k, uint32_t victim, struct pl_claim_size size,
                     struct pl_claim *claim)
{
    _Atomic uint64_t *word = &claims->slots[victim].word;
    uint64_t old = pl_load_relaxed(word);
    for (;;) {
        struct pl_claim rest = unpack(claims, victim, old);
        uint32_t count = rest.last - rest.first;
        if (count == 0)
            return false;
        uint32_t middle = count <= size.finest ? rest.first : round_down(rest.first + count / 2, count / 2);
        if (!pl_cas_relaxed(word, &old, pack(claims->epoch, rest.first, middle)))
            continue;
        claim->first = middle;
        claim->last = end_of_chunk(size, middle, rest.last);
        /* A plain store: nobody swaps a word that reads as empty, and only its worker fills it. */
        pl_store_relaxed(&claims->slots[k].word, pack(claims->epoch, claim->last, rest.last));
        return true;
    }
}

void pl_claim_slots_reset(struct pl_claim_slot *slots, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        pl_store_relaxed(&slots[k].word, 0);
}
