/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The stock of slabs that belong to no thread: regions of the system's memory, lists of slabs with free slots, one for each
 * size class, and a list of slabs without a class. All under one lock. See docs/protocols/slabs.md. */
#ifndef LIBPARALLEL_MEMORY_SLAB_STOCK_H
#define LIBPARALLEL_MEMORY_SLAB_STOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "libparallel/base/atomics.h"

enum {
    PL_SLAB_REGION_BYTES = 1 << 20, /* large enough that mapping one is no cost, small enough to be given back */
    PL_SLAB_BYTES = 8192,           /* 63 slots of the usual 128 bytes: one word has a bit for each, and one to spare */
    PL_SLAB_SMALLEST = 128,         /* two lines: neighbours in different threads do not disturb each other */
    PL_SLAB_STEP = 64,
    PL_SLAB_CLASS_COUNT = 7, /* 128, 192 ... 512 */
};

#define PL_SLAB_ATTACHED (UINT64_C(1) << 63)

/* A ring: the head is a link that belongs to no slab. */
struct pl_slab_link {
    struct pl_slab_link *next, *previous;
};

/* A descriptor; a line of its own, since any thread that frees writes it. All but `free` under the stock's lock. */
struct pl_slab {
    _Alignas(PL_CACHE_LINE) _Atomic uint64_t free;
    struct pl_slab_link link; /* in a list of the stock */
    uint32_t class_index;
    bool is_touched;          /* its slots may hold memory */
    uint16_t whole_count;     /* of a region's first descriptor: how many of its slabs are in the list of whole ones */
};

_Static_assert(sizeof(struct pl_slab) == PL_CACHE_LINE, "a descriptor owns exactly one cache line");

static inline struct pl_slab *pl_slab_of(const void *slot)
{
    uintptr_t region = (uintptr_t)slot & ~(uintptr_t)(PL_SLAB_REGION_BYTES - 1);
    return (struct pl_slab *)region + ((uintptr_t)slot - region) / PL_SLAB_BYTES;
}

static inline char *pl_slab_slots(const struct pl_slab *slab)
{
    uintptr_t region = (uintptr_t)slab & ~(uintptr_t)(PL_SLAB_REGION_BYTES - 1);
    return (char *)region + ((uintptr_t)slab - region) / sizeof *slab * PL_SLAB_BYTES;
}

/* One bit for each of its slots. */
uint64_t pl_slab_slots_of_class(uint32_t class_index);

/* A slab of this class with free slots, in no list; NULL: no memory. */
struct pl_slab *pl_slab_stock_take(uint32_t class_index);

/* Lists a slab that has free slots, is attached to nobody and in no list. Returns the number of slabs listed now. */
size_t pl_slab_stock_put(struct pl_slab *slab);

size_t pl_slab_stock_region_count(void); /* a snapshot */

/* As pl_slab_trim(). */
bool pl_slab_stock_trim(size_t *position);

#endif
