/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The machine as the library sees it: what hwloc found, restricted to the PUs that are ours. Read-only once
 * made, so any number of threads may use it, and so may a forked child: it is plain memory. */
#ifndef LIBPARALLEL_MACHINE_TOPOLOGY_H
#define LIBPARALLEL_MACHINE_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>

#include <libparallel/topology.h>

#include "libparallel/machine/cpu_set.h"

struct pl_topology;

/* The topology of this process: loaded at the first call, cut to hwloc's allowed set and the initial mask,
 * and kept until the process ends. A failure is kept too, and is the same for every caller. Any thread. 0,
 * PARALLEL_ETOPOLOGY or PARALLEL_ENOMEMORY. */
int pl_topology_get(const struct pl_topology **out);

/* True for the topology that pl_topology_get() gives. */
bool pl_topology_is_of_process(const struct pl_topology *topology);

/* A machine from hwloc's synthetic description, such as "package:2 core:4 pu:2", or from an XML file that
 * hwloc wrote. `mask` plays the part of the affinity mask; NULL for no mask. They are not this machine:
 * nothing can be bound. */
int pl_topology_create_synthetic(const char *description, const struct pl_cpu_set *mask,
                                 struct pl_topology **out);
int pl_topology_create_xml(const char *path, const struct pl_cpu_set *mask, struct pl_topology **out);

/* Not for what pl_topology_get() gives. NULL is fine. */
void pl_topology_destroy(struct pl_topology *topology);

/* The counts of parallel_topology_describe() for any topology. */
void pl_topology_describe(const struct pl_topology *topology, parallel_topology *out);

#endif
