/* SPDX-License-Identifier: BSD-3-Clause
 *
 * To load a call into a slot copies its arguments, which may take long, and other things happen meanwhile: the executor
 * breaks, or the call is cancelled. */
#include <pthread.h>

#include "libparallel/base/clock.h"
#include "libparallel/executors/parcel.h"
#include "tests/executors/calls.h"
#include "tests/executors/marks.h"
#include "tests/support/property.h"

enum { STARTED, GATE, LOADING, GO, CANCELLED };

enum { SLOTS = PL_CREW_SLOTS };

static const uint64_t patience_ns = UINT64_C(10000000000);

int __real_pl_parcel_load(const struct pl_portion *portion, struct pl_slot *slot);
int __wrap_pl_parcel_load(const struct pl_portion *portion, struct pl_slot *slot);
int __wrap_pl_parcel_load(const struct pl_portion *portion, struct pl_slot *slot)
{
    make_mark(LOADING);
    wait_for_mark(GO, 1);
    return __real_pl_parcel_load(portion, slot);
}

static int first_of(const char *text)
{
    return text[0];
}
PARALLEL_FN(int, first_of, PARALLEL_STRING)

static int refuse(void *unused)
{
    (void)unused;
    wait_for_mark(GATE, 1);
    return 3;
}

static void *submit(void *executor)
{
    return first_of_on(executor, "a");
}

/* What broke: the call was published when nobody could make it any more, and never ended. */
PROPERTY(a_call_that_is_loaded_while_its_executor_breaks_fails)
{
    map_marks();
    parallel_executor_options options = parallel_executor_options_default();
    options.kind = "processes";
    options.workers = 1;
    options.places = "none";
    options.initializer = refuse;
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open_with(&options, &executor), 0);
    parallel_future *small = echo_on(executor, 1);
    pthread_t submitter;
    ck_assert_int_eq(pthread_create(&submitter, NULL, submit, executor), 0);
    wait_for_mark(LOADING, 1);
    make_mark(GATE);
    int result;
    ck_assert_int_eq(echo_result(small, &result), PARALLEL_EINITIALIZER);
    make_mark(GO);
    void *loaded;
    ck_assert_int_eq(pthread_join(submitter, &loaded), 0);
    ck_assert_int_eq(parallel_future_wait(loaded, pl_clock_now_ns() + patience_ns), 0);
    ck_assert_int_eq(first_of_result(loaded, &result), PARALLEL_EINITIALIZER);
    parallel_future_release(loaded);
    parallel_future_release(small);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}
PROPERTY_END

static void *cancel(void *future)
{
    (void)parallel_future_cancel(future);
    make_mark(CANCELLED);
    return NULL;
}

/* What broke: a call that had left the line was cancelled while its arguments were read, which its caller may then free. */
PROPERTY(a_call_is_not_cancelled_while_its_arguments_are_read)
{
    map_marks();
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("processes:1,places=none", &executor), 0);
    parallel_future *held = hold_on(executor, 1, STARTED, GATE), *small[SLOTS];
    wait_for_mark(STARTED, 1);
    for (int i = 0; i < SLOTS; i++)
        small[i] = echo_on(executor, i);
    parallel_future *in_line = first_of_on(executor, "a");
    make_mark(GATE);
    wait_for_mark(LOADING, 1); /* by the collector */
    pthread_t canceller;
    ck_assert_int_eq(pthread_create(&canceller, NULL, cancel, in_line), 0);
    uint64_t end_ns = pl_clock_now_ns() + UINT64_C(100000000);
    while (pl_clock_now_ns() < end_ns) /* what must not happen happened at once */
        ck_assert_uint_eq(marks_made(CANCELLED), 0);
    make_mark(GO);
    ck_assert_int_eq(pthread_join(canceller, NULL), 0);
    ck_assert_int_eq(parallel_future_wait(in_line, pl_clock_now_ns() + patience_ns), 0);
    enum parallel_future_state state = parallel_future_state(in_line);
    ck_assert(state == PARALLEL_CANCELLED || state == PARALLEL_DONE);
    for (int i = 0; i < SLOTS; i++)
        ck_assert_int_eq(echo_await(small[i]), i);
    ck_assert_int_eq(hold_await(held), 1);
    parallel_future_release(in_line);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}
PROPERTY_END

PROPERTIES(a_call_that_is_loaded_while_its_executor_breaks_fails, a_call_is_not_cancelled_while_its_arguments_are_read)
