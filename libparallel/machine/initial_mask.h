/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The CPUs that this process was started with. */
#ifndef LIBPARALLEL_MACHINE_INITIAL_MASK_H
#define LIBPARALLEL_MACHINE_INITIAL_MASK_H

#include "libparallel/machine/cpu_set.h"

/* The affinity mask of the process as it was when the library was loaded; empty if the kernel would not tell.
 * Never NULL, constant from the first call on. Any thread. */
const struct pl_cpu_set *pl_initial_mask(void);

#endif
