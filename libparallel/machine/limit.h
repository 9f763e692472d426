/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The worker limit and its reason: parallel_worker_limit() and what placement needs beside it. */
#ifndef LIBPARALLEL_MACHINE_LIMIT_H
#define LIBPARALLEL_MACHINE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include <libparallel/topology.h>

#include "libparallel/machine/topology.h"

struct pl_limit {
    parallel_limit text;
    size_t cap;     /* smallest of the limits that do not come from counting cores; SIZE_MAX: none */
    size_t workers; /* PARALLEL_WORKERS; SIZE_MAX if not set */
    /* A quota or Slurm gives fewer CPUs than the cores that we may use, and does not say which: the others are for
     * processes that know as little. */
    bool is_share;
};

/* What the limit is computed from. */
struct pl_limit_sources {
    const struct pl_topology *topology;
    uint64_t quota_millicores;     /* of pl_cgroup_quota(), or PL_NO_QUOTA */
    const char *slurm_cpus_per_task; /* the variables' values; NULL: not set */
    const char *omp_num_threads;
    size_t workers; /* 0: not set */
};

/* A pure function. */
void pl_limit_compute(const struct pl_limit_sources *sources, struct pl_limit *out);

/* The limit of this process, computed at the first call. Any thread. Errors as parallel_worker_limit(). */
int pl_limit_get(struct pl_limit *out);

#endif
