/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Time: absolute nanoseconds of CLOCK_MONOTONIC, and deadlines made of them. */
#ifndef LIBPARALLEL_BASE_CLOCK_H
#define LIBPARALLEL_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <libparallel/deadline.h>

uint64_t pl_clock_now_ns(void);

/* True if the deadline lies in the past; never true of PARALLEL_NEVER; reads no clock for 0 and PARALLEL_NEVER. */
bool pl_deadline_passed(uint64_t deadline_ns);

struct timespec pl_timespec_of_ns(uint64_t ns);

#endif
