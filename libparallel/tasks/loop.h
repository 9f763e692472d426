/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the parts of an inline loop share: loop.c opens and closes it in its caller, plan.c opens a short one as the last
 * time, chunk.c hands out its chunks in each thread of the region. */
#ifndef LIBPARALLEL_TASKS_LOOP_H
#define LIBPARALLEL_TASKS_LOOP_H

#include <stdbool.h>
#include <stddef.h>

#include <libparallel/loop.h>

#include "libparallel/base/atomics.h"
#include "libparallel/executors/scope.h"

/* Bits of parallel_loop_shared.flags. */
enum {
    PL_LOOP_IS_TIMED = 1 << 0, /* each thread times its claims and sizes the next by it; the caller remembers the cost */
    PL_LOOP_IS_FIXED = 1 << 1, /* .grain was given: one unit a claim */
    PL_LOOP_IS_SHOWN = 1 << 2, /* .progress: claims are counted; always timed too, and one thread claims in pieces */
    PL_LOOP_IS_SAMPLED = 1 << 3, /* shares are dealt out, and the caller times its own to remember the cost */
    PL_LOOP_IS_FORKED = 1 << 4, /* it runs in children of this process (forked_loop.h), or this is one; timed too */
};

/* The scope in a chunk is one: it begins as they do. */
_Static_assert(offsetof(struct parallel_chunk_scope, outer) == offsetof(struct pl_scope, outer) &&
                   offsetof(struct parallel_chunk_scope, failure) == offsetof(struct pl_scope, failure) &&
                   offsetof(struct parallel_chunk_scope, is_cancelled) == offsetof(struct pl_scope, is_cancelled) &&
                   offsetof(struct parallel_chunk_scope, loop) == sizeof(struct pl_scope),
               "the public struct begins as the private one");

static inline struct pl_scope *pl_chunk_scope(parallel_chunk *chunk)
{
    return (struct pl_scope *)&chunk->scope;
}

/* The public header has no C11 atomics, being C++ as well; these two members are only touched through here. */
_Static_assert(sizeof(_Atomic uint64_t) == sizeof(uint64_t) && _Alignof(_Atomic uint64_t) == _Alignof(uint64_t),
               "an atomic lies where a plain one does");

/* In the memory that all workers of the loop share. */
_Atomic uint64_t *pl_forked_loop_stop_word(const parallel_loop *loop);

static inline _Atomic uint64_t *pl_loop_stop_word(const parallel_loop *loop)
{
    if (loop->shared.flags & PL_LOOP_IS_FORKED)
        return pl_forked_loop_stop_word(loop);
    return (_Atomic uint64_t *)(uintptr_t)&loop->shared.stop;
}

static inline uint64_t pl_loop_stop(const parallel_loop *loop)
{
    /* Relaxed: a late look runs a chunk too many above the stop, which is allowed. */
    return pl_load_relaxed(pl_loop_stop_word(loop));
}

/* The lowest offset of a position. */
static inline uint64_t pl_loop_offset(const parallel_loop *loop, uint64_t position)
{
    const parallel_plane *plane = &loop->plane;
    if (!(loop->kind & PARALLEL_LOOP_TILES))
        return position - loop->shared.base;
    return position / plane->tiles_across * plane->tile_rows * plane->columns +
           position % plane->tiles_across * plane->tile_columns;
}

/* Thinks over how the loop at that place in the code runs, and opens it; as parallel_loop_open(). */
void pl_loop_open_anew(parallel_loop *loop, const void *where);

/* Lowers the loop's stop to `offset`. */
void pl_loop_stop_at(parallel_loop *loop, uint64_t offset);

/* The iteration at `offset` has failed: keeps the failure if it is the lowest so far, else frees it; stops the loop. */
void pl_loop_fail_at(parallel_loop *loop, uint64_t offset, const parallel_error *failure);

enum { PL_LOOP_VALUE_SIZE = 24 };

/* Writes a value of a loop's variable for a reader, given the kind of the loop, or of its plane. */
void pl_loop_print_value(char text[PL_LOOP_VALUE_SIZE], int kind, uint64_t value);

/* A claim may be run in parts, which are chunks of their own: true if the claim that the chunk at hand is of has more, and
 * that lies below the stop. After it has been settled. */
static inline bool pl_chunk_goes_on(const parallel_loop *loop, const parallel_chunk *chunk)
{
    return chunk->last != chunk->claim_last && pl_loop_offset(loop, chunk->last) < pl_loop_stop(loop);
}

/* Tells the loop that the chunk at hand was left by `break` or with a failure. */
void pl_chunk_report(parallel_loop *loop, parallel_chunk *chunk);

/* Tells the loop how the chunk at hand was left: to the end, by `break`, or with a failure. */
static inline void pl_chunk_settle(parallel_loop *loop, parallel_chunk *chunk)
{
    if (chunk->at != chunk->last || chunk->scope.failure != NULL)
        pl_chunk_report(loop, chunk);
}

#endif
