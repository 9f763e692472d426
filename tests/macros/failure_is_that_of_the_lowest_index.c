/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/in_child.h"
#include "tests/support/property.h"

PROPERTY(for_any_number_of_workers)
{
    for (size_t workers = 0; workers <= 8; workers++) {
        parallel_error failure;
        int64_t where = -1;
        PARALLEL_FOR(i, 0, 20000, .workers = workers, .status = &failure, .stopped_at = &where)
            if (i % 500 == 321) {
                ck_assert_int_eq(parallel_fail(1000 + i, "item %d", i), 0);
                break;
            }
        ck_assert_int_eq(failure.code, 1321);
        ck_assert_str_eq(failure.message, "item 321");
        ck_assert_int_eq(where, 321);
        ck_assert_int_eq(parallel_last_error()->code, 1321);
    }
}
PROPERTY_END

PROPERTY(but_not_above_a_break)
{
    /* The serial loop would have stopped at 5 and never seen 5000. */
    for (int round = 0; round < 20; round++) {
        parallel_error failure;
        int64_t where = -1;
        PARALLEL_FOR(i, 0, 10000, .workers = 4, .status = &failure, .stopped_at = &where) {
            if (i == 5000)
                parallel_fail(PARALLEL_EFAILED, "never seen");
            if (i == 5 || i == 5000)
                break;
        }
        ck_assert_int_eq(failure.code, 0);
        ck_assert_str_eq(failure.message, "");
        ck_assert_int_eq(where, 5);
    }
}
PROPERTY_END

PROPERTY(and_counts_without_a_break)
{
    parallel_error failure;
    PARALLEL_FOR(i, 0, 1000, .workers = 4, .status = &failure)
        if (i % 100 == 99)
            parallel_fail(i, "item %d", i);
    ck_assert_int_eq(failure.code, 99);
    ck_assert_str_eq(failure.message, "item 99");
}
PROPERTY_END

PROPERTY(and_the_next_loop_succeeds)
{
    parallel_error failure;
    memset(&failure, 0xff, sizeof failure);
    PARALLEL_FOR(i, 0, 10, .status = &failure)
        if (i == 3) {
            parallel_fail(7, "three");
            break;
        }
    ck_assert_int_eq(failure.code, 7);
    PARALLEL_FOR(i, 0, 10, .status = &failure) {
    }
    ck_assert_int_eq(failure.code, 0);
    ck_assert_int_eq(failure.system_errno, 0);
    ck_assert_str_eq(failure.message, "");
    ck_assert_int_eq(parallel_fail(1, "outside"), PARALLEL_EMISUSE);
}
PROPERTY_END

PROPERTY(of_the_innermost_loop)
{
    atomic_int inner_failures = 0;
    parallel_error outer;
    PARALLEL_FOR(i, 0, 20, .status = &outer) {
        parallel_error inner;
        PARALLEL_FOR(j, 0, 20, .status = &inner)
            if (j == i) {
                parallel_fail(1 + i, "inner");
                break;
            }
        inner_failures += inner.code == 1 + i;
    }
    ck_assert_int_eq(outer.code, 0);
    ck_assert_int_eq(inner_failures, 20);
}
PROPERTY_END

static void fail_without_status(void *context)
{
    (void)context;
    PARALLEL_FOR(i, -5, 5, .label = "of rows")
        if (i == -2) {
            parallel_fail(PARALLEL_EFAILED, "row cannot be read");
            break;
        }
    exit(0);
}

static void fail_with_a_code_of_ones_own(void *context)
{
    (void)context;
    PARALLEL_FOR(i, 0, 10) {
        parallel_fail(7, "seven");
        break;
    }
    exit(0);
}

static void begin_without_status(void *context)
{
    (void)context;
    PARALLEL_FOR(i, 0, 10, .workers = SIZE_MAX) {
    }
    exit(0);
}

PROPERTY(or_ends_the_program_when_nobody_asks)
{
    struct child_outcome outcome = run_in_child(fail_without_status, NULL);
    ck_assert(ended_by_signal(&outcome, SIGABRT));
    ck_assert_msg(strstr(outcome.complaint, "loop of rows failed at index -2: row cannot be read (PARALLEL_EFAILED)") &&
                      strstr(outcome.complaint, __FILE__),
                  "%s", outcome.complaint);
    outcome = run_in_child(fail_with_a_code_of_ones_own, NULL);
    ck_assert(ended_by_signal(&outcome, SIGABRT));
    ck_assert_msg(strstr(outcome.complaint, ": loop failed at index 0: seven (code 7)"), "%s", outcome.complaint);
    outcome = run_in_child(begin_without_status, NULL);
    ck_assert(ended_by_signal(&outcome, SIGABRT));
    ck_assert_msg(strstr(outcome.complaint, ": loop failed: .workers: 18446744073709551615 is more than 4194304"),
                  "%s", outcome.complaint);
}
PROPERTY_END

PROPERTIES(for_any_number_of_workers, but_not_above_a_break, and_counts_without_a_break, and_the_next_loop_succeeds,
           of_the_innermost_loop, or_ends_the_program_when_nobody_asks)
