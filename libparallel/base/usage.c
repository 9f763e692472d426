/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Counts of getrusage() and wait4(). */
#include "libparallel/base/usage.h"

#include <stdio.h>

static uint64_t ns_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_usec * UINT64_C(1000);
}

void pl_usage_of_rusage(const struct rusage *counted, struct pl_usage *usage)
{
    *usage = (struct pl_usage){.user_ns = ns_of(counted->ru_utime),
                               .system_ns = ns_of(counted->ru_stime),
                               .peak_bytes = (uint64_t)counted->ru_maxrss * 1024,
                               .minor_faults = (uint64_t)counted->ru_minflt,
                               .major_faults = (uint64_t)counted->ru_majflt};
}

static void ask(int whom, struct pl_usage *usage)
{
    struct rusage counted = {.ru_maxrss = 0};
    (void)getrusage(whom, &counted); /* it fails for a wrong argument only */
    pl_usage_of_rusage(&counted, usage);
}

void pl_usage_of_thread(struct pl_usage *usage)
{
    ask(RUSAGE_THREAD, usage);
}

void pl_usage_of_process(struct pl_usage *usage)
{
    ask(RUSAGE_SELF, usage);
}

/* The kernel's figures of user and system time are estimates, of which one may go back a little. */
static uint64_t above(uint64_t end, uint64_t begin)
{
    return end > begin ? end - begin : 0;
}

void pl_usage_since(const struct pl_usage *begin, struct pl_usage *usage)
{
    usage->user_ns = above(usage->user_ns, begin->user_ns);
    usage->system_ns = above(usage->system_ns, begin->system_ns);
    usage->minor_faults = above(usage->minor_faults, begin->minor_faults);
    usage->major_faults = above(usage->major_faults, begin->major_faults);
}

void pl_usage_tell(const struct pl_usage *usage, int worker, const char *place, parallel_resources *resources)
{
    *resources = (parallel_resources){.user_ns = usage->user_ns,
                                      .system_ns = usage->system_ns,
                                      .peak_bytes = usage->peak_bytes,
                                      .minor_faults = usage->minor_faults,
                                      .major_faults = usage->major_faults,
                                      .worker = worker};
    snprintf(resources->place, sizeof resources->place, "%s", place);
}
