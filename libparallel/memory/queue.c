/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A queue is one block: this struct, the entries of two rings, the word of each cell, and the items.
 *
 *     push: a cell from the free ring -- copy the item in  -- publish it in the ready ring -- ring `arrivals`
 *     pop:  a cell from the ready ring -- copy the item out -- publish it in the free ring  -- ring `departures`
 *
 * The copy is made while the cell is out of both rings, so a slow or big copy delays nobody else. What a dead thread
 * held is looked for by whoever finds the queue full, at most once a nap. docs/protocols/queue.md. */
#include <libparallel/queue.h>

#include <string.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/memory/bell.h"
#include "libparallel/memory/cell_ring.h"
#include "libparallel/memory/nap.h"
#include "libparallel/memory/object.h"
#include "libparallel/memory/space.h"

struct parallel_queue {
    struct pl_cell_ring free;
    struct pl_cell_ring ready;
    _Alignas(PL_CACHE_LINE) struct pl_bell arrivals;   /* consumers sleep here */
    _Alignas(PL_CACHE_LINE) struct pl_bell departures; /* producers sleep here */
    _Alignas(PL_CACHE_LINE) _Atomic uint64_t searched_ns; /* when cells of the dead were looked for */
    /* From here on constant. */
    enum pl_futex_scope scope;
    uint32_t capacity;
    size_t item_bytes;
    size_t item_stride;
    ptrdiff_t items; /* from the beginning of this struct */
};

/* Items begin at multiples of this, so that memcpy() of what is aligned moves whole words. */
enum { ITEM_ALIGNMENT = 16 };

/* Where the parts of a queue begin; false if it is too large for size_t. */
static bool lay_out(const parallel_queue_options *options, size_t stride, size_t *cells, size_t *items, size_t *size)
{
    uint64_t entry_count = pl_cell_ring_entry_count(options->capacity);
    *cells = sizeof(parallel_queue) + 2 * (size_t)entry_count * sizeof(uint64_t);
    *items = *cells + (options->capacity + options->capacity % 2) * sizeof(uint64_t);
    size_t item_bytes;
    return !__builtin_mul_overflow(options->capacity, stride, &item_bytes) &&
           !__builtin_add_overflow(*items, item_bytes, size);
}

int parallel_queue_create(const parallel_queue_options *options, parallel_queue **queue)
{
    if (options == NULL || queue == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "queue: %s is NULL", options == NULL ? "options" : "the result");
    if (options->item_bytes == 0 || options->capacity == 0)
        return pl_error_set(PARALLEL_EINVALID, 0, "queue: %s is 0",
                            options->item_bytes == 0 ? "item_bytes" : "capacity");
    if (options->capacity > PL_CELL_LARGEST_COUNT)
        return pl_error_set(PARALLEL_ERANGE, 0, "queue: a capacity of %zu is more than %d", options->capacity,
                            PL_CELL_LARGEST_COUNT);
    size_t stride = (options->item_bytes + ITEM_ALIGNMENT - 1) / ITEM_ALIGNMENT * ITEM_ALIGNMENT;
    size_t cells, items, size;
    if (stride < options->item_bytes || !lay_out(options, stride, &cells, &items, &size))
        return pl_error_set(PARALLEL_ERANGE, 0, "queue: %zu items of %zu bytes", options->capacity,
                            options->item_bytes);
    void *block;
    int code = pl_object_create(size, options->shared, &block);
    if (code != 0)
        return code;
    parallel_queue *made = block;
    uint32_t capacity = (uint32_t)options->capacity;
    uint64_t entry_count = pl_cell_ring_entry_count(capacity);
    _Atomic uint64_t *entries = (_Atomic uint64_t *)(void *)(made + 1);
    _Atomic uint64_t *words = (_Atomic uint64_t *)(void *)((char *)block + cells);
    pl_cell_ring_open(&made->free, PL_CELL_FREE, entries, entry_count, words, capacity);
    pl_cell_ring_open(&made->ready, PL_CELL_READY, entries + entry_count, entry_count, words, 0);
    made->scope = pl_object_scope(options->shared);
    made->capacity = capacity;
    made->item_bytes = options->item_bytes;
    made->item_stride = stride;
    made->items = (ptrdiff_t)items;
    *queue = made;
    return 0;
}

static pl_participant_id self_in(const parallel_queue *queue)
{
    return queue->scope == PL_FUTEX_SHARED ? pl_participant_self(pl_space_get()) : PL_NOBODY;
}

static char *item_at(parallel_queue *queue, uint32_t cell)
{
    return (char *)queue + queue->items + cell * queue->item_stride;
}

static void give_back(parallel_queue *queue, pl_participant_id self, uint32_t cell)
{
    (void)pl_cell_ring_publish(&queue->free, self, cell); /* that ring is never closed */
    pl_bell_ring(&queue->departures, 1, queue->scope);
}

/* Puts the cells of the dead back into the free ring. Not more often than once a nap, by all processes together. */
static void search_cells_of_the_dead(parallel_queue *queue, pl_participant_id self)
{
    if (queue->scope == PL_FUTEX_PRIVATE)
        return; /* threads do not die alone */
    uint64_t now = pl_clock_now_ns();
    uint64_t before = pl_load_relaxed(&queue->searched_ns); /* it only elects who searches */
    if (now - before < PL_NAP_NS || !pl_cas_relaxed(&queue->searched_ns, &before, now))
        return;
    struct pl_space *space = pl_space_get();
    for (uint32_t cell = 0; cell < queue->capacity; cell++)
        if (pl_cell_recover(space, &queue->free, &queue->ready, cell, self))
            give_back(queue, self, cell);
}

/* A free cell, or why there is none. */
static int wait_for_free_cell(parallel_queue *queue, pl_participant_id self, uint64_t deadline_ns, uint32_t *cell)
{
    for (;;) {
        uint32_t ticket = deadline_ns == PARALLEL_POLL ? 0 : pl_bell_listen(&queue->departures);
        search_cells_of_the_dead(queue, self);
        if (pl_cell_ring_is_closed(&queue->ready))
            return pl_error_set(PARALLEL_ECLOSED, 0, "queue: push after close");
        if (pl_cell_ring_take(&queue->free, self, cell) == PL_CELL_OK)
            return 0;
        if (!pl_bell_sleep(&queue->departures, ticket, deadline_ns, queue->scope))
            return pl_error_set(PARALLEL_ETIMEDOUT, 0, "queue: all %u places are taken", (unsigned)queue->capacity);
    }
}

int parallel_queue_push(parallel_queue *queue, const void *item, uint64_t deadline_ns)
{
    pl_participant_id self = self_in(queue);
    uint32_t cell;
    if (pl_cell_ring_take(&queue->free, self, &cell) != PL_CELL_OK) {
        int code = wait_for_free_cell(queue, self, deadline_ns, &cell);
        if (code != 0)
            return code;
    }
    memcpy(item_at(queue, cell), item, queue->item_bytes);
    if (pl_cell_ring_publish(&queue->ready, self, cell) == PL_CELL_CLOSED) {
        give_back(queue, self, cell);
        return pl_error_set(PARALLEL_ECLOSED, 0, "queue: push after close");
    }
    pl_bell_ring(&queue->arrivals, 1, queue->scope);
    return 0;
}

static enum pl_cell_result wait_for_ready_cell(parallel_queue *queue, pl_participant_id self, uint64_t deadline_ns,
                                               uint32_t *cell)
{
    for (;;) {
        uint32_t ticket = pl_bell_listen(&queue->arrivals);
        enum pl_cell_result result = pl_cell_ring_take(&queue->ready, self, cell);
        if (result != PL_CELL_NONE || !pl_bell_sleep(&queue->arrivals, ticket, deadline_ns, queue->scope))
            return result;
    }
}

int parallel_queue_pop(parallel_queue *queue, uint64_t deadline_ns, void *item)
{
    pl_participant_id self = self_in(queue);
    uint32_t cell;
    enum pl_cell_result result = pl_cell_ring_take(&queue->ready, self, &cell);
    if (result == PL_CELL_NONE && deadline_ns != PARALLEL_POLL)
        result = wait_for_ready_cell(queue, self, deadline_ns, &cell);
    if (result == PL_CELL_CLOSED)
        return pl_error_set(PARALLEL_ECLOSED, 0, "queue: closed and empty");
    if (result == PL_CELL_NONE)
        return pl_error_set(PARALLEL_ETIMEDOUT, 0, "queue: empty");
    memcpy(item, item_at(queue, cell), queue->item_bytes);
    give_back(queue, self, cell);
    return 0;
}

void parallel_queue_close(parallel_queue *queue)
{
    pl_cell_ring_close(&queue->ready);
    pl_bell_ring(&queue->arrivals, PL_FUTEX_WAKE_ALL, queue->scope);
    pl_bell_ring(&queue->departures, PL_FUTEX_WAKE_ALL, queue->scope);
}

size_t parallel_queue_count(parallel_queue *queue)
{
    uint64_t count = pl_cell_ring_count(&queue->ready);
    return count < queue->capacity ? (size_t)count : queue->capacity;
}

void parallel_queue_destroy(parallel_queue *queue)
{
    pl_object_destroy(queue);
}
