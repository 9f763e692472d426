/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Shared memory: what is allocated here is seen by this process, by the children that it forks and by all worker
 * processes, at the same address, also when it is allocated after they were started. Pointers into it may be stored in
 * it and carried to workers as they are.
 *
 *     double *y = PARALLEL_SHARED_ARRAY(double, n);
 *     PARALLEL_FOR(i, 0, n, .executor = processes)
 *         y[i] = simulate(i);
 *     parallel_shared_free(y);
 *
 * The memory is one nameless file that is gone with its last process; nothing is left in /dev/shm. A process that is
 * killed, anywhere, harms nobody's blocks; the block that it is about to allocate or free may be lost until the end of
 * the program. A block belongs to no process: it stays until somebody frees it. The memory is allocated when the block
 * is, so that a machine without enough of it is an error here and not the end of a process later; it lies on the NUMA
 * node where it is allocated, not where it is first touched.
 *
 * Every function may be called by any thread of any process that shares the space, but not in a signal handler. */
#ifndef LIBPARALLEL_SHARED_H
#define LIBPARALLEL_SHARED_H

#include <stdbool.h>
#include <stddef.h>

#include <libparallel/compiler.h>

PARALLEL_BEGIN_C

/* A zeroed block of `size_bytes`, aligned to 64 bytes, from 16 KiB on to 64 KiB. NULL on failure; then
 * parallel_last_error() says why: PARALLEL_EINVALID: zero bytes; PARALLEL_ENOMEMORY: the space or the machine's memory
 * is used up, or a limit of this process is in the way; PARALLEL_ESETTING, PARALLEL_ERANGE: PARALLEL_SHARED_SPACE is
 * malformed or out of range; PARALLEL_ESYSTEM: the system has no memfd. The result is a pointer, not a code, so that it
 * can be assigned without a cast. Whoever has the address owns the block; free it with parallel_shared_free(). */
PARALLEL_API PARALLEL_MUST_CHECK void *parallel_shared_alloc(size_t size_bytes);

/* The same for `count` elements of `size_bytes` each; PARALLEL_ERANGE: the product does not fit into size_t. */
PARALLEL_API PARALLEL_MUST_CHECK void *parallel_shared_alloc_array(size_t count, size_t size_bytes);

/* A zeroed array of `count` elements of `type` in shared memory; NULL as parallel_shared_alloc_array(). Expands to
 *     ((double *)parallel_shared_alloc_array((size_t)(n), sizeof(double))) */
#define PARALLEL_SHARED_ARRAY(type, count) ((type *)parallel_shared_alloc_array((size_t)(count), sizeof(type)))

/* Frees a block; the memory of a large one goes back to the system at once. NULL does nothing. 0, or PARALLEL_EINVALID
 * for what is not the beginning of a shared block in use: a pointer from elsewhere, into a block, or freed before. That
 * is a bug of the caller, nothing is changed, and it is also reported in a line, for few callers look at the result. */
PARALLEL_API int parallel_shared_free(void *block);

/* True if the pointer points into the shared space, so that it may be carried to a worker process. It says nothing
 * about whether the block is in use. No system call. */
PARALLEL_API bool parallel_shared_contains(const void *pointer);

/* Gives memory that only freed small blocks used back to the system; returns how many bytes. It happens by itself when
 * memory runs out. */
PARALLEL_API size_t parallel_shared_trim(void);

/* Makes the space now, with this many bytes of addresses (64 MiB to 64 TiB), of which only what is allocated costs
 * memory. Without this call it is made at the first use, with PARALLEL_SHARED_SPACE bytes, else 1 TiB, or less where
 * there is no room for it. 0; PARALLEL_ERANGE: out of range, or a smaller space is open already; PARALLEL_ENOMEMORY: not
 * so many addresses are to be had, or the file size limit (ulimit -f) is lower. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_shared_reserve(size_t space_bytes);

typedef struct parallel_shared_info {
    void *address;       /* where the space begins, in every process */
    size_t space_bytes;  /* its addresses */
    size_t memory_bytes; /* the memory that blocks and tables have now, page by page */
    char reason[384];    /* size and address in words, and why these */
} parallel_shared_info;

/* Describes the space; it is made if there is none yet. 0, or as parallel_shared_alloc(). */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_shared_describe(parallel_shared_info *info);

PARALLEL_END_C

#endif
