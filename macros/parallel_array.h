/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Arrays whose memory lies where the loops run that go over them.
 *
 *     double *x = PARALLEL_ARRAY(double, n);
 *     PARALLEL_FOR(i, 0, n)
 *         x[i] = ...;                   each worker finds its share on its own node
 *     parallel_array_free(x);
 *
 * A system with several memories (NUMA nodes) gives a page of memory on the node of the thread that touches it first. After
 * calloc() and a serial initialisation all of an array is on one node, and the others wait for it. */
#ifndef PARALLEL_ARRAY_H
#define PARALLEL_ARRAY_H

#include <libparallel/array.h>
#include <libparallel/loop.h>

#include "parallel_for.h"

/* A zeroed array of `count` elements of `element_bytes` each, aligned to a page, whose pages have been touched by the
 * threads that get the same elements as their own share of PARALLEL_FOR(i, 0, count) in the calling thread. For a loop
 * over the rows of a matrix, let a row be the element. A page with elements of two shares belongs to the one in which it
 * begins; what a worker later takes from another's share stays where it is. Where a loop would run in one thread (inside
 * a task or another loop, without OpenMP flags, with PARALLEL_EXECUTOR=serial) that thread touches everything.
 *
 * The memory is private to the process; for worker processes there is parallel_shared_alloc(). NULL on failure; then
 * parallel_last_error() says why: PARALLEL_EINVALID: zero bytes; PARALLEL_ERANGE: the product does not fit into size_t;
 * PARALLEL_ENOMEMORY: no addresses or memory; PARALLEL_ESETTING: a malformed setting. Any thread; whoever has the array
 * frees it with parallel_array_free(). */
static inline PARALLEL_UNUSED PARALLEL_MUST_CHECK void *parallel_array_alloc(size_t count, size_t element_bytes)
{
    parallel_error parallel_status;
    parallel_status.code = 0;
    void *parallel_array = parallel_array_map(count, element_bytes);
    if (parallel_array == NULL)
        return NULL;
    PARALLEL_LOOP_OPENED(parallel_touching, PARALLEL_LOOP_OWN_SHARES, (size_t)0, count,
                         (void)(parallel_touching.options.status = &parallel_status), )
    PARALLEL_LOOP_REGION(parallel_touching, )
    PARALLEL_LOOP_CHUNKS(parallel_touching, parallel_touched, parallel_loop_next, parallel_loop_next)
    for (; parallel_touched.unfinished;
         parallel_touched.unfinished = 0, parallel_touched.at = parallel_touched.last)
        parallel_array_touch(&parallel_touching, &parallel_touched, parallel_array, element_bytes);
    if (parallel_status.code == 0)
        return parallel_array;
    (void)parallel_array_free(parallel_array);
    return NULL;
}

/* The same for elements of a type: ((type *)parallel_array_alloc((size_t)(count), sizeof(type))). */
#define PARALLEL_ARRAY(type, count) ((type *)parallel_array_alloc((size_t)(count), sizeof(type)))

#endif
