/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How loops of either kind, inline and named, cut their range into units and size their claims by the time they take.
 *
 * A chunk should take PL_PACE_CHUNK_NS. A loop whose cost is unknown begins with one unit, and each claim has at most
 * PL_PACE_GROWTH times the units of the one before, so a body that turns out to be long is held only once. Towards the end
 * of a slot claims shrink (struct pl_claim_size). */
#ifndef LIBPARALLEL_TASKS_PACE_H
#define LIBPARALLEL_TASKS_PACE_H

#include "libparallel/tasks/claiming.h"

enum {
    /* A claim costs 50 to 100 ns with its clock; at 20 us that is half a percent, and at the end of a loop
     * at most so much is waited for. */
    PL_PACE_CHUNK_NS = 20000,
    /* First chunk of a loop of known cost; half of what chunks grow to, for the cost may have changed. */
    PL_PACE_FIRST_CHUNK_NS = 10000,
    /* From 1 ns an iteration to 20 us a chunk in eight claims. */
    PL_PACE_GROWTH = 4,
    /* The smallest claims, at the end of a slot: PL_PACE_CHUNK_NS / 16 is about 1 us, above the cost of stealing. */
    PL_PACE_FINEST_SHARE = 16,
    /* A range of 2^44 iterations and more has units longer than this, and without an end in sight; they are run in pieces
     * of so many iterations, so that a loop that was stopped is left. One takes 16 us at a quarter of a ns each. */
    PL_PACE_LONGEST_PIECE = 1 << 16,
    /* What one more participant of a loop costs those who are in it already, at the least: it joins and leaves by the same
     * word as they, two transfers of a line, and is one more to look for work at. A quarter of the shortest loop that is
     * shared at all, so that two threads take part in any of these. */
    PL_PACE_MEETING_NS = 250,
    /* A loop thought short may have grown long since: it is measured again once in so many runs. */
    PL_PACE_RESAMPLED = 32,
};

/* How many of `most` threads take part in a loop that takes one of them so long: n of them save no more than another n-th of
 * it by one more, and meet one after the other; so the best n has n * n * PL_PACE_MEETING_NS = expected_ns. Beyond it more
 * threads make the loop slower. */
static inline uint32_t pl_pace_team(float expected_ns, uint32_t most)
{
    float squared = expected_ns / PL_PACE_MEETING_NS;
    if (squared >= (float)most * (float)most)
        return most;
    uint32_t low = 1, high = most; /* low * low <= squared < high * high, but for a loop too short to be shared */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if ((float)middle * (float)middle <= squared)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Whatever a slot has. */
static const struct pl_claim_size pl_pace_everything = {PL_CLAIM_LARGEST_UNIT_COUNT, PL_CLAIM_LARGEST_UNIT_COUNT};

/* A division is 20 cycles, and most loops need none. */
static inline uint64_t pl_pace_divide_up(uint64_t count, uint64_t by)
{
    return by == 1 ? count : (count - 1) / by + 1;
}

/* Cuts `count` > 0 iterations into units of `least`, or of a multiple that makes their number fit. Returns the number. */
static inline uint32_t pl_pace_cut(uint64_t count, uint64_t least, uint64_t *unit)
{
    *unit = least;
    if (count > PL_CLAIM_LARGEST_UNIT_COUNT) {
        uint64_t needed = pl_pace_divide_up(count, PL_CLAIM_LARGEST_UNIT_COUNT);
        if (needed > least)
            *unit = least * pl_pace_divide_up(needed, least);
    }
    return (uint32_t)pl_pace_divide_up(count, *unit);
}

/* The first claims have 2^shift units; 0 if the cost of a unit is not known, which is said by 0. */
static inline uint32_t pl_pace_first_shift(float unit_ns)
{
    uint32_t shift = 0;
    for (; unit_ns != 0 && unit_ns < PL_PACE_FIRST_CHUNK_NS / 2 && shift < 28; unit_ns *= 2)
        shift++;
    return shift;
}

/* The grain after a claim of so many units that took so long. */
static inline uint32_t pl_pace_next_grain(uint32_t units, uint64_t elapsed_ns)
{
    uint64_t right = (uint64_t)units * PL_PACE_CHUNK_NS / (elapsed_ns + 1);
    uint64_t most = (uint64_t)units * PL_PACE_GROWTH;
    right = right < most ? right : most;
    right = right < PL_CLAIM_LARGEST_UNIT_COUNT ? right : PL_CLAIM_LARGEST_UNIT_COUNT;
    return right > 0 ? (uint32_t)right : 1;
}

/* Where the piece ends that begins at `first` of a claim that goes to `last`; cut from a claim of units so long. */
static inline uint64_t pl_pace_piece_end(uint64_t first, uint64_t last, uint64_t unit)
{
    return unit > PL_PACE_LONGEST_PIECE && last - first > PL_PACE_LONGEST_PIECE ? first + PL_PACE_LONGEST_PIECE : last;
}

static inline struct pl_claim_size pl_pace_size(uint32_t grain)
{
    uint32_t finest = grain / PL_PACE_FINEST_SHARE;
    return (struct pl_claim_size){grain, finest > 0 ? finest : 1};
}

#endif
