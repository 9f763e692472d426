/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Binding of the calling thread. What the kernel was asked for is always read back: a container may grant
 * less. Uses the kernel directly: a worker process can be bound without hwloc. */
#ifndef LIBPARALLEL_MACHINE_BINDING_H
#define LIBPARALLEL_MACHINE_BINDING_H

#include "libparallel/machine/cpu_set.h"
#include "libparallel/machine/placement.h"

/* Binds the calling thread to a place, as its kind says, and verifies it. 0, PARALLEL_EPLACE if the place
 * belongs to another machine or the kernel granted something else, PARALLEL_ESYSTEM if it refused. On failure
 * the thread has the mask that it had before. */
int pl_binding_enter(const struct pl_place *place);

/* The name of the place that the calling thread has entered last; "" if it never has. The thread's own memory. */
const char *pl_binding_place_name(void);

/* The calling thread's mask. 0 or PARALLEL_ESYSTEM. */
int pl_binding_get(struct pl_cpu_set *out);

/* Gives the calling thread back a mask that pl_binding_get() told before, or (NULL) the initial mask of the
 * process. If meanwhile some of its CPUs were taken from the process, those that are left. 0 or
 * PARALLEL_ESYSTEM. */
int pl_binding_restore(const struct pl_cpu_set *mask);

#endif
