/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How the plane of PARALLEL_FOR_2D is cut into tiles. */
#ifndef LIBPARALLEL_TASKS_PLANE_H
#define LIBPARALLEL_TASKS_PLANE_H

#include <libparallel/loop.h>

/* Cuts a plane whose rows and columns are set: a function of these and of the grain (rows in a tile; 0: chosen) alone.
 * Tells how many tiles there are, 0 if the plane is empty. 0, or PARALLEL_ERANGE if its iterations cannot be counted. */
int pl_plane_cut(parallel_plane *plane, uint64_t grain, uint64_t *tile_count);

/* Iterations in the tiles from first to last - 1. */
uint64_t pl_plane_iterations(const parallel_plane *plane, uint64_t first, uint64_t last);

/* Sets the bounds of the tile with that number. */
void pl_plane_locate(const parallel_loop *loop, uint64_t number, parallel_tile *tile);

#endif
