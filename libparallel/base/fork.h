/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How often this process is a forked child of the one that loaded the library: objects remember the count at their
 * birth, and an object with another count belongs to an ancestor, whose threads do not exist here. */
#ifndef LIBPARALLEL_BASE_FORK_H
#define LIBPARALLEL_BASE_FORK_H

#include <stdbool.h>
#include <stdint.h>

#include "libparallel/base/atomics.h"

/* Written only in a child before it has a second thread, so a relaxed read is exact. */
extern _Atomic uint32_t pl_fork_count_;

static inline uint32_t pl_fork_count(void)
{
    return pl_load_relaxed(&pl_fork_count_);
}

#endif
