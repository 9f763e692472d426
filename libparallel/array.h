/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Big arrays for loops: what parallel_array_alloc() (macros/parallel_array.h) calls, and how they are freed. */
#ifndef LIBPARALLEL_ARRAY_H
#define LIBPARALLEL_ARRAY_H

#include <stddef.h>

#include <libparallel/compiler.h>
#include <libparallel/loop.h>

PARALLEL_BEGIN_C

/* Frees what parallel_array_alloc() gave: the memory goes back to the system at once. NULL does nothing. 0, or
 * PARALLEL_EINVALID for what is not the beginning of such an array; then nothing is changed, and the bug is also reported
 * in a line. Any thread, while nobody uses the array. */
PARALLEL_API int parallel_array_free(void *array);

/* What follows belongs to parallel_array_alloc(). Addresses without memory yet; NULL on failure, as described there. */
PARALLEL_API PARALLEL_MUST_CHECK void *parallel_array_map(size_t count, size_t element_bytes);

/* Gives the elements of a chunk their memory, from the place of the calling thread. */
PARALLEL_API void parallel_array_touch(const parallel_loop *loop, const parallel_chunk *chunk, void *array,
                                       size_t element_bytes);

PARALLEL_END_C

#endif
