/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What machine this is and how much of it is truly this process's: the counts that the library works with,
 * and the number of workers that follows from them, with the reason in words. */
#ifndef LIBPARALLEL_TOPOLOGY_H
#define LIBPARALLEL_TOPOLOGY_H

#include <stddef.h>

#include <libparallel/compiler.h>

PARALLEL_BEGIN_C

#define PARALLEL_REASON_SIZE 512

/* How many workers an executor or loop has that does not say how many it wants. */
typedef struct parallel_limit {
    size_t count; /* at least 1 */
    /* Such as "2: affinity mask 0-1; cgroup quota 4.0; 64 cores in machine". */
    char reason[PARALLEL_REASON_SIZE];
} parallel_limit;

/* The number of workers that this process should have, and why: one for each physical core of which the
 * process may use at least one PU, cut by the CPU quota of every control group above the process (v1 and v2),
 * SLURM_CPUS_PER_TASK, OMP_NUM_THREADS and PARALLEL_WORKERS. The reason names every limit that is tighter
 * than the machine, the tightest first. Computed at the first call, from the CPUs that the process was
 * started with, and the same ever after: a thread that binds itself later changes nothing.
 *
 * Any thread. 0, or PARALLEL_ETOPOLOGY if the machine cannot be read, PARALLEL_ESETTING if PARALLEL_WORKERS
 * is malformed, PARALLEL_ENOMEMORY. Files that cannot be read set no limit and are no error. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_worker_limit(parallel_limit *out);

#define PARALLEL_CPU_LIST_SIZE 256

/* The part of the machine that this process may use, in numbers. Objects are counted if the process may use
 * at least one PU (hardware thread) in them. A count is 0 where the system does not show such objects. */
typedef struct parallel_topology {
    size_t package_count;
    size_t numa_count; /* sets of PUs with a NUMA node of their own; nodes without CPUs are not counted */
    size_t l3_count;
    size_t core_count; /* PUs, where the system shows no cores */
    size_t pu_count;
    size_t core_kind_count;    /* 1, or more where cores differ in performance (P- and E-cores) */
    size_t fastest_core_count; /* cores of the fastest kind; core_count if there is one kind */
    size_t machine_core_count; /* the whole machine's, ours or not */
    size_t machine_pu_count;
    int is_this_machine; /* 0 if HWLOC_XMLFILE or HWLOC_SYNTHETIC describe another one: nothing can be bound */
    char cpus[PARALLEL_CPU_LIST_SIZE]; /* the usable PUs by the kernel's numbers: "0-3,8"; cut with "..." */
} parallel_topology;

/* Describes the machine. The first call in a process loads the topology through hwloc, which takes
 * milliseconds, and keeps it. Any thread. 0, PARALLEL_ETOPOLOGY or PARALLEL_ENOMEMORY. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_topology_describe(parallel_topology *out);

PARALLEL_END_C

#endif
