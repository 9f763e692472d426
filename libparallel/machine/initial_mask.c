/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Linux has no affinity mask of a process, only one for each thread, and threads that are bound later must
 * not change what we take for ours. So the mask is read in a constructor: in a program that is linked with
 * the library this runs in the main thread before main(), and before an OpenMP runtime binds the initial
 * thread (both do so at the first region). The price is one system call; hwloc is not touched.
 *
 * A library loaded by dlopen runs its constructor in whatever thread calls dlopen, perhaps one that is bound
 * to a single core. So it is the main thread's mask that is read, not the caller's. That thread may be bound
 * by then too, but it is the best witness left: the masks of other threads say less about the process.
 *
 * A constructor of another library may come before ours and ask: the mask is then read at that moment. A
 * forked child keeps the mask of its parent, which is right: the child may have been forked by a bound
 * worker, and what belongs to the process did not change by that. */
#include "libparallel/machine/initial_mask.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

static struct pl_cpu_set mask;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void read_mask(void)
{
    /* The main thread's id is the process's. Zeroing in case of failure: an empty set sets no limit. */
    if (sched_getaffinity(getpid(), sizeof mask, (cpu_set_t *)(void *)&mask) != 0)
        memset(&mask, 0, sizeof mask);
}

const struct pl_cpu_set *pl_initial_mask(void)
{
    pthread_once(&once, read_mask);
    return &mask;
}

__attribute__((constructor)) static void read_mask_at_load(void)
{
    pthread_once(&once, read_mask);
}
