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

static void *be_rival(void *rival)
{
    uint16_t number = (uint16_t)(uintptr_t)rival;
    for (uint32_t generation = 1; generation <= ROUNDS; generation++) {
        pthread_barrier_wait(&barrier);
        if (number == RIVALS) {
            if (pl_slot_withdraw(&slot, generation))
                pl_add_relaxed(&withdrawals, 1);
            else if (pl_slot_stop(&slot, generation) != 0)
                pl_add_relaxed(&stops, 1);
        } else if (pl_slot_claim(&slot, generation, number)) {
            pl_add_relaxed(&claims, 1);
            if (pl_slot_finish(&slot, generation, number))
                pl_add_relaxed(&finishes, 1);
        }
    }
    return NULL;
}

PROPERTY(one_party_wins_each_step)
{
    pthread_barrier_init(&barrier, NULL, RIVALS);
    pthread_t threads[RIVALS];
    for (uintptr_t i = 0; i < RIVALS; i++)
        pthread_create(&threads[i], NULL, be_rival, (void *)(i + 1));
    for (int i = 0; i < RIVALS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
    ck_assert_uint_eq(claims + withdrawals, ROUNDS);
    ck_assert_uint_eq(finishes + stops, claims);
    ck_assert_uint_eq(pl_slot_generation_of(pl_slot_look(&slot)), ROUNDS);
}
PROPERTY_END

PROPERTY(a_stopped_call_cannot_be_finished_nor_a_stranger_s)
{
    ck_assert(pl_slot_claim(&slot, 1, 7));
    ck_assert(!pl_slot_claim(&slot, 1, 8));
    ck_assert(!pl_slot_withdraw(&slot, 1));
    ck_assert(!pl_slot_finish(&slot, 1, 8));
    ck_assert_uint_eq(pl_slot_stop(&slot, 1), 7);
    ck_assert(!pl_slot_finish(&slot, 1, 7));
    ck_assert_uint_eq(pl_slot_stop(&slot, 1), 0);
    ck_assert(!pl_slot_claim(&slot, 1, 7));
}
PROPERTY_END

/* Whatever has become of the call before. */
PROPERTY(a_call_is_pending_from_the_end_of_the_one_before)
{
    for (uint32_t generation = (uint32_t)-2; generation != 6; generation++) { /* they go round */
        slot = (struct pl_slot){.word = pl_slot_word(generation - 1, 3, (enum pl_slot_state)(generation % 6))};
        ck_assert_int_eq(pl_slot_state_of(pl_slot_look(&slot), generation), PL_SLOT_PENDING);
        ck_assert(!pl_slot_claim(&slot, generation - 1, 4)); /* by a hint of the call before */
        ck_assert(!pl_slot_withdraw(&slot, generation + 1));
        ck_assert_uint_eq(pl_slot_stop(&slot, generation), 0);
        ck_assert(pl_slot_claim(&slot, generation, 4));
        ck_assert_int_eq(pl_slot_state_of(pl_slot_look(&slot), generation), PL_SLOT_RUNNING);
        ck_assert_uint_ne(pl_slot_tag(generation), 0);
    }
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

static bool give_hint(struct pl_crew *crew, struct pl_crew_end *end, uint32_t index, uint32_t generation)
{
    return pl_crew_hint(crew, end, &(struct pl_call_hint){.slot = index, .generation = generation});
}

PROPERTY(hints_are_taken_in_order_and_stale_ones_do_no_harm)
{
    struct pl_crew *crew = open_crew();
    struct pl_crew_end end = {.tail = 0};
    for (uint32_t i = 0; i < 3; i++)
        ck_assert(give_hint(crew, &end, i, 1));
    ck_assert(give_hint(crew, &end, 2, 1)); /* once more, as after a death */
    ck_assert(pl_slot_withdraw(&crew->slots[1], 1));
    struct pl_claimed_call taken = {.slot = 99};
    ck_assert(pl_crew_claim(crew, 1, &taken));
    ck_assert_uint_eq(taken.slot, 0);
    ck_assert(pl_crew_claim(crew, 2, &taken));
    ck_assert_uint_eq(taken.slot, 2);
    ck_assert(!pl_crew_claim(crew, 3, &taken));
    ck_assert_uint_eq(pl_crew_head(crew), end.tail);
    ck_assert_uint_eq(pl_slot_number_of(pl_slot_look(&crew->slots[2])), 2);
}
PROPERTY_END

PROPERTY(a_small_call_goes_with_its_hint)
{
    static const parallel_function function = {.name = "small"};
    struct pl_crew *crew = open_crew();
    struct pl_crew_end end = {.tail = 0};
    char sent[PL_CREW_ARGUMENT_BYTES];
    for (size_t size = 0; size <= sizeof sent; size++) {
        memset(sent, (int)size + 1, sizeof sent);
        const struct pl_small_call small = {&function, sent, size};
        const struct pl_call_hint hint = {.slot = 7, .generation = (uint32_t)size + 1, .small = &small};
        struct pl_claimed_call taken;
        ck_assert(pl_crew_hint(crew, &end, &hint));
        ck_assert(pl_crew_claim(crew, 1, &taken));
        ck_assert_uint_eq(taken.slot, 7);
        ck_assert_uint_eq(taken.generation, size + 1);
        ck_assert_ptr_eq(taken.function, &function);
        ck_assert_mem_eq(taken.arguments, sent, size);
    }
}
PROPERTY_END

PROPERTY(a_hint_says_whether_earlier_calls_have_ended)
{
    struct pl_crew *crew = open_crew();
    struct pl_crew_end end = {.tail = 0};
    struct pl_claimed_call taken;
    bool is_settled = true;
    ck_assert(!pl_crew_has_hint(crew, &is_settled));
    ck_assert(!is_settled);
    for (int round = 0; round < 4; round++) {
        const struct pl_call_hint hint = {.slot = 1, .generation = (uint32_t)round + 1, .is_settled = round % 2 != 0};
        ck_assert(pl_crew_hint(crew, &end, &hint));
        ck_assert(pl_crew_has_hint(crew, &is_settled));
        ck_assert_int_eq(is_settled, hint.is_settled);
        ck_assert(pl_crew_claim(crew, 1, &taken));
        ck_assert_uint_eq(taken.slot, 1);
    }
}
PROPERTY_END

PROPERTY(a_full_ring_refuses_and_goes_round)
{
    struct pl_crew *crew = open_crew();
    struct pl_crew_end end = {.tail = 0};
    struct pl_claimed_call taken;
    for (int round = 0; round < 3; round++) {
        uint32_t given = 0;
        while (give_hint(crew, &end, given % PL_CREW_SLOTS, 0))
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
        struct pl_claimed_call call = {.slot = (uint32_t)(number % PL_CREW_SLOTS)};
        call.generation = pl_slot_generation_of(pl_slot_look(&crew->slots[call.slot])) + 1;
        bool has_result = number % 3 == 0;
        ck_assert(pl_slot_claim(&crew->slots[call.slot], call.generation, 5));
        ck_assert(pl_crew_finish(crew, seat, 5, &written, &call, has_result ? &number : NULL));
        ck_assert(pl_crew_collect(crew, seat, &read, &found));
        ck_assert_uint_eq(found.slot, call.slot);
        ck_assert_uint_eq(found.generation, call.generation);
        ck_assert_int_eq(found.has_result, has_result);
        if (has_result)
            ck_assert_uint_eq(found.result, number);
        ck_assert(!pl_crew_collect(crew, seat, &read, &found));
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

PROPERTY(who_announces_rings_if_it_is_wanted_and_takes_the_wish_away)
{
    struct pl_crew *crew = open_crew();
    struct pl_seat *seat = parallel_shared_alloc(sizeof *seat);
    ck_assert_ptr_nonnull(seat);
    uint64_t written = 0;
    for (uint32_t round = 0; round < 4; round++) {
        const struct pl_claimed_call call = {.slot = 7, .generation = round + 1};
        ck_assert(pl_slot_claim(&crew->slots[7], call.generation, 5));
        ck_assert(pl_crew_finish(crew, seat, 5, &written, &call, NULL));
        pl_store_relaxed(&crew->wants_bell, round % 2);
        pl_crew_announce(crew);
        ck_assert_uint_eq(pl_load_relaxed(&crew->wants_bell), 0);
        ck_assert_uint_eq(pl_load_relaxed(&crew->board->bell), (round + 1) / 2);
    }
}
PROPERTY_END

PROPERTIES(one_party_wins_each_step, a_stopped_call_cannot_be_finished_nor_a_stranger_s,
           a_call_is_pending_from_the_end_of_the_one_before, hints_are_taken_in_order_and_stale_ones_do_no_harm,
           a_small_call_goes_with_its_hint, a_hint_says_whether_earlier_calls_have_ended,
           a_full_ring_refuses_and_goes_round, what_is_finished_is_collected_once_and_in_order,
           a_ring_goes_on_beyond_what_a_cell_can_say_of_its_ticket,
           who_announces_rings_if_it_is_wanted_and_takes_the_wish_away)
