/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What one worker counts; libparallel/statistics.h says what it means. On lines of its own, which the worker alone writes: to
 * count is a load, an addition and a store in its own cache. */
#ifndef LIBPARALLEL_EXECUTORS_COUNTERS_H
#define LIBPARALLEL_EXECUTORS_COUNTERS_H

#include "libparallel/base/atomics.h"

struct pl_counters {
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t steals;
    _Atomic uint64_t failed_steals;
    _Atomic uint64_t wakes;
    _Atomic uint64_t transfers;
};

/* By the worker whose counter it is. */
static inline void pl_count(_Atomic uint64_t *counter, uint64_t more)
{
    /* Relaxed, both: a number that says nothing of other memory, and has one writer. */
    pl_store_relaxed(counter, pl_load_relaxed(counter) + more);
}

/* The work that has been looked for and stolen, with so many lines that came along. */
static inline void pl_count_steal(struct pl_counters *counters, uint64_t lines)
{
    pl_count(&counters->steals, 1);
    pl_count(&counters->transfers, lines);
}

#endif
