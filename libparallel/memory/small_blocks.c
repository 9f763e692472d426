/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Finding a slab with a free block is what costs, so each thread remembers, a size, the slab that it took its last
 * block from, and where it left off looking for others. A look visits at most LOOK slabs and then opens new ones: if one
 * slab in LOOK has a free block, looks succeed, so the regions grow by a few percent more than is in use, and no
 * allocation takes long. A thread that loses a swap moves on to another line of words, which keeps threads apart. */
#include "libparallel/memory/small_blocks.h"

#include <string.h>
#include <unistd.h>

#include "libparallel/base/error.h"
#include "libparallel/base/size.h"
#include "libparallel/memory/space.h"

enum {
    LOOK = 64,
    WORDS_A_LINE = PL_CACHE_LINE / sizeof(uint64_t),
    /* New slabs are opened at least this many bytes at a time: one system call for 16 pages. */
    OPEN_BYTES = 65536,
};

static const uint16_t block_sizes[PL_SMALL_CLASSES] = {64,   128,  192,  256,  384,  512,  768,   1024,
                                                       1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384};

_Static_assert(PL_SMALL_SLAB_BLOCKS == 64, "a slab's blocks are the bits of a word");

/* This thread's advice to itself; a forked child inherits its parent's, and is driven away by the first lost swap. */
static _Thread_local struct {
    uint32_t slab;  /* took the last block from here */
    uint32_t sweep; /* looks for others from here on */
} advice[PL_SMALL_CLASSES];

size_t pl_small_blocks_place_tables(struct pl_small_blocks *small, char *base, size_t size_bytes, size_t offset)
{
    size_t heads = offset;
    offset += pl_align_up(PL_SMALL_CLASSES * sizeof(struct pl_small_head), PL_SEGMENT_ALIGNMENT);
    for (int i = 0; i < PL_SMALL_CLASSES; i++) {
        struct pl_small_class *class = &small->classes[i];
        class->head = (struct pl_small_head *)(void *)(base + heads) + i;
        class->block_bytes = block_sizes[i];
        class->slab_bytes = class->block_bytes * PL_SMALL_SLAB_BLOCKS;
        class->slab_count = (uint32_t)(size_bytes / PL_SMALL_SHARE / class->slab_bytes);
        class->taken_offset = offset;
        class->taken = (_Atomic uint64_t *)(void *)(base + offset);
        offset += pl_align_up(class->slab_count * sizeof(uint64_t), PL_SEGMENT_ALIGNMENT);
        class->is_bare_offset = offset;
        class->is_bare = (_Atomic uint64_t *)(void *)(base + offset);
        offset += pl_align_up((class->slab_count + 63) / 64 * sizeof(uint64_t), PL_SEGMENT_ALIGNMENT);
    }
    return offset;
}

size_t pl_small_blocks_place_regions(struct pl_small_blocks *small, size_t offset)
{
    small->first_offset = offset;
    for (int i = 0; i < PL_SMALL_CLASSES; i++) {
        small->classes[i].first_offset = offset;
        offset += pl_align_up(small->classes[i].slab_count * small->classes[i].slab_bytes, PL_SEGMENT_ALIGNMENT);
    }
    small->end_offset = offset;
    return offset;
}

static size_t slab_offset(const struct pl_small_class *class, uint32_t slab)
{
    return class->first_offset + slab * class->slab_bytes;
}

static uint64_t bare_bit(uint32_t slab)
{
    return UINT64_C(1) << (slab % 64);
}

/* Gives the next slabs memory, and their words. Several processes may do so at the same time: the same bytes are
 * committed twice then, which changes nothing. */
static int open_slabs(struct pl_space *space, const struct pl_small_class *class, uint32_t opened)
{
    uint32_t step = (uint32_t)(OPEN_BYTES / class->slab_bytes);
    uint32_t wanted = opened + (step > 0 ? step : 1);
    if (wanted > class->slab_count)
        wanted = class->slab_count;
    int code = pl_segment_commit(&space->segment, class->taken_offset + opened * sizeof(uint64_t),
                                 (wanted - opened) * sizeof(uint64_t));
    if (code == 0)
        code = pl_segment_commit(&space->segment, class->is_bare_offset + opened / 64 * sizeof(uint64_t),
                                 ((wanted + 63) / 64 - opened / 64) * sizeof(uint64_t));
    if (code == 0)
        code = pl_segment_commit(&space->segment, slab_offset(class, opened), (wanted - opened) * class->slab_bytes);
    if (code == 0)
        /* Release: pairs with the acquire in take_block() and pl_small_blocks_free(): the slabs below have memory. */
        (void)pl_cas_release(&class->head->opened_count, &opened, wanted);
    return code;
}

/* Takes a free block of this slab; false if there is none, or if another thread was in the way (*is_contended). */
static bool take_from(const struct pl_small_class *class, uint32_t slab, unsigned *block, bool *is_contended)
{
    uint64_t taken = pl_load_relaxed(&class->taken[slab]); /* a glance; the swap decides */
    if (taken == UINT64_MAX)
        return false;
    *block = (unsigned)__builtin_ctzll(~taken);
    /* Acquire: pairs with the release of whoever freed the block, or made the slab bare. */
    if (pl_cas_acquire(&class->taken[slab], &taken, taken | UINT64_C(1) << *block))
        return true;
    *is_contended = true;
    return false;
}

/* A slab from which the block was taken. Bare slabs count: their bit is looked at afterwards. */
static bool take_from_any(const struct pl_small_class *class, int index, uint32_t opened, uint32_t *slab,
                          unsigned *block)
{
    bool is_contended = false;
    *slab = advice[index].slab;
    if (*slab < opened && take_from(class, *slab, block, &is_contended))
        return true;
    if (is_contended) /* to a line where nobody is */
        advice[index].sweep = *slab + WORDS_A_LINE;
    uint32_t look = opened < LOOK ? opened : LOOK;
    for (uint32_t i = 0; i < look; i++) {
        *slab = (advice[index].sweep + i) % opened;
        if (take_from(class, *slab, block, &is_contended)) {
            advice[index].slab = advice[index].sweep = *slab;
            return true;
        }
    }
    if (look > 0)
        advice[index].sweep = (advice[index].sweep + look) % opened;
    return false;
}

/* Every slab once: when nothing new can be opened. */
static bool take_from_all(const struct pl_small_class *class, int index, uint32_t *slab, unsigned *block)
{
    for (*slab = 0; *slab < class->slab_count; (*slab)++) {
        bool is_contended;
        do {
            is_contended = false;
            if (take_from(class, *slab, block, &is_contended)) {
                advice[index].slab = advice[index].sweep = *slab;
                return true;
            }
        } while (is_contended);
    }
    return false;
}

static int take_block(struct pl_space *space, int index, uint32_t *slab, unsigned *block, bool *is_full)
{
    const struct pl_small_class *class = &space->small.classes[index];
    for (;;) {
        /* Acquire: pairs with the release in open_slabs(). */
        uint32_t opened = pl_load_acquire(&class->head->opened_count);
        if (take_from_any(class, index, opened, slab, block))
            return 0;
        if (opened < class->slab_count) {
            int code = open_slabs(space, class, opened);
            if (code != 0)
                return code;
            advice[index].slab = opened;
        } else if (take_from_all(class, index, slab, block)) {
            return 0;
        } else {
            *is_full = true;
            return PARALLEL_ENOMEMORY;
        }
    }
}

static void give_back(const struct pl_small_class *class, uint32_t slab, unsigned block)
{
    /* Release: pairs with the acquire in take_from(). */
    pl_and_release(&class->taken[slab], ~(UINT64_C(1) << block));
}

/* The block is ours, so nobody makes the slab bare now; but it may be bare since before. */
static int dress(struct pl_space *space, const struct pl_small_class *class, uint32_t slab, unsigned block)
{
    /* Acquire: pairs with the release below; the slab has memory. */
    if ((pl_load_acquire(&class->is_bare[slab / 64]) & bare_bit(slab)) == 0)
        return 0;
    int code = pl_segment_commit(&space->segment, slab_offset(class, slab), class->slab_bytes);
    if (code != 0)
        give_back(class, slab, block);
    else
        pl_and_release(&class->is_bare[slab / 64], ~bare_bit(slab)); /* pairs with the acquire above */
    return code;
}

int pl_small_blocks_alloc(struct pl_space *space, size_t size_bytes, void **result, bool *is_full)
{
    int index = 0;
    while (block_sizes[index] < size_bytes)
        index++;
    uint32_t slab = 0;
    unsigned block = 0;
    int code;
    do {
        *is_full = false;
        code = take_block(space, index, &slab, &block, is_full);
    } while (*is_full && ++index < PL_SMALL_CLASSES);
    if (code != 0)
        return code;
    const struct pl_small_class *class = &space->small.classes[index];
    code = dress(space, class, slab, block);
    if (code != 0)
        return code;
    *result = space->segment.base + slab_offset(class, slab) + block * class->block_bytes;
    memset(*result, 0, class->block_bytes);
    return 0;
}

int pl_small_blocks_free(struct pl_space *space, size_t offset)
{
    int index = 0;
    while (index < PL_SMALL_CLASSES - 1 && offset >= space->small.classes[index + 1].first_offset)
        index++;
    const struct pl_small_class *class = &space->small.classes[index];
    size_t inside = offset - class->first_offset;
    uint32_t slab = (uint32_t)(inside / class->slab_bytes);
    unsigned block = (unsigned)(inside % class->slab_bytes / class->block_bytes);
    const void *address = space->segment.base + offset;
    /* Acquire: pairs with the release in open_slabs(); words above have no memory. */
    if (inside % class->block_bytes != 0 || slab >= pl_load_acquire(&class->head->opened_count))
        return pl_error_set(PARALLEL_EINVALID, 0, "shared memory: %p is not the beginning of a block", address);
    /* Release: what was written in the block comes before its next owner's zeros; pairs with take_from(). */
    if ((pl_and_release(&class->taken[slab], ~(UINT64_C(1) << block)) & UINT64_C(1) << block) == 0)
        return pl_error_set(PARALLEL_EINVALID, 0, "shared memory: the block at %p was freed twice", address);
    return 0;
}

size_t pl_small_blocks_trim(struct pl_space *space)
{
    size_t trimmed = 0;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < PL_SMALL_CLASSES; index++) {
        const struct pl_small_class *class = &space->small.classes[index];
        if (class->slab_bytes % page != 0)
            continue; /* a page of it belongs to its neighbours too */
        /* Acquire: pairs with the release in open_slabs(). */
        uint32_t opened = pl_load_acquire(&class->head->opened_count);
        for (uint32_t slab = 0; slab < opened; slab++) {
            uint64_t none = 0;
            if ((pl_load_relaxed(&class->is_bare[slab / 64]) & bare_bit(slab)) != 0) /* a glance: nothing to gain */
                continue;
            /* Acquire: pairs with the release of the last free; the blocks are no longer written. All blocks of the
             * slab are ours from here to the store. */
            if (!pl_cas_acquire(&class->taken[slab], &none, UINT64_MAX))
                continue;
            pl_or_acq_rel(&class->is_bare[slab / 64], bare_bit(slab)); /* published by the store below */
            pl_segment_discard(&space->segment, slab_offset(class, slab), class->slab_bytes);
            pl_store_release(&class->taken[slab], 0); /* pairs with the acquire in take_from() */
            trimmed += class->slab_bytes;
        }
    }
    return trimmed;
}
