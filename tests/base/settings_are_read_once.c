/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/settings.h"

#include <stdlib.h>

#include "tests/support/property.h"

/* What the user's shell has set must not matter here. */
static void set_nothing(void)
{
    unsetenv("PARALLEL_EXECUTOR");
    unsetenv("PARALLEL_PLACES");
    unsetenv("PARALLEL_QUIET");
    unsetenv("PARALLEL_SHOW_PLACES");
    unsetenv("PARALLEL_WORKERS");
}

static void nothing_is_set(void)
{
    ck_assert_int_eq(parallel_settings_check(), 0);
    ck_assert_ptr_null(pl_setting_text(PL_SETTING_EXECUTOR));
    ck_assert_uint_eq(pl_setting_count(PL_SETTING_WORKERS), 0);
    ck_assert(!pl_setting_flag(PL_SETTING_QUIET));
}

PROPERTY(at_the_first_use_of_any_of_them)
{
    set_nothing();
    setenv("PARALLEL_WORKERS", "3", 1);
    ck_assert(!pl_setting_flag(PL_SETTING_QUIET));
    setenv("PARALLEL_WORKERS", "many", 1);
    setenv("PARALLEL_QUIET", "1", 1);
    ck_assert_uint_eq(pl_setting_count(PL_SETTING_WORKERS), 3);
    ck_assert(!pl_setting_flag(PL_SETTING_QUIET));
    ck_assert_int_eq(parallel_settings_check(), 0);
}
PROPERTY_END

/* The text is the library's own copy: the program may overwrite its environment in place. */
PROPERTY(and_kept_when_the_environment_is_overwritten)
{
    static char variable[] = "PARALLEL_EXECUTOR=serial";
    set_nothing();
    ck_assert_int_eq(putenv(variable), 0);
    ck_assert_str_eq(pl_setting_text(PL_SETTING_EXECUTOR), "serial");
    variable[sizeof variable - 2] = 'X';
    ck_assert_str_eq(pl_setting_text(PL_SETTING_EXECUTOR), "serial");
}
PROPERTY_END

PROPERTY(unset_is_the_default)
{
    set_nothing();
    nothing_is_set();
}
PROPERTY_END

PROPERTY(empty_is_unset)
{
    setenv("PARALLEL_EXECUTOR", "", 1);
    setenv("PARALLEL_PLACES", "", 1);
    setenv("PARALLEL_QUIET", "", 1);
    setenv("PARALLEL_SHOW_PLACES", "", 1);
    setenv("PARALLEL_WORKERS", "", 1);
    nothing_is_set();
}
PROPERTY_END

PROPERTIES(at_the_first_use_of_any_of_them, and_kept_when_the_environment_is_overwritten, unset_is_the_default,
           empty_is_unset)
