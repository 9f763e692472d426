/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Private memory is rounded up to whole cache lines, which aligned_alloc() asks for. */
#include "libparallel/memory/object.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libparallel/shared.h>

#include "libparallel/base/error.h"

int pl_object_create(size_t size_bytes, bool is_shared, void **object)
{
    if (is_shared) {
        void *shared = parallel_shared_alloc(size_bytes);
        if (shared == NULL)
            return parallel_last_error()->code;
        *object = shared;
        return 0;
    }
    void *memory = NULL;
    if (size_bytes <= SIZE_MAX - PL_CACHE_LINE) {
        size_bytes = (size_bytes + PL_CACHE_LINE - 1) / PL_CACHE_LINE * PL_CACHE_LINE;
        memory = aligned_alloc(PL_CACHE_LINE, size_bytes);
    }
    if (memory == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for an object of %zu bytes", size_bytes);
    memset(memory, 0, size_bytes);
    *object = memory;
    return 0;
}

void pl_object_destroy(void *object)
{
    if (parallel_shared_contains(object))
        (void)parallel_shared_free(object); /* a misuse is reported there */
    else
        free(object);
}
