/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sleeping on a word that other processes change. A process that is killed may take a wake-up along: one that was aimed
 * at it, or one that it was about to send. So in shared memory nobody sleeps longer than a nap before looking again;
 * a thread that sleeps in private memory cannot lose its waker alone. */
#ifndef LIBPARALLEL_MEMORY_NAP_H
#define LIBPARALLEL_MEMORY_NAP_H

#include <stdbool.h>

#include "libparallel/base/futex.h"

/* Bounds how long a lost wake-up is missed. Ten looks a second cost a sleeping process about 50 us of CPU time a second
 * here. */
#define PL_NAP_NS UINT64_C(100000000)

/* Sleeps while *word == expected, in shared memory for a nap at most. True: look again. False: the deadline has
 * passed, and no wake-up was used up. */
bool pl_nap(_Atomic uint32_t *word, uint32_t expected, uint64_t deadline_ns, enum pl_futex_scope scope);

#endif
