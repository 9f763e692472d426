/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sizes of memory as users write them ("64GiB") and as messages show them, and places in it. */
#ifndef LIBPARALLEL_BASE_SIZE_H
#define LIBPARALLEL_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>

/* The first multiple of `alignment`, which is a power of 2, from `offset` on. */
static inline size_t pl_align_up(size_t offset, size_t alignment)
{
    return (offset + alignment - 1) & ~(alignment - 1);
}

/* Reads a whole number of bytes with an optional unit KiB, MiB, GiB or TiB (or K, M, G, T, which mean the same here),
 * with nothing before, between or after. False, and *bytes untouched, for anything else, for zero and for what does
 * not fit. */
bool pl_size_parse(const char *text, size_t *bytes);

#define PL_SIZE_TEXT 32

/* Writes `bytes` for a reader ("64 GiB", "4097 bytes", above 1 MiB also "1.5 GiB") to text[PL_SIZE_TEXT]; returns text. */
const char *pl_size_format(size_t bytes, char text[PL_SIZE_TEXT]);

#endif
