/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An entry is 40 bits of ticket over 24 bits of cell. The entry of ticket t is at t modulo entry_count; it is empty
 * while it still carries the ticket of the round before. Tickets are compared in the bits that there are: a process that
 * sleeps in the middle of an operation while 2^40 others are done would be deceived.
 *
 * A cell's word is 2 bits of place over 24 bits of ticket over the holder. Its ticket says which entry it is in, or was
 * about to get into. 24 bits are enough here, because the word changes with every step of the cell: a taker that is
 * deceived takes a cell that is ready, only out of turn. */
#include "libparallel/memory/cell_ring.h"

#include "libparallel/memory/space.h"

#define NUMBER_MASK ((UINT64_C(1) << PL_CELL_NUMBER_BITS) - 1)
#define TICKET_MASK (UINT64_MAX >> PL_CELL_NUMBER_BITS)
#define CLOSED_MARK NUMBER_MASK

#define HOLDER_MASK ((UINT64_C(1) << PL_PARTICIPANT_ID_BITS) - 1)
#define PLACE_SHIFT (PL_PARTICIPANT_ID_BITS + PL_CELL_NUMBER_BITS)

_Static_assert(PLACE_SHIFT + 2 == 64, "place, ticket and holder fill a cell's word");

static uint64_t entry_of(uint64_t ticket, uint64_t cell)
{
    return ticket << PL_CELL_NUMBER_BITS | cell;
}

static bool has_ticket(uint64_t entry, uint64_t ticket)
{
    return entry >> PL_CELL_NUMBER_BITS == (ticket & TICKET_MASK);
}

static uint64_t word_of(enum pl_cell_place place, uint64_t ticket, pl_participant_id holder)
{
    return (uint64_t)place << PLACE_SHIFT | (ticket & NUMBER_MASK) << PL_PARTICIPANT_ID_BITS | holder;
}

static _Atomic uint64_t *entry_at(struct pl_cell_ring *ring, uint64_t ticket)
{
    return (_Atomic uint64_t *)(void *)((char *)ring + ring->entries) + (ticket & (ring->entry_count - 1));
}

static _Atomic uint64_t *cell_at(struct pl_cell_ring *ring, uint64_t cell)
{
    return (_Atomic uint64_t *)(void *)((char *)ring + ring->cells) + cell;
}

uint64_t pl_cell_ring_entry_count(size_t cell_count)
{
    uint64_t count = 2;
    while (count < cell_count + 2)
        count *= 2;
    return count;
}

void pl_cell_ring_open(struct pl_cell_ring *ring, enum pl_cell_place place, _Atomic uint64_t *entries,
                       uint64_t entry_count, _Atomic uint64_t *cells, uint32_t filled_count)
{
    ring->place = place;
    ring->entry_count = entry_count;
    ring->entries = (char *)entries - (char *)ring;
    ring->cells = (char *)cells - (char *)ring;
    atomic_init(&ring->head, 0);
    atomic_init(&ring->tail, filled_count);
    for (uint64_t i = 0; i < entry_count; i++)
        atomic_init(&entries[i], entry_of(i < filled_count ? i : i - entry_count, i));
    for (uint32_t i = 0; i < filled_count; i++)
        atomic_init(&cells[i], word_of(place, i, PL_NOBODY));
}

/* Whoever sees that the cell at *counter is taken, or published, moves it on for all. */
static void help(_Atomic uint64_t *counter, uint64_t seen)
{
    /* Release: publishes the entry that was seen at `seen` along with the count. Sequentially consistent for the
     * order between takers and publishers that wait for each other. */
    (void)pl_cas_seq_cst(counter, &seen, seen + 1);
}

enum pl_cell_result pl_cell_ring_take(struct pl_cell_ring *ring, pl_participant_id self, uint32_t *cell)
{
    for (;;) {
        /* Sequentially consistent: partner of the swap in publish(); see pl_bell_listen(). */
        uint64_t ticket = pl_load_seq_cst(&ring->head);
        uint64_t entry = pl_load_seq_cst(entry_at(ring, ticket));
        if (has_ticket(entry, ticket - ring->entry_count))
            return PL_CELL_NONE;
        if (!has_ticket(entry, ticket))
            continue; /* `ticket` is outdated */
        uint64_t number = entry & NUMBER_MASK;
        if (number == CLOSED_MARK)
            return PL_CELL_CLOSED;
        /* Acquire: pairs with the release in publish(). The swap decides who holds the cell; it reads what was put into
         * the cell before. */
        uint64_t word = pl_load_acquire(cell_at(ring, number));
        bool is_taken = (word & ~HOLDER_MASK) != word_of(ring->place, ticket, PL_NOBODY);
        if (!is_taken && !pl_cas_acq_rel(cell_at(ring, number), &word, word_of(PL_CELL_HELD, ticket, self)))
            is_taken = true;
        help(&ring->head, ticket);
        if (is_taken)
            continue;
        *cell = (uint32_t)number;
        return PL_CELL_OK;
    }
}

/* Puts `entry_cell` at the end of the line; before each attempt the cell's word says where. */
static enum pl_cell_result append(struct pl_cell_ring *ring, pl_participant_id self, uint64_t number)
{
    for (;;) {
        /* Acquire: pairs with help(); the entries before the tail are seen. */
        uint64_t ticket = pl_load_acquire(&ring->tail);
        uint64_t entry = pl_load_acquire(entry_at(ring, ticket));
        if (has_ticket(entry, ticket)) {
            if ((entry & NUMBER_MASK) == CLOSED_MARK)
                return PL_CELL_CLOSED;
            help(&ring->tail, ticket);
            continue;
        }
        if (!has_ticket(entry, ticket - ring->entry_count))
            continue; /* `ticket` is outdated */
        if (number != CLOSED_MARK)
            /* Release: publishes what was put into the cell to take(). Ours to write: we hold it. */
            pl_store_release(cell_at(ring, number), word_of(ring->place, ticket, self));
        /* Sequentially consistent: partner of the loads in take(). From here on the cell belongs to its taker. */
        if (pl_cas_seq_cst(entry_at(ring, ticket), &entry, entry_of(ticket, number))) {
            if (number != CLOSED_MARK)
                help(&ring->tail, ticket);
            return PL_CELL_OK;
        }
    }
}

enum pl_cell_result pl_cell_ring_publish(struct pl_cell_ring *ring, pl_participant_id self, uint32_t cell)
{
    return append(ring, self, cell);
}

void pl_cell_ring_close(struct pl_cell_ring *ring)
{
    (void)append(ring, PL_NOBODY, CLOSED_MARK);
}

bool pl_cell_ring_is_closed(struct pl_cell_ring *ring)
{
    for (;;) {
        /* Acquire: pairs with help(), and with the swap in append(). */
        uint64_t ticket = pl_load_acquire(&ring->tail);
        uint64_t entry = pl_load_acquire(entry_at(ring, ticket));
        if (!has_ticket(entry, ticket))
            return false;
        if ((entry & NUMBER_MASK) == CLOSED_MARK)
            return true;
        help(&ring->tail, ticket);
    }
}

uint64_t pl_cell_ring_count(struct pl_cell_ring *ring)
{
    /* Acquire: head first, so that the tail, which is read later, is not behind it by more than a step. */
    uint64_t head = pl_load_acquire(&ring->head);
    uint64_t tail = pl_load_acquire(&ring->tail);
    return tail > head ? tail - head : 0;
}

/* A cell whose word names an entry is in the line if that entry names the cell. */
static bool is_in_line(struct pl_cell_ring *ring, uint64_t word, uint32_t cell)
{
    uint64_t ticket = word >> PL_PARTICIPANT_ID_BITS & NUMBER_MASK;
    uint64_t entry = pl_load_acquire(entry_at(ring, ticket)); /* pairs with the swap in append() */
    return (entry & NUMBER_MASK) == cell && (entry >> PL_CELL_NUMBER_BITS & NUMBER_MASK) == ticket;
}

bool pl_cell_recover(struct pl_space *space, struct pl_cell_ring *free, struct pl_cell_ring *ready, uint32_t cell,
                     pl_participant_id self)
{
    /* Acquire: pairs with the swaps and stores of whoever held it. */
    uint64_t word = pl_load_acquire(cell_at(free, cell));
    enum pl_cell_place place = (enum pl_cell_place)(word >> PLACE_SHIFT);
    if (place != PL_CELL_HELD && is_in_line(place == PL_CELL_FREE ? free : ready, word, cell))
        return false;
    if (!pl_participant_is_gone(space, word & HOLDER_MASK))
        return false;
    /* A participant that is gone publishes nothing any more; but it may have done so after the look above. */
    if (place != PL_CELL_HELD && is_in_line(place == PL_CELL_FREE ? free : ready, word, cell))
        return false;
    /* Acquire and release: the word is the dead one's last, or the cell has been recovered by another. */
    return pl_cas_acq_rel(cell_at(free, cell), &word, word_of(PL_CELL_HELD, 0, self));
}
