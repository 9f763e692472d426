/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One counter and one flag a CPU, read far more often than written. Stepping aside is a binding to the CPUs of
 * the caller's mask that no worker needs, which moves the thread at once, followed by its old mask, which leaves it where
 * it is. */
#include "libparallel/machine/crowd.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "libparallel/base/clock.h"

/* A move costs some 20 us. If the kernel has brought the thread back so soon it has its reasons, and the thread stays. */
#define MOVE_INTERVAL_NS ((uint64_t)5000000)

/* Relaxed throughout: hints about where threads happen to run, which publish nothing. */
static _Atomic int32_t awake_on[PL_CPU_LIMIT]; /* below 0 for a moment: a called worker is faster than its caller */
static _Atomic uint32_t is_asked[PL_CPU_LIMIT];

static _Thread_local uint64_t moved_ns __attribute__((tls_model("initial-exec")));

int pl_crowd_cpu_of(const struct pl_place *place)
{
    if (place->kind != PL_PLACE_BOUND || pl_cpu_set_count(&place->cpus) != 1)
        return PL_CROWD_NOWHERE;
    return (int)pl_cpu_set_next(&place->cpus, 0);
}

void pl_crowd_enter(int cpu)
{
    if (cpu != PL_CROWD_NOWHERE)
        pl_add_relaxed(&awake_on[cpu], 1);
}

void pl_crowd_leave(int cpu)
{
    if (cpu != PL_CROWD_NOWHERE)
        pl_sub_relaxed(&awake_on[cpu], 1);
}

int pl_crowd_cpu_here(void)
{
    int cpu = sched_getcpu();
    return cpu >= 0 && cpu < PL_CPU_LIMIT ? cpu : PL_CROWD_NOWHERE;
}

/* The CPUs of `mask` that no worker needs, except `here`; false if there are none. */
static bool find_free(const struct pl_cpu_set *mask, size_t here, struct pl_cpu_set *found)
{
    bool is_any = false;
    memset(found, 0, sizeof *found);
    for (size_t cpu = pl_cpu_set_next(mask, 0); cpu < PL_CPU_LIMIT; cpu = pl_cpu_set_next(mask, cpu + 1)) {
        if (cpu == here || pl_load_relaxed(&awake_on[cpu]) > 0)
            continue;
        pl_cpu_set_add(found, cpu);
        is_any = true;
    }
    return is_any;
}

static bool move_away(int cpu)
{
    uint64_t now = pl_clock_now_ns();
    if (moved_ns != 0 && now - moved_ns < MOVE_INTERVAL_NS)
        return false;
    struct pl_cpu_set mask, free;
    int saved_errno = errno; /* a wait does not set it */
    bool has_moved = false;
    moved_ns = now; /* of a try in vain as well: it costs two system calls */
    if (sched_getaffinity(0, sizeof mask, (cpu_set_t *)(void *)&mask) == 0 && find_free(&mask, (size_t)cpu, &free)) {
        has_moved = sched_setaffinity(0, sizeof free, (const cpu_set_t *)(const void *)&free) == 0;
        /* What the thread had a moment ago the kernel grants again. */
        if (has_moved)
            (void)sched_setaffinity(0, sizeof mask, (const cpu_set_t *)(const void *)&mask);
    }
    errno = saved_errno;
    return has_moved;
}

void pl_crowd_ask(int cpu)
{
    if (cpu != PL_CROWD_NOWHERE)
        pl_store_relaxed(&is_asked[cpu], 1);
}

bool pl_crowd_step_aside(void)
{
    int cpu = pl_crowd_cpu_here();
    if (cpu == PL_CROWD_NOWHERE || pl_load_relaxed(&awake_on[cpu]) <= 0 || move_away(cpu))
        return true;
    pl_crowd_ask(cpu);
    return false;
}

void pl_crowd_make_way(int cpu)
{
    (void)move_away(cpu);
}

bool pl_crowd_is_asked(int cpu)
{
    if (cpu == PL_CROWD_NOWHERE || pl_load_relaxed(&is_asked[cpu]) == 0)
        return false;
    pl_store_relaxed(&is_asked[cpu], 0);
    return true;
}
