/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/executors/crew.h"

#include <pthread.h>
#include <string.h>

#include <libparallel/shared.h>

#include "tests/support/property.h"

enum { RIVALS = 4, ROUNDS = 20000 };

static struct pl_slot slot;
static pthread_barrier_t barrier;
static _Atomic unsigned claims, withdrawals, finishes, stops;

static void publish(struct pl_slot *free_slot)
{
    pl_slot_publish(free_slot, pl_slot_next_generation(free_slot));
}

static bool finish(struct pl_slot *claimed, uint16_t number)
{
    uint32_t generation;
    return pl_slot_finish(claimed, number, &generation);
}

static void *be_rival(void *rival)
{
    uint16_t number = (uint16_t)(uintptr_t)rival;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&barrier);
        if (number == RIVALS) {
            if (pl_slot_withdraw(&slot))
                pl_add_relaxed(&withdrawals, 1);
            else if (pl_slot_stop(&slot) != 0)
                pl_add_relaxed(&stops, 1);
        } else if (pl_slot_claim(&slot, number)) {
            pl_add_relaxed(&claims, 1);
            if (finish(&slot, number))
                pl_add_relaxed(&finishes, 1);
        }
        pthread_barrier_wait(&barrier);
        if (number == RIVALS) {
            pl_slot_free(&slot);
            publish(&slot);
        }
    }
    return NULL;
}

PROPERTY(one_party_wins_each_step)
{
    publish(&slot);
    pthread_barrier_init(&barrier, NULL, RIVALS);
    pthread_t threads[RIVALS];
    for (uintptr_t i = 0; i < RIVALS; i++)
        pthread_create(&threads[i], NULL, be_rival, (void *)(i + 1));
    for (int i = 0; i < RIVALS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
    ck_assert_uint_eq(claims + withdrawals, ROUNDS);
    ck_assert_uint_eq(finishes + stops, claims);
    ck_assert_uint_eq(pl_slot_look(&slot) >> 32, ROUNDS + 1); /* one generation each */
}
PROPERTY_END

PROPERTY(a_stopped_call_cannot_be_finished_nor_a_stranger_s)
{
    publish(&slot);
    ck_assert(pl_slot_claim(&slot, 7));
    ck_assert(!pl_slot_claim(&slot, 8));
    ck_assert(!pl_slot_withdraw(&slot));
    ck_assert(!finish(&slot, 8));
    ck_assert_uint_eq(pl_slot_stop(&slot), 7);
    ck_assert(!finish(&slot, 7));
    ck_assert_uint_eq(pl_slot_stop(&slot), 0);
    pl_slot_free(&slot);
    ck_assert(!pl_slot_claim(&slot, 7));
}
PROPERTY_END

static struct pl_crew *open_crew(void)
{
    struct pl_crew *crew = parallel_shared_alloc(sizeof *crew);
    ck_assert_ptr_nonnull(crew);
    crew->board = parallel_shared_alloc(sizeof *crew->board);
    ck_assert_ptr_nonnull(crew->board);
    return crew;
}

PROPERTY(hints_are_taken_in_order_and_stale_ones_do_no_harm)
{
    struct pl_crew *crew = open_crew();
    struct pl_crew_end end = {.tail = 0};
    for (uint32_t i = 0; i < 3; i++) {
        publish(&crew->slots[i]);
        ck_assert(pl_crew_hint(crew, &end, i));
    }
    ck_assert(pl_crew_hint(crew, &end, 2)); /* once more, as after a death */
    ck_assert(pl_slot_withdraw(&crew->slots[1]));
    uint32_t taken = 99;
    ck_assert(pl_crew_claim(crew, 1, &taken));
    ck_assert_uint_eq(taken, 0);
    ck_assert(pl_crew_claim(crew, 2, &taken));
    ck_assert_uint_eq(taken, 2);
    ck_assert(!pl_crew_claim(crew, 3, &taken));
    ck_assert_uint_eq(pl_crew_head(crew), end.tail);
    ck_assert_uint_eq(pl_slot_number_of(pl_slot_look(&crew->slots[2])), 2);
}
PROPERTY_END

PROPERTY(a_full_ring_refuses_and_goes_round)
{
    struct pl_crew *crew = open_crew();
    struct pl_crew_end end = {.tail = 0};
    uint32_t taken;
    for (int round = 0; round < 3; round++) {
        uint32_t given = 0;
        while (pl_crew_hint(crew, &end, given % PL_CREW_SLOTS))
            given++;
        ck_assert_uint_eq(given, PL_CREW_HINTS);
        ck_assert(!pl_crew_claim(crew, 1, &taken)); /* all are stale */
        ck_assert_uint_eq(pl_crew_head(crew), end.tail);
    }
}
PROPERTY_END

/* Calls `from` to `to` - 1 of a worker's life. */
static void finish_and_collect(uint64_t from, uint64_t to)
{
    struct pl_crew *crew = open_crew();
    struct pl_seat *seat = parallel_shared_alloc(sizeof *seat);
    ck_assert_ptr_nonnull(seat);
    uint64_t written = from, read = from;
    struct pl_done_call found;
    ck_assert(!pl_crew_collect(crew, seat, &read, &found));
    for (uint64_t number = from; number < to; number++) {
        uint32_t index = (uint32_t)(number % PL_CREW_SLOTS);
        uint32_t generation = pl_slot_next_generation(&crew->slots[index]);
        bool has_result = number % 3 == 0;
        publish(&crew->slots[index]);
        ck_assert(pl_slot_claim(&crew->slots[index], 5));
        ck_assert(pl_crew_finish(crew, seat, 5, &written, index, has_result ? &number : NULL));
        ck_assert(pl_crew_collect(crew, seat, &read, &found));
        ck_assert_uint_eq(found.slot, index);
        ck_assert_uint_eq(found.generation, generation);
        ck_assert_int_eq(found.has_result, has_result);
        if (has_result)
            ck_assert_uint_eq(found.result, number);
        ck_assert(!pl_crew_collect(crew, seat, &read, &found));
        pl_slot_free(&crew->slots[index]);
    }
}

PROPERTY(what_is_finished_is_collected_once_and_in_order)
{
    finish_and_collect(0, 2 * PL_SEAT_DONE_CELLS);
}
PROPERTY_END

/* Its ticket is kept in part only: a worker may make any number of calls in its life. */
PROPERTY(a_ring_goes_on_beyond_what_a_cell_can_say_of_its_ticket)
{
    const uint64_t limit = UINT64_C(1) << (64 - PL_DONE_TICKET_SHIFT);
    finish_and_collect(limit - 3 * PL_SEAT_DONE_CELLS / 2, limit + PL_SEAT_DONE_CELLS);
}
PROPERTY_END

PROPERTY(only_what_nobody_has_collected_is_announced)
{
    struct pl_crew *crew = open_crew();
    struct pl_seat *seat = parallel_shared_alloc(sizeof *seat);
    ck_assert_ptr_nonnull(seat);
    uint64_t written = 0;
    for (int round = 0; round < 2; round++) {
        bool is_collected = round == 1;
        publish(&crew->slots[7]);
        ck_assert(pl_slot_claim(&crew->slots[7], 5));
        ck_assert(pl_crew_finish(crew, seat, 5, &written, 7, NULL));
        if (is_collected)
            pl_slot_free(&crew->slots[7]);
        pl_store_relaxed(&crew->wants_bell, 1);
        pl_crew_announce(crew, seat, 5, written, 7);
        ck_assert_uint_eq(pl_load_relaxed(&crew->wants_bell), is_collected);
        if (!is_collected)
            pl_slot_free(&crew->slots[7]);
    }
    ck_assert_uint_eq(pl_load_relaxed(&crew->board->bell), 1);
}
PROPERTY_END

PROPERTIES(one_party_wins_each_step, a_stopped_call_cannot_be_finished_nor_a_stranger_s,
           hints_are_taken_in_order_and_stale_ones_do_no_harm, a_full_ring_refuses_and_goes_round,
           what_is_finished_is_collected_once_and_in_order, a_ring_goes_on_beyond_what_a_cell_can_say_of_its_ticket,
           only_what_nobody_has_collected_is_announced)
