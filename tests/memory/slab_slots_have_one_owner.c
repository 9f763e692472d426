/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A slot of a slab belongs to one record from allocation to free, whoever frees it: each record is filled with a pattern
 * of its own, handed to another thread through a board of exchange, checked there and freed. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libparallel/memory/slab.h"
#include "tests/support/property.h"
#include "tests/support/sanitizer.h"
#include "tests/support/threads.h"

enum { THREADS = 4, BOARD = 1024, ROUNDS = 100000 };

struct record {
    size_t size;
    uint64_t pattern[];
};

static _Atomic(struct record *) board[BOARD];
static _Atomic uint64_t next_pattern = 1;

static size_t words_of(const struct record *record)
{
    return (record->size - sizeof *record) / sizeof record->pattern[0];
}

static struct record *make(size_t size)
{
    struct record *record = pl_slab_allocate(size);
    if (record == NULL)
        return NULL;
    record->size = size;
    uint64_t pattern = atomic_fetch_add(&next_pattern, 1);
    for (size_t i = 0; i < words_of(record); i++)
        record->pattern[i] = pattern;
    return record;
}

/* The number of words that somebody else has written to. */
static size_t take_down(struct record *record)
{
    size_t wrong = 0;
    for (size_t i = 0; i < words_of(record); i++)
        wrong += record->pattern[i] != record->pattern[0];
    memset(record->pattern, 0xff, words_of(record) * sizeof record->pattern[0]);
    pl_slab_free(record, record->size);
    return wrong;
}

static void *exchange_records(void *seed)
{
    uint64_t random = (uintptr_t)seed;
    size_t wrong = 0;
    for (int i = 0; i < ROUNDS; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        struct record *record = make(24 + (random >> 33) % (PL_SLAB_LARGEST - 23));
        if (record == NULL)
            return (void *)1;
        record = atomic_exchange(&board[(random >> 20) % BOARD], record);
        if (record != NULL)
            wrong += take_down(record);
    }
    return (void *)wrong;
}

PROPERTY(records_that_wander_between_threads_stay_whole)
{
    struct test_thread threads[THREADS];
    for (int round = 0; round < 3; round++) { /* the slabs of ended threads are used again */
        for (uintptr_t i = 0; i < THREADS; i++)
            start_thread(&threads[i], exchange_records, (void *)(i + 1));
        for (int i = 0; i < THREADS; i++)
            ck_assert_ptr_null(join_thread(&threads[i]));
        size_t position = 0;
        while (pl_slab_trim(&position))
            continue;
    }
    size_t wrong = 0;
    for (int i = 0; i < BOARD; i++)
        if (board[i] != NULL)
            wrong += take_down(board[i]);
    ck_assert_uint_eq(wrong, 0);
}
PROPERTY_END

static atomic_bool has_ended;

static void *trim_all_the_time(void *unused)
{
    (void)unused;
    while (!has_ended) {
        size_t position = 0;
        while (pl_slab_trim(&position))
            continue;
    }
    return NULL;
}

PROPERTY(records_stay_whole_while_memory_is_given_back)
{
    struct test_thread threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        start_thread(&threads[i], i == 0 ? trim_all_the_time : exchange_records, (void *)(i + 1));
    for (int i = 1; i < THREADS; i++)
        ck_assert_ptr_null(join_thread(&threads[i]));
    has_ended = true;
    join_thread(&threads[0]);
    size_t wrong = 0;
    for (int i = 0; i < BOARD; i++)
        if (board[i] != NULL)
            wrong += take_down(board[i]);
    ck_assert_uint_eq(wrong, 0);
}
PROPERTY_END

PROPERTY(slots_of_every_size_are_aligned_and_apart)
{
    char *previous = NULL;
    for (size_t size = 1; size <= PL_SLAB_LARGEST; size++) {
        char *slot = pl_slab_allocate(size);
        ck_assert_ptr_nonnull(slot);
        ck_assert_uint_eq((uintptr_t)slot % 64, 0);
        memset(slot, 1, size);
        if (previous != NULL)
            ck_assert_int_eq(previous[size - 2], 1);
        pl_slab_free(previous, size - 1);
        previous = slot;
    }
    pl_slab_free(previous, PL_SLAB_LARGEST);
    pl_slab_free(NULL, 1);
}
PROPERTY_END

/* Beside a thread that allocates, except under the address sanitizer: there a slab is its malloc, whose locks no fork holds, and
 * a child may hang in it (docs/protocols/fork-call.md). */
PROPERTY(a_forked_child_goes_on_with_what_it_inherits)
{
    struct record *mine[200];
    for (int i = 0; i < 200; i++)
        ck_assert_ptr_nonnull(mine[i] = make(128));
    struct test_thread thread;
    if (!UNDER_ADDRESS_SANITIZER)
        start_thread(&thread, exchange_records, (void *)7);
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) {
            size_t wrong = 0;
            for (int k = 0; k < 200; k++)
                wrong += take_down(mine[k]);
            for (int k = 0; k < 1000; k++) {
                struct record *record = make(128);
                wrong += record == NULL ? 1 : take_down(record);
            }
            _exit(wrong != 0);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
    }
    if (!UNDER_ADDRESS_SANITIZER)
        ck_assert_ptr_null(join_thread(&thread));
    for (int i = 0; i < 200; i++)
        ck_assert_uint_eq(take_down(mine[i]), 0);
}
PROPERTY_END

PROPERTIES(records_that_wander_between_threads_stay_whole, records_stay_whole_while_memory_is_given_back,
           slots_of_every_size_are_aligned_and_apart, a_forked_child_goes_on_with_what_it_inherits)
