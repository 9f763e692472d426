/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A call that names a place runs there if the worker of that place is to be had, and elsewhere if not; none is lost, whoever
 * is busy, leaves, or closes the executor; and a wish that cannot be read, or met, is an error that says which. */
#include <parallel.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "tests/executors/calls.h"
#include "tests/executors/marks.h"
#include "tests/support/property.h"
#include "tests/support/seed.h"

enum { STARTED, GATE };

static int cpus[2];          /* two of ours, by the kernel's numbers */
static char places[2][32];   /* a mask of each */
static char both_places[80];

static int cpu_here(void)
{
    return sched_getcpu();
}
PARALLEL_FN(int, cpu_here)

static parallel_executor *open_on_both(size_t queue_limit)
{
    parallel_executor *executor;
    parallel_executor_options options = parallel_executor_options_default();
    options.kind = "threads";
    options.workers = 2;
    options.places = both_places;
    options.queue_limit = queue_limit;
    ck_assert_int_eq(parallel_executor_open_with(&options, &executor), 0);
    return executor;
}

static parallel_call_options at(int which)
{
    return (parallel_call_options){.place = places[which]};
}

PROPERTY(the_first_worker_sits_down_there)
{
    for (int i = 0; i < 40; i++) {
        parallel_executor *executor = open_on_both(0);
        const parallel_call_options there = at(i % 2);
        ck_assert_int_eq(cpu_here_await(cpu_here_on_with(executor, &there)), cpus[i % 2]);
        ck_assert_int_eq(parallel_executor_close(executor), 0);
    }
}
PROPERTY_END

enum { PAIRS = 24 }; /* fewer than the calls after which a worker looks elsewhere first */

static atomic_int met[PAIRS];

/* The two calls of a pair run at once, so neither worker can do what is the other one's. */
static int meet(int pair)
{
    atomic_fetch_add(&met[pair], 1);
    while (atomic_load(&met[pair]) < 2)
        sched_yield();
    return sched_getcpu();
}
PARALLEL_FN(int, meet, int)

PROPERTY(each_worker_takes_its_own_first)
{
    map_marks();
    parallel_executor *executor = open_on_both(0);
    parallel_future *held[2], *futures[2][PAIRS];
    for (int k = 0; k < 2; k++)
        held[k] = hold_on(executor, k, STARTED, GATE);
    wait_for_mark(STARTED, 2);
    for (int k = 0; k < 2; k++)
        for (int pair = 0; pair < PAIRS; pair++) {
            const parallel_call_options there = at(k);
            futures[k][pair] = meet_on_with(executor, &there, pair);
        }
    make_mark(GATE);
    for (int k = 0; k < 2; k++)
        for (int pair = 0; pair < PAIRS; pair++)
            ck_assert_int_eq(meet_await(futures[k][pair]), cpus[k]);
    for (int k = 0; k < 2; k++)
        ck_assert_int_eq(hold_await(held[k]), k);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}
PROPERTY_END

PROPERTY(nobody_waits_for_a_worker_that_is_busy)
{
    map_marks();
    parallel_executor *executor = open_on_both(0);
    for (int which = 0; which < 2; which++) {
        const parallel_call_options there = at(which);
        parallel_future *busy = hold_on_with(executor, &there, 7, STARTED, GATE + which);
        wait_for_mark(STARTED, (uint32_t)which + 1);
        for (int i = 0; i < 20; i++)
            ck_assert_int_eq(echo_await(echo_on_with(executor, &there, i)), i);
        make_mark(GATE + which);
        ck_assert_int_eq(hold_await(busy), 7);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}
PROPERTY_END

PROPERTY(calls_for_a_seat_that_is_gone_are_made)
{
    enum { CALLS = 10 };
    map_marks();
    parallel_executor *executor = open_on_both(0);
    parallel_future *held[2], *futures[CALLS];
    const parallel_call_options there = at(1);
    for (int k = 0; k < 2; k++)
        held[k] = hold_on(executor, k, STARTED, GATE);
    wait_for_mark(STARTED, 2);
    for (int i = 0; i < CALLS; i++)
        futures[i] = echo_on_with(executor, &there, i);
    ck_assert_int_eq(parallel_executor_resize(executor, 1), 0);
    make_mark(GATE);
    for (int i = 0; i < CALLS; i++)
        ck_assert_int_eq(echo_await(futures[i]), i);
    for (int k = 0; k < 2; k++)
        ck_assert_int_eq(hold_await(held[k]), k);
    int value;
    parallel_future *future = echo_on_with(executor, &there, 1);
    ck_assert_int_eq(echo_result(future, &value), PARALLEL_EPLACE);
    ck_assert_msg(strstr(parallel_last_error()->message, places[1]) != NULL, "%s", parallel_last_error()->message);
    parallel_future_release(future);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}
PROPERTY_END

enum { SUBMITTERS = 2, EACH = 2000 };

static atomic_int made;

static int count(int value)
{
    atomic_fetch_add(&made, 1);
    return value;
}
PARALLEL_FN(int, count, int)

struct submitter {
    pthread_t thread;
    parallel_executor *executor;
    unsigned long long seed;
    parallel_future *futures[EACH];
};

static void *submit_all(void *context)
{
    struct submitter *self = context;
    for (int i = 0; i < EACH; i++) {
        const unsigned choice = (unsigned)(next_random(&self->seed) % 3);
        const parallel_call_options there = at(choice % 2);
        self->futures[i] = choice == 2 ? count_on(self->executor, i) : count_on_with(self->executor, &there, i);
    }
    return NULL;
}

/* With and without a bound on those that wait, and with the shutdown anywhere in the stream. */
PROPERTY(each_call_ends_once_or_is_refused)
{
    unsigned long long seed = property_seed();
    for (int round = 0; round < 6; round++) {
        parallel_executor *executor = open_on_both(round % 2 == 0 ? 0 : 50);
        static struct submitter submitters[SUBMITTERS];
        atomic_store(&made, 0);
        for (int k = 0; k < SUBMITTERS; k++) {
            submitters[k].executor = executor;
            submitters[k].seed = seed + (unsigned)(10 * round + k);
            ck_assert_int_eq(pthread_create(&submitters[k].thread, NULL, submit_all, &submitters[k]), 0);
        }
        while (atomic_load(&made) < round * 500)
            sched_yield();
        enum parallel_shutdown_mode mode = round < 3 ? PARALLEL_SHUTDOWN_FINISH : PARALLEL_SHUTDOWN_CANCEL;
        ck_assert_int_eq(parallel_executor_shutdown(executor, mode, PARALLEL_NEVER), 0);
        int done = 0;
        for (int k = 0; k < SUBMITTERS; k++) {
            pthread_join(submitters[k].thread, NULL);
            for (int i = 0; i < EACH; i++) {
                int value = -1, code = count_result(submitters[k].futures[i], &value);
                ck_assert(code == 0 ? value == i : code == PARALLEL_ESHUTDOWN || (round >= 3 && code == PARALLEL_ECANCELLED));
                done += code == 0;
                parallel_future_release(submitters[k].futures[i]);
            }
        }
        ck_assert_int_eq(done, atomic_load(&made));
        ck_assert_int_eq(parallel_executor_close(executor), 0);
    }
}
PROPERTY_END

static int go_on(parallel_executor *executor, int place);
PARALLEL_FN(int, go_on, parallel_executor *, int)

static parallel_future *go_on_at(parallel_executor *executor, int place)
{
    const parallel_call_options there = {.place = place >= 0 ? places[place] : NULL};
    return go_on_on_with(executor, &there, executor, place);
}

/* Submits itself again until another call has been made. */
static int go_on(parallel_executor *executor, int place)
{
    if (atomic_load(&made) == 0)
        parallel_future_release(go_on_at(executor, place));
    return 0;
}

static void expect_no_starving(int streaming, int waiting)
{
    map_marks();
    parallel_executor *executor = open_on_both(0);
    parallel_future *held[2];
    atomic_store(&made, 0);
    for (int k = 0; k < 2; k++)
        held[k] = hold_on(executor, k, STARTED, GATE);
    wait_for_mark(STARTED, 2);
    const parallel_call_options there = {.place = waiting >= 0 ? places[waiting] : NULL};
    parallel_future *stream = go_on_at(executor, streaming), *call = count_on_with(executor, &there, 5);
    ck_assert_int_eq(parallel_executor_resize(executor, 1), 0);
    make_mark(GATE);
    ck_assert_int_eq(count_await(call), 5);
    ck_assert_int_eq(go_on_await(stream), 0);
    for (int k = 0; k < 2; k++)
        ck_assert_int_eq(hold_await(held[k]), k);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}

PROPERTY(no_stream_of_calls_holds_up_others)
{
    expect_no_starving(-1, 1); /* one that wishes for a seat that is gone, behind those without a wish */
    expect_no_starving(0, -1); /* and one without, behind wishes */
}
PROPERTY_END

static void expect_refusal(parallel_executor *executor, parallel_call_options options, int code, const char *words)
{
    int value;
    parallel_future *future = echo_on_with(executor, &options, 1);
    ck_assert_int_eq(echo_result(future, &value), code);
    ck_assert_msg(strstr(parallel_last_error()->message, words) != NULL, "%s", parallel_last_error()->message);
    parallel_future_release(future);
}

PROPERTY(what_cannot_be_read_or_met_is_told)
{
    static const char *const kinds[] = {"threads:2", "serial", "fork:1"};
    for (int i = 0; i < 3; i++) {
        parallel_executor *executor;
        ck_assert_int_eq(parallel_executor_open(kinds[i], &executor), 0);
        expect_refusal(executor, (parallel_call_options){.place = "pu:"}, PARALLEL_ESPECIFICATION, "pu:");
        expect_refusal(executor, (parallel_call_options){.place = ""}, PARALLEL_ESPECIFICATION, "empty");
        expect_refusal(executor, (parallel_call_options){.place = "package:4000"}, PARALLEL_EPLACE, "package:4000");
        expect_refusal(executor, (parallel_call_options){.place = "pu:0", .near = kinds}, PARALLEL_EINVALID, ".near");
        const parallel_call_options none = {.place = NULL};
        ck_assert_int_eq(echo_await(echo_on_with(executor, &none, 3)), 3);
        ck_assert_int_eq(echo_await(echo_on_with(executor, NULL, 4)), 4);
        ck_assert_int_eq(parallel_executor_close(executor), 0);
    }
}
PROPERTY_END

PROPERTY(where_nobody_is_bound_it_is_advice)
{
    static int data[4096];
    parallel_executor *executor, *bound = open_on_both(0);
    const parallel_call_options there = at(1), beside = {.near = &data[2048]};
    ck_assert_int_eq(parallel_executor_open("threads:2,places=none", &executor), 0);
    ck_assert_int_eq(echo_await(echo_on_with(executor, &there, 5)), 5);
    ck_assert_int_eq(echo_await(echo_on_with(executor, &beside, 6)), 6);
    ck_assert_int_eq(echo_await(echo_on_with(bound, &beside, 7)), 7); /* on one node, and of a page nobody has touched */
    data[2048] = 1;
    ck_assert_int_eq(echo_await(echo_on_with(bound, &beside, 8)), 8);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    ck_assert_int_eq(parallel_executor_close(bound), 0);
}
PROPERTY_END

int main(void)
{
    cpu_set_t ours;
    int found = 0;
    if (sched_getaffinity(0, sizeof ours, &ours) == 0)
        for (size_t cpu = 0; cpu < 32 && found < 2; cpu++)
            if (CPU_ISSET(cpu, &ours))
                cpus[found++] = (int)cpu;
    if (found < 2) {
        printf("two CPUs below 32 are needed\n");
        return 77;
    }
    for (int k = 0; k < 2; k++)
        snprintf(places[k], sizeof places[k], "0x%lx", 1UL << cpus[k]);
    snprintf(both_places, sizeof both_places, "%s %s", places[0], places[1]);
    const TTest *const tests[] = {the_first_worker_sits_down_there, each_worker_takes_its_own_first,
                                  nobody_waits_for_a_worker_that_is_busy, calls_for_a_seat_that_is_gone_are_made,
                                  each_call_ends_once_or_is_refused, no_stream_of_calls_holds_up_others,
                                  what_cannot_be_read_or_met_is_told,
                                  where_nobody_is_bound_it_is_advice};
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
