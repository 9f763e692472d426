/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Binding of a worker process's memory to the NUMA node of its place: what it allocates and touches from then on comes from
 * there as long as there is some, also after the scheduler or a call has moved it elsewhere for a while. */
#ifndef LIBPARALLEL_MACHINE_MEMORY_BINDING_H
#define LIBPARALLEL_MACHINE_MEMORY_BINDING_H

#include "libparallel/machine/place.h"
#include "libparallel/machine/topology.h"

/* The kernel's number of the node that memory of a worker at `place` belongs to; -1: it lies in several or none, it is
 * unbound, or the machine has but one. */
int pl_memory_binding_node(const struct pl_topology *topology, const struct pl_place *place);

/* Binds the memory of the calling process, which has one thread; does nothing where there is no such node. PARALLEL_ESYSTEM:
 * the kernel refused. */
int pl_memory_binding_enter(const struct pl_place *place);

#endif
