/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/executors/scope.h"

#include "tests/support/property.h"

PROPERTY(failing_outside_of_any_scope_is_misuse)
{
    ck_assert_int_eq(parallel_fail(PARALLEL_EFAILED, "nobody listens"), PARALLEL_EMISUSE);
    ck_assert(!parallel_is_cancelled());
}
PROPERTY_END

PROPERTY(code_zero_is_misuse_and_fails_nothing)
{
    struct pl_scope scope;
    pl_scope_enter(&scope, NULL);
    ck_assert_int_eq(parallel_fail(0, "success?"), PARALLEL_EMISUSE);
    ck_assert(!pl_scope_has_failed(&scope));
    pl_scope_leave(&scope);
}
PROPERTY_END

PROPERTY(the_innermost_scope_fails_and_the_outer_one_does_not)
{
    struct pl_scope outer;
    struct pl_scope inner;
    pl_scope_enter(&outer, NULL);
    pl_scope_enter(&inner, NULL);
    ck_assert_int_eq(parallel_fail(42, "item %d", 7), 0);
    pl_scope_leave(&inner);
    ck_assert(pl_scope_has_failed(&inner));
    ck_assert(!pl_scope_has_failed(&outer));
    parallel_error error;
    ck_assert_int_eq(pl_scope_take_failure(&inner, &error), 42);
    ck_assert_int_eq(error.code, 42);
    ck_assert_str_eq(error.message, "item 7");
    ck_assert(!pl_scope_has_failed(&inner));
    ck_assert_ptr_eq(parallel_scope_current, &outer);
    pl_scope_leave(&outer);
    ck_assert_ptr_null(parallel_scope_current);
}
PROPERTY_END

PROPERTY(the_first_call_wins)
{
    struct pl_scope scope;
    pl_scope_enter(&scope, NULL);
    ck_assert_int_eq(parallel_fail(1, "first"), 0);
    ck_assert_int_eq(parallel_fail(2, "second"), 0);
    pl_scope_leave(&scope);
    parallel_error error;
    ck_assert_int_eq(pl_scope_take_failure(&scope, &error), 1);
    ck_assert_str_eq(error.message, "first");
}
PROPERTY_END

static bool always(const struct pl_scope *scope)
{
    (void)scope;
    return true;
}

static bool as_the_outer_one(const struct pl_scope *scope)
{
    return pl_scope_is_cancelled(scope->outer);
}

PROPERTY(cancellation_is_asked_of_the_innermost_scope)
{
    struct pl_scope cancelled;
    struct pl_scope task;
    struct pl_scope loop;
    pl_scope_enter(&cancelled, always);
    ck_assert(parallel_is_cancelled());
    pl_scope_enter(&loop, as_the_outer_one);
    ck_assert(parallel_is_cancelled());
    pl_scope_leave(&loop);
    pl_scope_enter(&task, NULL);
    ck_assert(!parallel_is_cancelled());
    pl_scope_leave(&task);
    pl_scope_leave(&cancelled);
}
PROPERTY_END

PROPERTIES(failing_outside_of_any_scope_is_misuse, code_zero_is_misuse_and_fails_nothing,
           the_innermost_scope_fails_and_the_outer_one_does_not, the_first_call_wins,
           cancellation_is_asked_of_the_innermost_scope)
