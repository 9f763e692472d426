/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The initializer: once in each worker, before its first call; if it fails everything pending fails with that error, and
 * nothing hangs. */
#include <stdatomic.h>
#include <string.h>

#include <libparallel/shared.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"

enum { STARTED, GATE, RAN, INITIALIZED };

static parallel_executor *open_with_initializer(size_t workers, int (*initializer)(void *context), void *context)
{
    parallel_executor_options options = parallel_executor_options_default();
    options.kind = kind.name;
    if (kind.traits & HAS_WORKERS)
        options.workers = workers;
    if (kind.traits & HAS_PLACES)
        options.places = "none";
    options.initializer = initializer;
    options.initializer_context = context;
    parallel_executor *executor;
    ck_assert_ok(parallel_executor_open_with(&options, &executor));
    return executor;
}

/* A context that every kind of worker sees. */
static int *share(int value)
{
    int *context = parallel_shared_alloc(sizeof *context);
    ck_assert_ptr_nonnull(context);
    *context = value;
    return context;
}

static _Thread_local int initializer_runs_here;

static int initialize_once(void *context)
{
    initializer_runs_here++;
    make_mark(*(int *)context);
    return 0;
}

static int initializer_runs(void)
{
    make_mark(STARTED);
    return initializer_runs_here;
}
PARALLEL_FN(int, initializer_runs)

PROPERTY(it_runs_once_in_each_worker_before_its_first_call)
{
    int *which = share(INITIALIZED);
    parallel_executor *executor = open_with_initializer(3, initialize_once, which);
    parallel_future *futures[100];
    for (int i = 0; i < 100; i++)
        futures[i] = initializer_runs_on(executor);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(initializer_runs_await(futures[i]), 1);
    ck_assert_uint_ge(marks_made(INITIALIZED), 1);
    ck_assert_uint_le(marks_made(INITIALIZED), (kind.traits & KEEPS_WORKERS) ? 3 : 100);
    close_executor(executor);
    parallel_shared_free(which);
}
PROPERTY_END

static int initialize_badly(void *context)
{
    (void)context;
    make_mark(INITIALIZED);
    wait_for_mark(GATE, 1);
    return 42;
}

PROPERTY(if_it_fails_everything_fails_with_that_error)
{
    parallel_executor *executor = open_with_initializer(2, initialize_badly, NULL);
    parallel_future *futures[20];
    if (kind.traits & RUNS_AT_SUBMISSION)
        make_mark(GATE);
    for (int i = 0; i < 20; i++)
        futures[i] = mark_on(executor, RAN);
    make_mark(GATE);
    for (int i = 0; i < 20; i++) {
        ck_assert_code(mark_result(futures[i]), PARALLEL_EINITIALIZER);
        ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "42"));
        parallel_future_release(futures[i]);
    }
    parallel_future *late = mark_on(executor, RAN);
    ck_assert_code(mark_result(late), PARALLEL_EINITIALIZER);
    parallel_future_release(late);
    int which[3] = {RAN, RAN, RAN};
    ck_assert_code(mark_map(executor, 3, which), PARALLEL_EINITIALIZER);
    close_executor(executor);
    ck_assert_uint_eq(marks_made(RAN), 0);
}
PROPERTY_END

/* What broke: workers initialized one after the other, since the one at it counted as looking for work. Here each waits
 * for all. */
static int initialize_together(void *context)
{
    make_mark(INITIALIZED);
    wait_for_mark(INITIALIZED, (uint32_t) * (int *)context);
    return 0;
}

PROPERTY(workers_initialize_side_by_side)
{
    int *workers = share(4);
    parallel_executor *executor = open_with_initializer(4, initialize_together, workers);
    parallel_future *futures[4];
    for (int i = 0; i < 4; i++)
        futures[i] = hold_on(executor, i, STARTED, GATE); /* four calls, so four workers */
    wait_for_mark(STARTED, 4);
    make_mark(GATE);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(hold_await(futures[i]), i);
    close_executor(executor);
    parallel_shared_free(workers);
}
PROPERTY_END

PROPERTY(workers_that_one_map_needs_initialize_side_by_side)
{
    int *workers = share(4), in[64], out[64];
    for (int i = 0; i < 64; i++)
        in[i] = i;
    parallel_executor *executor = open_with_initializer(4, initialize_together, workers);
    ck_assert_ok(echo_map(executor, 64, out, in));
    ck_assert_int_eq(memcmp(in, out, sizeof in), 0);
    close_executor(executor);
    parallel_shared_free(workers);
}
PROPERTY_END

/* What broke: in a serial executor this waited for itself. */
static parallel_executor *_Atomic own;

static int initialize_by_submitting(void *context)
{
    (void)context;
    parallel_future *future = echo_on(atomic_load(&own), 1);
    int value;
    int code = echo_result(future, &value);
    parallel_future_release(future);
    set_note(0, code);
    return 0;
}

PROPERTY(it_may_try_to_submit)
{
    atomic_store(&own, open_with_initializer(1, initialize_by_submitting, NULL));
    ck_assert_int_eq(echo_await(echo_on(atomic_load(&own), 2)), 2);
    ck_assert_int_eq(get_note(0), (kind.traits & HAS_WORKERS) ? 0 : PARALLEL_EDEADLK);
    close_executor(atomic_load(&own));
}
PROPERTY_END

ROW(initializer, {it_runs_once_in_each_worker_before_its_first_call, HAS_INITIALIZER},
    {if_it_fails_everything_fails_with_that_error, HAS_INITIALIZER},
    {workers_initialize_side_by_side, HAS_INITIALIZER | KEEPS_WORKERS},
    {workers_that_one_map_needs_initialize_side_by_side, HAS_INITIALIZER | KEEPS_WORKERS},
    {it_may_try_to_submit, HAS_INITIALIZER | SHARES_MEMORY})
