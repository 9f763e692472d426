/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How much memory a worker process may use for data. RLIMIT_DATA, not RLIMIT_AS: the reservation for shared memory is
 * address space, and no data. */
#ifndef LIBPARALLEL_WORKERS_MEMORY_LIMIT_H
#define LIBPARALLEL_WORKERS_MEMORY_LIMIT_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of data memory that this process has, as RLIMIT_DATA counts them; 0 if the kernel does not tell.
 * Async-signal-safe. */
uint64_t pl_memory_in_use(void);

/* Lets this process have `bytes` more than it has now; beyond that malloc returns NULL. 0, or the errno. */
int pl_memory_limit_enter(size_t bytes);

#endif
