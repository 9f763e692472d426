/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Copies of what is a word most of the time. */
#ifndef LIBPARALLEL_BASE_COPY_H
#define LIBPARALLEL_BASE_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* memcpy(), which takes about 25 instructions to find out that the size is 8, and takes no NULL for a size of 0. */
static inline void pl_copy_small(void *to, const void *from, size_t size)
{
    if (size == sizeof(uint64_t))
        memcpy(to, from, sizeof(uint64_t));
    else if (size > 0)
        memcpy(to, from, size);
}

#endif
