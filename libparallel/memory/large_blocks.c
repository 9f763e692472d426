/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The life of a run of units:
 *
 *     FREE -- claim: one word after the other --> TAKEN by me -- memory is committed --> first word BEGINS n
 *      ^                                            |   ^                                        |
 *      +------------ give back, memory first -------+   +-- free: the first word, by one swap ---+
 *
 * In a block all words but the first stay TAKEN by whoever allocated it. Before a run is claimed, and before a block is
 * freed, the participant's record says which units are concerned, so that after a death somebody else can tell what the
 * dead one had won (the words that carry its number) from what it had only tried for. */
#include "libparallel/memory/large_blocks.h"

#include "libparallel/base/error.h"
#include "libparallel/base/size.h"
#include "libparallel/memory/space.h"

/* A unit's word: 0, or one of these two over a number. */
#define UNIT_FREE   0u
#define UNIT_TAKEN  (1u << 30) /* by the participant with this record */
#define UNIT_BEGINS (2u << 30) /* a block of so many units */
#define UNIT_KIND   (3u << 30)

/* Words get memory in steps of one PL_SEGMENT_ALIGNMENT: 16384 words, for 1 GiB of blocks. */
enum { READY_STEP = PL_SEGMENT_ALIGNMENT / sizeof(uint32_t) };

/* A claim: units [first, first + count), and whether they are being freed; 0: none. */
#define CLAIM_BITS    30
#define CLAIM_MASK    ((UINT64_C(1) << CLAIM_BITS) - 1)
#define CLAIM_FREEING (UINT64_C(1) << (2 * CLAIM_BITS))

static uint64_t claim_of(uint32_t first, uint32_t count)
{
    return (uint64_t)count << CLAIM_BITS | first;
}

static void set_claim(struct pl_space *space, uint32_t record, uint64_t claim)
{
    /* Release: pairs with the acquire in pl_large_blocks_undo(); whoever sees a claim sees the words as they were when
     * it was made. Nobody is a record without a claim. */
    if (record != PL_NOBODY)
        pl_store_release(&space->participants.records[record].claim, claim);
}

static unsigned size_class_of(uint32_t count)
{
    return 31u - (unsigned)__builtin_clz(count);
}

size_t pl_large_blocks_place_table(struct pl_large_blocks *large, char *base, size_t size_bytes, size_t offset)
{
    large->head = (struct pl_large_head *)(void *)(base + offset);
    large->table_offset = offset + PL_SEGMENT_ALIGNMENT;
    large->units = (_Atomic uint32_t *)(void *)(base + large->table_offset);
    size_t table_bytes = size_bytes / PL_LARGE_UNIT * sizeof(uint32_t);
    size_t end = large->table_offset + table_bytes;
    return (end + PL_SEGMENT_ALIGNMENT - 1) / PL_SEGMENT_ALIGNMENT * PL_SEGMENT_ALIGNMENT;
}

void pl_large_blocks_place_units(struct pl_large_blocks *large, size_t size_bytes, size_t offset)
{
    large->first_offset = offset;
    large->unit_count = (uint32_t)((size_bytes - offset) / PL_LARGE_UNIT);
}

/* Sees to it that the words below `count` have memory, for even a load would ask the kernel for some. */
static int ready(struct pl_space *space, uint32_t count)
{
    struct pl_large_blocks *large = &space->large;
    /* Acquire: pairs with the release below; the words below the count have memory. */
    uint32_t ready_count = pl_load_acquire(&large->head->ready_count);
    if (count <= ready_count)
        return 0;
    uint32_t wanted = (count + READY_STEP - 1) / READY_STEP * READY_STEP;
    int code = pl_segment_commit(&space->segment, large->table_offset + ready_count * sizeof(uint32_t),
                                 (wanted - ready_count) * sizeof(uint32_t));
    if (code != 0)
        return code;
    while (ready_count < wanted && !pl_cas_release(&large->head->ready_count, &ready_count, wanted))
        continue;
    return 0;
}

/* The first run of `count` free units in [from, to) by a glance at the words; `to` if there is none. */
static uint32_t find_run(const struct pl_large_blocks *large, uint32_t from, uint32_t to, uint32_t count)
{
    uint32_t first = from;
    for (uint32_t at = from; at < to;) {
        uint32_t word = pl_load_relaxed(&large->units[at]); /* a glance; the claim's swaps decide */
        if (word == UNIT_FREE) {
            at++;
            if (at - first == count)
                return first;
            continue;
        }
        uint32_t length = (word & UNIT_KIND) == UNIT_BEGINS ? word & ~UNIT_KIND : 1;
        at = length < to - at ? at + length : to;
        first = at;
    }
    return to;
}

/* Gives back the units that begin at `first` and carry `mine`, at most `count`: their memory first, then the units from
 * the last to the first, so that at each moment what is still to be given back begins at `first`. */
static void release_run(struct pl_space *space, uint32_t first, uint32_t count, uint32_t mine)
{
    struct pl_large_blocks *large = &space->large;
    uint32_t at = first;
    while (at < first + count && pl_load_relaxed(&large->units[at]) == mine) /* nobody else changes these */
        at++;
    if (at == first)
        return;
    pl_segment_discard(&space->segment, large->first_offset + first * PL_LARGE_UNIT, (at - first) * PL_LARGE_UNIT);
    while (at > first)
        pl_store_release(&large->units[--at], UNIT_FREE); /* pairs with the acquire in claim_run() */
    for (unsigned k = 0; k < 32; k++) {
        uint32_t hint = pl_load_relaxed(&large->head->first_free[k]); /* advice */
        if (first < hint)
            pl_store_relaxed(&large->head->first_free[k], first);
    }
}

/* Takes the run, all or nothing. False: somebody else has unit *conflict. */
static bool claim_run(struct pl_space *space, uint32_t first, uint32_t count, uint32_t mine, uint32_t *conflict)
{
    struct pl_large_blocks *large = &space->large;
    for (uint32_t at = first; at < first + count; at++) {
        uint32_t word = UNIT_FREE;
        /* Acquire: pairs with the release of whoever freed the unit; its memory is gone by then. */
        if (pl_cas_acquire(&large->units[at], &word, mine))
            continue;
        *conflict = at;
        while (at > first)
            pl_store_release(&large->units[--at], UNIT_FREE);
        return false;
    }
    return true;
}

/* Finds and claims a run in [from, to); false if there is none. */
static bool take_run_between(struct pl_space *space, uint32_t record, uint32_t from, uint32_t to, uint32_t count,
                             uint32_t *first)
{
    while (to - from >= count && (*first = find_run(&space->large, from, to, count)) < to) {
        set_claim(space, record, claim_of(*first, count));
        uint32_t conflict;
        if (claim_run(space, *first, count, UNIT_TAKEN | record, &conflict))
            return true;
        set_claim(space, record, 0);
        from = conflict + 1;
    }
    return false;
}

static int take_run(struct pl_space *space, uint32_t record, uint32_t count, uint32_t *first)
{
    struct pl_large_blocks *large = &space->large;
    unsigned k = size_class_of(count);
    uint32_t hint = pl_load_relaxed(&large->head->first_free[k]); /* advice */
    /* In steps of the words that have memory, so that a look at the rest of a big space does not cost memory. */
    for (uint32_t from = hint; from < large->unit_count;) {
        uint32_t step = from + count + READY_STEP;
        uint32_t to = step < from || step > large->unit_count ? large->unit_count : step;
        int code = ready(space, to);
        if (code != 0)
            return code;
        if (take_run_between(space, record, from, to, count, first)) {
            if (*first + count > pl_load_relaxed(&large->head->first_free[k])) /* advice */
                pl_store_relaxed(&large->head->first_free[k], *first + count);
            return 0;
        }
        from = to - from > count ? to - count + 1 : to; /* a run may lie across the step's end */
        if (to == large->unit_count)
            break;
    }
    uint32_t to = hint + count < large->unit_count ? hint + count : large->unit_count;
    int code = ready(space, to);
    if (code != 0)
        return code;
    if (take_run_between(space, record, 0, to, count, first))
        return 0;
    char size[PL_SIZE_TEXT];
    return pl_error_set(PARALLEL_ENOMEMORY, 0, "shared memory: no run of %s is left in the space",
                        pl_size_format(count * PL_LARGE_UNIT, size));
}

int pl_large_blocks_alloc(struct pl_space *space, size_t size_bytes, void **block)
{
    struct pl_large_blocks *large = &space->large;
    if (size_bytes > large->unit_count * PL_LARGE_UNIT) {
        char asked[PL_SIZE_TEXT], whole[PL_SIZE_TEXT];
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "shared memory: %s, but the space has %s",
                            pl_size_format(size_bytes, asked),
                            pl_size_format(large->unit_count * PL_LARGE_UNIT, whole));
    }
    uint32_t count = (uint32_t)((size_bytes + PL_LARGE_UNIT - 1) / PL_LARGE_UNIT);
    uint32_t record = pl_participant_record_of(pl_participant_self(space));
    uint32_t first = 0;
    int code = take_run(space, record, count, &first);
    if (code != 0) {
        /* What the dead had claimed may be what is missing. */
        pl_participants_sweep(space);
        code = take_run(space, record, count, &first);
    }
    if (code != 0)
        return code;
    size_t offset = large->first_offset + first * PL_LARGE_UNIT;
    code = pl_segment_commit(&space->segment, offset, size_bytes);
    if (code != 0) {
        release_run(space, first, count, UNIT_TAKEN | record);
    } else {
        /* Release: pairs with the acquire in pl_large_blocks_free(). The block is there; a death after this store and
         * before the caller has the address leaks it, like a death just after the caller has it. */
        pl_store_release(&large->units[first], UNIT_BEGINS | count);
        *block = space->segment.base + offset;
    }
    set_claim(space, record, 0);
    return code;
}

/* Gives all words of a block whose first word was won the record's number; then the claim is one like any other. */
static void turn_into_claim(struct pl_space *space, uint32_t record, uint32_t first, uint32_t count)
{
    for (uint32_t at = first + 1; at < first + count; at++)
        pl_store_relaxed(&space->large.units[at], UNIT_TAKEN | record); /* ours alone; the claim publishes them */
    set_claim(space, record, claim_of(first, count));
}

int pl_large_blocks_free(struct pl_space *space, size_t offset)
{
    struct pl_large_blocks *large = &space->large;
    uint32_t first = (uint32_t)((offset - large->first_offset) / PL_LARGE_UNIT);
    uint32_t word = UNIT_FREE;
    /* Acquire: pairs with the release in pl_large_blocks_alloc(). Words that were never used have no memory. */
    if ((offset - large->first_offset) % PL_LARGE_UNIT == 0 &&
        first < pl_load_acquire(&large->head->ready_count))
        word = pl_load_acquire(&large->units[first]);
    if ((word & UNIT_KIND) != UNIT_BEGINS)
        return pl_error_set(PARALLEL_EINVALID, 0, "shared memory: %p is not the beginning of a block that is in use",
                            (void *)(space->segment.base + offset));
    uint32_t count = word & ~UNIT_KIND;
    uint32_t record = pl_participant_record_of(pl_participant_self(space));
    set_claim(space, record, claim_of(first, count) | CLAIM_FREEING);
    /* Acquire and release: of two that free one block one wins; it sees the block's last words before it gives them
     * back, and its claim stands before the block is its own. */
    if (!pl_cas_acq_rel(&large->units[first], &word, UNIT_TAKEN | record)) {
        set_claim(space, record, 0);
        return pl_error_set(PARALLEL_EINVALID, 0, "shared memory: the block at %p was freed twice",
                            (void *)(space->segment.base + offset));
    }
    turn_into_claim(space, record, first, count);
    release_run(space, first, count, UNIT_TAKEN | record);
    set_claim(space, record, 0);
    return 0;
}

void pl_large_blocks_undo(struct pl_space *space, uint32_t record)
{
    /* Acquire: pairs with the release in set_claim(). */
    uint64_t claim = pl_load_acquire(&space->participants.records[record].claim);
    if (claim == 0)
        return;
    uint32_t first = (uint32_t)(claim & CLAIM_MASK);
    uint32_t count = (uint32_t)(claim >> CLAIM_BITS & CLAIM_MASK);
    /* Acquire: pairs with the swap in pl_large_blocks_free(). Units are claimed from the first to the last and given
     * back from the last to the first, so if the first is not the dead one's, none is: it had not begun, it was done,
     * or the block was there already. */
    if (pl_load_acquire(&space->large.units[first]) == (UNIT_TAKEN | record)) {
        if ((claim & CLAIM_FREEING) != 0)
            turn_into_claim(space, record, first, count);
        release_run(space, first, count, UNIT_TAKEN | record);
    }
    set_claim(space, record, 0);
}
