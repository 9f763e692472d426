/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reads CLOCK_MONOTONIC (through the vDSO, no system call) and makes deadlines of it. */
#include "libparallel/base/clock.h"

enum { NS_PER_SECOND = 1000000000 };

uint64_t pl_clock_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t parallel_deadline_in(double seconds)
{
    if (!(seconds > 0.0))
        return PARALLEL_POLL;
    double ns = seconds * 1e9;
    if (ns >= (double)INT64_MAX)
        return PARALLEL_NEVER;
    return pl_clock_now_ns() + (uint64_t)ns;
}

bool pl_deadline_passed(uint64_t deadline_ns)
{
    if (deadline_ns == PARALLEL_NEVER)
        return false;
    return deadline_ns == PARALLEL_POLL || pl_clock_now_ns() >= deadline_ns;
}

struct timespec pl_timespec_of_ns(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_SECOND), .tv_nsec = (long)(ns % NS_PER_SECOND)};
}
