/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Large blocks: runs of 64 KiB units in the upper part of the space, with memory for whole pages of what was asked. One
 * 32-bit word a unit says whether it is free, taken, or begins a block; whoever wins the word by compare-and-swap has
 * won the unit. There is no lock: a process that is stopped keeps what it has claimed and holds up nobody, and what a
 * process that died had claimed is given back by whoever finds out. docs/protocols/shared_space.md. */
#ifndef LIBPARALLEL_MEMORY_LARGE_BLOCKS_H
#define LIBPARALLEL_MEMORY_LARGE_BLOCKS_H

#include <stddef.h>

#include "libparallel/base/atomics.h"

struct pl_space;

#define PL_LARGE_UNIT ((size_t)65536)

/* Where to look first for a run of 2^k units or more: everything below was taken when somebody last looked. Advice: a
 * wrong one costs time, never a block. */
struct pl_large_head {
    _Alignas(PL_CACHE_LINE) _Atomic uint32_t first_free[32];
    _Atomic uint32_t ready_count; /* units whose words have memory; grows only */
};

/* One process's view. */
struct pl_large_blocks {
    struct pl_large_head *head;
    _Atomic uint32_t *units;
    uint32_t unit_count;
    size_t table_offset; /* of the units' words in the segment */
    size_t first_offset; /* of unit 0 in the segment */
};

/* Places the table for a segment of `size_bytes` behind `offset`; returns the offset behind it. */
size_t pl_large_blocks_place_table(struct pl_large_blocks *large, char *base, size_t size_bytes, size_t offset);

/* The blocks themselves fill the segment from `offset` on. */
void pl_large_blocks_place_units(struct pl_large_blocks *large, size_t size_bytes, size_t offset);

/* A zeroed block, aligned to a unit; PARALLEL_ENOMEMORY: no run of units that is long enough, or no memory for it. */
int pl_large_blocks_alloc(struct pl_space *space, size_t size_bytes, void **block);

/* Frees the block that begins at this offset of the segment. PARALLEL_EINVALID: none does (any more). */
int pl_large_blocks_free(struct pl_space *space, size_t offset);

/* Undoes the claim of a participant that is gone; its record's lock is held. May be interrupted and repeated. */
void pl_large_blocks_undo(struct pl_space *space, uint32_t record);

#endif
