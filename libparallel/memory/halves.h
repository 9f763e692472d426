/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A futex word is 32 bits; a state of 64 bits that changes in one step is slept on by one of its halves. Only the kernel
 * reads the half by itself. */
#ifndef LIBPARALLEL_MEMORY_HALVES_H
#define LIBPARALLEL_MEMORY_HALVES_H

#include "libparallel/base/atomics.h"

static inline _Atomic uint32_t *pl_low_half(_Atomic uint64_t *word)
{
    return (_Atomic uint32_t *)(void *)word + (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 1);
}

static inline _Atomic uint32_t *pl_high_half(_Atomic uint64_t *word)
{
    return (_Atomic uint32_t *)(void *)word + (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1 : 0);
}

#endif
