/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Cells and the two rings that they travel between: what a queue is made of. A cell is a number; it is free, or ready,
 * or held by one thread. A ring is a first-in-first-out line of cells without a lock, in which taking a cell and
 * publishing one is each decided by one compare-and-swap: a process that is stopped or killed anywhere holds up nobody.
 * Each cell says who holds it, so that what a dead thread held can be found. docs/protocols/queue.md.
 *
 *         take from the free ring           publish in the ready ring
 *     FREE -----------------------> HELD -----------------------> READY
 *      ^                                                            |
 *      +---------------------------- HELD <-------------------------+
 *        publish in the free ring           take from the ready ring
 *
 * Does not know what is in a cell, nor how to wait for one. */
#ifndef LIBPARALLEL_MEMORY_CELL_RING_H
#define LIBPARALLEL_MEMORY_CELL_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "libparallel/base/atomics.h"
#include "libparallel/memory/participant.h"

enum pl_cell_place { PL_CELL_HELD, PL_CELL_FREE, PL_CELL_READY };

enum {
    PL_CELL_NUMBER_BITS = 24,
    /* The last number means closed; one less, so that the entries of the largest ring are 2^24. */
    PL_CELL_LARGEST_COUNT = (1 << PL_CELL_NUMBER_BITS) - 2,
};

/* One ring, in shared or private memory. Lines: takers write head, publishers tail, nobody the rest. */
struct pl_cell_ring {
    _Alignas(PL_CACHE_LINE) _Atomic uint64_t head; /* ticket of the next cell to take */
    _Alignas(PL_CACHE_LINE) _Atomic uint64_t tail; /* ticket of the next cell to publish; head <= tail + 1 */
    _Alignas(PL_CACHE_LINE) uint64_t entry_count;  /* a power of 2; at least two more than cells */
    enum pl_cell_place place;                      /* of the cells that are in it */
    ptrdiff_t entries; /* from here to _Atomic uint64_t[entry_count]: ticket and cell */
    ptrdiff_t cells;   /* from here to _Atomic uint64_t[]: place, ticket and holder of each cell */
};

enum pl_cell_result { PL_CELL_OK, PL_CELL_NONE, PL_CELL_CLOSED };

/* The entries that a ring needs for so many cells: two more at least, for the mark of a closed ring and for an entry that
 * the head has not left yet though its cell is taken, see the protocol page. */
uint64_t pl_cell_ring_entry_count(size_t cell_count);

/* Makes a ring, empty, or full of all cells. */
void pl_cell_ring_open(struct pl_cell_ring *ring, enum pl_cell_place place, _Atomic uint64_t *entries,
                       uint64_t entry_count, _Atomic uint64_t *cells, uint32_t filled_count);

/* Takes the first cell; it is held by `self` then. NONE: the ring is empty; CLOSED: and will stay so. Sequentially
 * consistent with publishing: a taker that finds none and a publisher that looks whether anybody waits cannot miss
 * each other. */
enum pl_cell_result pl_cell_ring_take(struct pl_cell_ring *ring, pl_participant_id self, uint32_t *cell);

/* Puts a cell that `self` holds in the line, and lets go of it. CLOSED: the ring is, and the cell is still held. */
enum pl_cell_result pl_cell_ring_publish(struct pl_cell_ring *ring, pl_participant_id self, uint32_t cell);

/* Nothing is published any more; what is in the line can be taken. Once more does nothing. */
void pl_cell_ring_close(struct pl_cell_ring *ring);

bool pl_cell_ring_is_closed(struct pl_cell_ring *ring);

/* The number of cells in the line at some moment of the call. */
uint64_t pl_cell_ring_count(struct pl_cell_ring *ring);

/* If this cell is held by a participant that is gone, or was about to be published by one, then `self` holds it now. */
bool pl_cell_recover(struct pl_space *space, struct pl_cell_ring *free, struct pl_cell_ring *ready, uint32_t cell,
                     pl_participant_id self);

#endif
