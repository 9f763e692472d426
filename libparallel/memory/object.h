/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where a queue, a mutex and their like live: in shared memory, for all processes, or in private memory, for the
 * threads of one. */
#ifndef LIBPARALLEL_MEMORY_OBJECT_H
#define LIBPARALLEL_MEMORY_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "libparallel/base/futex.h"

/* Zeroed memory for an object, aligned to a cache line; PARALLEL_ENOMEMORY, or as parallel_shared_alloc(). */
int pl_object_create(size_t size_bytes, bool is_shared, void **object);

/* Frees it; NULL does nothing. */
void pl_object_destroy(void *object);

static inline enum pl_futex_scope pl_object_scope(bool is_shared)
{
    return is_shared ? PL_FUTEX_SHARED : PL_FUTEX_PRIVATE;
}

#endif
