/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The shared space: the one segment of this process and its workers, and where everything lies in it.
 *
 *     0         64 KiB                                                              size
 *     | header | participants | tables of the small and large blocks | small blocks | large blocks |
 *
 * Every offset is computed from the size alone, so each process computes the same ones, and no pointer to a table is
 * kept in shared memory. The space is made at its first use, inherited by forked children, attached by spawned ones
 * before their first use, and never unmapped.
 *
 * struct pl_space is one process's view. */
#ifndef LIBPARALLEL_MEMORY_SPACE_H
#define LIBPARALLEL_MEMORY_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libparallel/memory/large_blocks.h"
#include "libparallel/memory/participant.h"
#include "libparallel/memory/segment.h"
#include "libparallel/memory/small_blocks.h"

#define PL_SPACE_REASON_SIZE 384

struct pl_space {
    struct pl_segment segment;
    struct pl_participants participants;
    struct pl_small_blocks small;
    struct pl_large_blocks large;
    char reason[PL_SPACE_REASON_SIZE]; /* why this size at this address, in words */
};

/* This process's space, or NULL while it has none. One load. */
struct pl_space *pl_space_get(void);

/* This process's space, made now with the size of the setting PARALLEL_SHARED_SPACE, else the default, if there is
 * none yet. A forked child whose parent had none gets its own. Any thread. NULL: see parallel_last_error(). */
struct pl_space *pl_space_open(void);

/* The same with a size that is asked for (the option `shared_space=`), exactly. PARALLEL_ERANGE: outside 64 MiB to
 * 64 TiB, or a smaller space is already open; PARALLEL_ENOMEMORY: not to be had. */
int pl_space_open_sized(size_t size_bytes);

/* Makes the inherited segment this process's space: the first thing that a spawned worker does. On success the space
 * owns the descriptor. PARALLEL_EMISUSE: there is a space already; otherwise as pl_segment_attach(). */
int pl_space_attach(int fd);

/* The descriptor to leave open across an exec, close-on-exec until then; -1 if there is no space, or if the program has
 * closed it. */
int pl_space_descriptor(void);

/* Undoes what participants that have died left half done, and frees their records. Any process, at any time, as often
 * as one likes: whoever learns of a worker's death calls it, so that what that worker had claimed is not lost until the
 * next allocation happens to need it. */
void pl_space_sweep(void);

#endif
