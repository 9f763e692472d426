/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PARALLEL_FOR_2D: how a plane is cut into tiles, and how a thread walks through those of its claim. Tiles are the
 * positions that loop.c and chunk.c hand out; offsets, which say what is lower, count row by row through the whole plane.
 *
 *     rows     +-----+-----+---+
 *              |  0  |  1  | 2 |      tile k begins at row k / tiles_across * tile_rows
 *              +-----+-----+---+                   and column k % tiles_across * tile_columns
 *              |  3  |  4  | 5 |
 *              +-----+-----+---+      The first offset of a tile grows with its number.
 *
 * A tile that is left by `break` at (i, j) has skipped nothing that is lower. But the tiles to its right have rows above
 * i, so a claim goes on after the break as long as the first offset of a tile is below the loop's stop. */
#include "libparallel/tasks/plane.h"

#include "libparallel/base/error.h"
#include "libparallel/tasks/loop.h"

enum {
    /* A row of so many numbers of 8 bytes, and those above and below it, fit a first-level cache of 32 KiB, and the
     * loop over it is long beside what begins and ends it. */
    MOST_COLUMNS = 1024,
    /* 512 KiB of numbers of 8 bytes: what a second-level cache holds. */
    MOST_ITERATIONS = 65536,
    /* As for the units of a reduction: two workers share so many to within half a percent. */
    FEW_TILES = 256,
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t quotient_rounded_up(uint64_t a, uint64_t b)
{
    return (a - 1) / b + 1;
}

int pl_plane_cut(parallel_plane *plane, uint64_t grain, uint64_t *tile_count)
{
    uint64_t iterations;
    if (plane->rows == 0 || plane->columns == 0) {
        *tile_count = 0;
        return 0;
    }
    if (__builtin_mul_overflow(plane->rows, plane->columns, &iterations))
        return pl_error_set(PARALLEL_ERANGE, 0, "the ranges of both variables: together 2^64 iterations or more");
    plane->tiles_across = quotient_rounded_up(plane->columns, MOST_COLUMNS);
    plane->tile_columns = quotient_rounded_up(plane->columns, plane->tiles_across);
    plane->tiles_across = quotient_rounded_up(plane->columns, plane->tile_columns);
    uint64_t rows = smaller(MOST_ITERATIONS / plane->tile_columns,
                            plane->rows / quotient_rounded_up(FEW_TILES, plane->tiles_across));
    plane->tile_rows = grain != 0 ? grain : rows > 0 ? rows : 1;
    *tile_count = quotient_rounded_up(plane->rows, plane->tile_rows) * plane->tiles_across;
    return 0;
}

/* In all tiles below `tile`. */
static uint64_t iterations_before(const parallel_plane *plane, uint64_t tile)
{
    uint64_t above = smaller(tile / plane->tiles_across * plane->tile_rows, plane->rows);
    uint64_t beside = smaller(tile % plane->tiles_across * plane->tile_columns, plane->columns);
    return above * plane->columns + smaller(plane->tile_rows, plane->rows - above) * beside;
}

uint64_t pl_plane_iterations(const parallel_plane *plane, uint64_t first, uint64_t last)
{
    return iterations_before(plane, last) - iterations_before(plane, first);
}

void pl_plane_locate(const parallel_loop *loop, uint64_t number, parallel_tile *tile)
{
    const parallel_plane *plane = &loop->plane;
    uint64_t row = number / plane->tiles_across * plane->tile_rows;
    uint64_t column = number % plane->tiles_across * plane->tile_columns;
    tile->row_first = loop->begin + row;
    tile->row_last = loop->begin + row + smaller(plane->tile_rows, plane->rows - row);
    tile->column_first = plane->begin + column;
    tile->column_last = plane->begin + column + smaller(plane->tile_columns, plane->columns - column);
}

static void enter_tile(const parallel_loop *loop, parallel_chunk *chunk)
{
    pl_plane_locate(loop, chunk->first, &chunk->tile);
    chunk->tile.is_stopped = 0;
    chunk->last = chunk->first + 1;
    chunk->at = chunk->first;
    chunk->unfinished = 1;
}

void parallel_plane_next(parallel_loop *loop, parallel_chunk *chunk)
{
    if (chunk->is_joined) {
        pl_chunk_settle(loop, chunk);
        chunk->at = chunk->last;
    }
    if (chunk->is_joined && pl_chunk_goes_on(loop, chunk))
        chunk->first = chunk->last;
    else
        parallel_loop_next(loop, chunk);
    if (chunk->is_joined)
        enter_tile(loop, chunk);
}
