/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Small blocks: sixteen sizes from 64 bytes to 16 KiB, each with a region of its own in the space. A region is an array
 * of slabs, a slab is 64 blocks, and one 64-bit word a slab says which of them are taken. Taking a block and freeing it
 * is one atomic operation on that word, so a process can be stopped or killed anywhere: at most the block that it was
 * about to hand out is lost. docs/protocols/shared_space.md.
 *
 * Memory is committed as slabs are first used, and stays until pl_small_blocks_trim(). */
#ifndef LIBPARALLEL_MEMORY_SMALL_BLOCKS_H
#define LIBPARALLEL_MEMORY_SMALL_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

#include "libparallel/base/atomics.h"

struct pl_space;

enum {
    PL_SMALL_CLASSES = 16,
    PL_SMALL_SLAB_BLOCKS = 64,
    /* Two cache lines or one: what different workers write never shares a line. */
    PL_SMALL_SMALLEST = 64,
    PL_SMALL_LARGEST = 16384,
    /* A region is this part of the space: a quarter for all of them, the rest for large blocks. */
    PL_SMALL_SHARE = 64,
};

struct pl_small_head {
    _Alignas(PL_CACHE_LINE) _Atomic uint32_t opened_count; /* slabs that were ever given memory; grows only */
};

/* One process's view of one size. */
struct pl_small_class {
    struct pl_small_head *head;
    _Atomic uint64_t *taken;     /* a word a slab, a bit a block */
    _Atomic uint64_t *is_bare;   /* a bit a slab: its memory was given back, and whoever takes a block gets it anew */
    size_t block_bytes;
    size_t slab_bytes;
    uint32_t slab_count;
    size_t taken_offset; /* these three: in the segment */
    size_t is_bare_offset;
    size_t first_offset;
};

struct pl_small_blocks {
    struct pl_small_class classes[PL_SMALL_CLASSES];
    size_t first_offset; /* of the regions of all classes */
    size_t end_offset;
};

/* Places the tables for a segment of `size_bytes` behind `offset`; returns the offset behind them. */
size_t pl_small_blocks_place_tables(struct pl_small_blocks *small, char *base, size_t size_bytes, size_t offset);

/* Places the regions; returns the offset behind them. */
size_t pl_small_blocks_place_regions(struct pl_small_blocks *small, size_t offset);

/* A zeroed block of at least `size_bytes`, from 1 to PL_SMALL_LARGEST. PARALLEL_ENOMEMORY: no memory, or the regions of
 * this size and of all above are full; *is_full tells which: then a large block may do. */
int pl_small_blocks_alloc(struct pl_space *space, size_t size_bytes, void **block, bool *is_full);

/* Frees the block that begins at this offset of the segment. PARALLEL_EINVALID: none does (any more). */
int pl_small_blocks_free(struct pl_space *space, size_t offset);

/* Gives the memory of slabs without a taken block back to the system; returns how many bytes. */
size_t pl_small_blocks_trim(struct pl_space *space);

#endif
