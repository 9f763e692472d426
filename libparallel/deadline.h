/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Deadlines are absolute, in nanoseconds of CLOCK_MONOTONIC, so that one deadline bounds several waits in a row. */
#ifndef LIBPARALLEL_DEADLINE_H
#define LIBPARALLEL_DEADLINE_H

#include <stdint.h>

#include <libparallel/compiler.h>

PARALLEL_BEGIN_C

#define PARALLEL_POLL  ((uint64_t)0)  /* do not wait at all */
#define PARALLEL_NEVER UINT64_MAX     /* wait as long as it takes */

/* The deadline `seconds` from now: PARALLEL_POLL for zero, negative values and NaN, PARALLEL_NEVER for what lies more
 * than 292 years ahead, infinity included. Any thread. */
PARALLEL_API uint64_t parallel_deadline_in(double seconds);

PARALLEL_END_C

#endif
