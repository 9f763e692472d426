/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where somebody wishes a call to run: at places of the machine, or near data. A snapshot, as a set of CPUs. */
#ifndef LIBPARALLEL_MACHINE_WHEREABOUTS_H
#define LIBPARALLEL_MACHINE_WHEREABOUTS_H

#include "libparallel/machine/cpu_set.h"
#include "libparallel/machine/topology.h"

/* The CPUs of a list of places, in the language of places=. PARALLEL_ESPECIFICATION, PARALLEL_EPLACE, PARALLEL_ENOMEMORY,
 * with the offending part in the message. */
int pl_whereabouts_of_places(const struct pl_topology *topology, const char *list, struct pl_cpu_set *cpus);

/* The CPUs of the NUMA node that has the page of an address; all of ours, if the machine has but one node, nobody has
 * touched the page, or the kernel does not tell. PARALLEL_ENOMEMORY. */
int pl_whereabouts_of_data(const struct pl_topology *topology, const void *data, struct pl_cpu_set *cpus);

#endif
