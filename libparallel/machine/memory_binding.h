/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Binding of a worker process's memory to the NUMA node of its place: what it allocates and touches from then on comes from
 * there as long as there is some, also after the scheduler or a call has moved it elsewhere for a while. */
#ifndef LIBPARALLEL_MACHINE_MEMORY_BINDING_H
#define LIBPARALLEL_MACHINE_MEMORY_BINDING_H

#include "libparallel/machine/place.h"

/* Binds the memory of the calling process, which has one thread, to place->memory_node; does nothing if that is -1, or the
 * place unbound or another machine's. PARALLEL_ESYSTEM: the kernel refused. */
int pl_memory_binding_enter(const struct pl_place *place);

#endif
