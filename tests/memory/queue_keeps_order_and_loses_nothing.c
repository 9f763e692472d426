/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libparallel/queue.h>

#include "tests/memory/space.h"
#include "tests/support/property.h"

enum { PRODUCERS = 4, CONSUMERS = 4, EACH = 5000 };

struct item {
    uint32_t producer;
    uint32_t number;
    uint64_t check; /* of the two: an item that is torn shows */
};

static parallel_queue *new_queue(size_t item_bytes, size_t capacity, bool shared)
{
    parallel_queue *queue = NULL;
    ck_assert_ok(parallel_queue_create(
        &(parallel_queue_options){.item_bytes = item_bytes, .capacity = capacity, .shared = shared}, &queue));
    ck_assert_ptr_nonnull(queue);
    ck_assert_int_eq(parallel_shared_contains(queue), shared);
    return queue;
}

PROPERTY(items_come_out_in_the_order_in_which_they_went_in)
{
    for (size_t capacity = 1; capacity < 70; capacity += capacity / 3 + 1) {
        parallel_queue *queue = new_queue(sizeof(int), capacity, false);
        int in = 0, out = 0, item;
        for (int round = 0; round < 50; round++) {
            while (parallel_queue_push(queue, &in, PARALLEL_POLL) == 0)
                in++;
            ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ETIMEDOUT);
            ck_assert_int_eq(in - out, (int)capacity);
            ck_assert_uint_eq(parallel_queue_count(queue), capacity);
            for (int i = 0; i < round % (int)capacity + 1; i++) {
                ck_assert_ok(parallel_queue_pop(queue, PARALLEL_POLL, &item));
                ck_assert_int_eq(item, out++);
            }
        }
        while (parallel_queue_pop(queue, PARALLEL_POLL, &item) == 0)
            ck_assert_int_eq(item, out++);
        ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ETIMEDOUT);
        ck_assert_int_eq(in, out);
        ck_assert_uint_eq(parallel_queue_count(queue), 0);
        parallel_queue_destroy(queue);
    }
}
PROPERTY_END

PROPERTY(items_of_every_size_arrive_whole)
{
    static const size_t sizes[] = {1, 3, 8, 15, 16, 17, 100, 4096, 100000};
    static unsigned char in[100000], out[100000];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        parallel_queue *queue = new_queue(sizes[i], 3, i % 2 == 0);
        for (int round = 0; round < 10; round++) {
            memset(in, round + 1, sizes[i]);
            ck_assert_ok(parallel_queue_push(queue, in, PARALLEL_NEVER));
            memset(in, 0xee, sizes[i]);
            ck_assert_ok(parallel_queue_push(queue, in, PARALLEL_NEVER));
            ck_assert_ok(parallel_queue_pop(queue, PARALLEL_NEVER, out));
            ck_assert(out[0] == round + 1 && memcmp(out, out + 1, sizes[i] - 1) == 0);
            ck_assert_ok(parallel_queue_pop(queue, PARALLEL_NEVER, out));
            ck_assert(out[0] == 0xee && out[sizes[i] - 1] == 0xee);
        }
        parallel_queue_destroy(queue);
    }
}
PROPERTY_END

/* What all sides share: in shared memory if they are processes. */
struct exchange {
    parallel_queue *queue;
    _Atomic uint32_t next_producer;
    _Atomic uint32_t faults;
    _Atomic uint32_t received;
    _Atomic unsigned char seen[PRODUCERS][EACH];
};

static uint64_t check_of(uint32_t producer, uint32_t number)
{
    return ((uint64_t)producer << 32 | number) * 0x9e3779b97f4a7c15u;
}

static void *produce(void *context)
{
    struct exchange *exchange = context;
    uint32_t me = atomic_fetch_add(&exchange->next_producer, 1);
    for (uint32_t i = 0; i < EACH; i++) {
        struct item item = {me, i, check_of(me, i)};
        if (parallel_queue_push(exchange->queue, &item, PARALLEL_NEVER) != 0)
            atomic_fetch_add(&exchange->faults, 1);
    }
    return NULL;
}

static void *consume(void *context)
{
    struct exchange *exchange = context;
    uint32_t next[PRODUCERS] = {0};
    struct item item;
    int code;
    while ((code = parallel_queue_pop(exchange->queue, PARALLEL_NEVER, &item)) == 0) {
        /* Each consumer sees the items of one producer in order, with holes that the others fill. */
        if (item.producer >= PRODUCERS || item.number < next[item.producer] ||
            item.check != check_of(item.producer, item.number) ||
            atomic_exchange(&exchange->seen[item.producer][item.number], 1) != 0)
            atomic_fetch_add(&exchange->faults, 1);
        else
            next[item.producer] = item.number + 1;
        atomic_fetch_add(&exchange->received, 1);
    }
    if (code != PARALLEL_ECLOSED)
        atomic_fetch_add(&exchange->faults, 1);
    return NULL;
}

static void check_exchange(struct exchange *exchange)
{
    ck_assert_uint_eq(atomic_load(&exchange->faults), 0);
    ck_assert_uint_eq(atomic_load(&exchange->received), PRODUCERS * EACH);
    ck_assert_uint_eq(parallel_queue_count(exchange->queue), 0);
    parallel_queue_destroy(exchange->queue);
}

static void exchange_between_threads(size_t capacity)
{
    static struct exchange exchange;
    memset(&exchange, 0, sizeof exchange);
    exchange.queue = new_queue(sizeof(struct item), capacity, false);
    pthread_t producers[PRODUCERS], consumers[CONSUMERS];
    for (int i = 0; i < CONSUMERS; i++)
        ck_assert_int_eq(pthread_create(&consumers[i], NULL, consume, &exchange), 0);
    for (int i = 0; i < PRODUCERS; i++)
        ck_assert_int_eq(pthread_create(&producers[i], NULL, produce, &exchange), 0);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producers[i], NULL);
    parallel_queue_close(exchange.queue);
    for (int i = 0; i < CONSUMERS; i++)
        pthread_join(consumers[i], NULL);
    check_exchange(&exchange);
}

PROPERTY(threads_exchange_each_item_once)
{
    exchange_between_threads(1);
    exchange_between_threads(7);
    exchange_between_threads(1000);
}
PROPERTY_END

static pid_t start_process(void *(*body)(void *context), void *context)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        body(context);
        _exit(0);
    }
    return child;
}

static void wait_for_process(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

static void exchange_between_processes(size_t capacity)
{
    struct exchange *exchange = block_of(sizeof *exchange);
    exchange->queue = new_queue(sizeof(struct item), capacity, true);
    pid_t producers[PRODUCERS], consumers[CONSUMERS];
    for (int i = 0; i < CONSUMERS; i++)
        consumers[i] = start_process(consume, exchange);
    for (int i = 0; i < PRODUCERS; i++)
        producers[i] = start_process(produce, exchange);
    for (int i = 0; i < PRODUCERS; i++)
        wait_for_process(producers[i]);
    parallel_queue_close(exchange->queue);
    for (int i = 0; i < CONSUMERS; i++)
        wait_for_process(consumers[i]);
    check_exchange(exchange);
    ck_assert_ok(parallel_shared_free(exchange));
}

PROPERTY(processes_exchange_each_item_once)
{
    exchange_between_processes(1);
    exchange_between_processes(7);
    exchange_between_processes(1000);
}
PROPERTY_END

PROPERTIES(items_come_out_in_the_order_in_which_they_went_in, items_of_every_size_arrive_whole,
           threads_exchange_each_item_once, processes_exchange_each_item_once)
