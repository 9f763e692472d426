/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libparallel/error.h>

#include "tests/support/property.h"

/* One process for each value: they are read once. */
static void is_refused(const char *name, const char *value, const char *message)
{
    ck_assert_int_eq(setenv(name, value, 1), 0);
    ck_assert_int_eq(parallel_settings_check(), PARALLEL_ESETTING);
    ck_assert_str_eq(parallel_last_error()->message, message);
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ESETTING);
    ck_assert_int_eq(parallel_last_error()->system_errno, 0);
}

#define REFUSED_COUNT(name, value)                                                                            \
    PROPERTY(name)                                                                                            \
    {                                                                                                         \
        is_refused("PARALLEL_WORKERS", value,                                                                 \
                   "PARALLEL_WORKERS=" value ": expected a whole number from 1 to 4194304");                  \
        ck_assert_uint_eq(pl_setting_count(PL_SETTING_WORKERS), 0);                                           \
    }                                                                                                         \
    PROPERTY_END

REFUSED_COUNT(a_count_of_zero, "0")
REFUSED_COUNT(a_negative_count, "-1")
REFUSED_COUNT(a_count_with_a_sign, "+4")
REFUSED_COUNT(a_count_with_a_blank_before, " 4")
REFUSED_COUNT(a_count_with_a_blank_behind, "4 ")
REFUSED_COUNT(a_count_with_a_fraction, "1.5")
REFUSED_COUNT(a_count_in_words, "four")
REFUSED_COUNT(a_count_in_hexadecimal, "0x10")
REFUSED_COUNT(a_count_beyond_the_largest, "4194305")
REFUSED_COUNT(a_count_beyond_every_type, "99999999999999999999999999")

PROPERTY(a_word_that_is_none_of_the_choices)
{
    is_refused("PARALLEL_WAIT", "forever", "PARALLEL_WAIT=forever: expected auto, spin or sleep");
    ck_assert_int_eq(pl_setting_choice(PL_SETTING_WAIT), 0);
}
PROPERTY_END

#define REFUSED_FLAG(name, value)                                                                             \
    PROPERTY(name)                                                                                            \
    {                                                                                                         \
        is_refused("PARALLEL_QUIET", value, "PARALLEL_QUIET=" value ": expected 0 or 1");                     \
        ck_assert(!pl_setting_flag(PL_SETTING_QUIET));                                                        \
    }                                                                                                         \
    PROPERTY_END

REFUSED_FLAG(a_flag_in_words, "yes")
REFUSED_FLAG(a_flag_of_two, "2")
REFUSED_FLAG(a_flag_with_a_blank, "1 ")
REFUSED_FLAG(a_flag_of_two_digits, "01")

/* However long the value is, the message says what is expected. */
PROPERTY(a_long_value_is_cut_before_what_is_expected)
{
    char value[1000];
    memset(value, '9', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    ck_assert_int_eq(setenv("PARALLEL_WORKERS", value, 1), 0);
    ck_assert_int_eq(parallel_settings_check(), PARALLEL_ESETTING);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "99: expected a whole number from 1 to 4194304"));
}
PROPERTY_END

PROPERTY(good_values_are_not_refused)
{
    setenv("PARALLEL_WORKERS", "4194304", 1);
    setenv("PARALLEL_QUIET", "1", 1);
    setenv("PARALLEL_SHOW_PLACES", "0", 1);
    setenv("PARALLEL_PLACES", "l3", 1);
    errno = EDOM;
    ck_assert_int_eq(parallel_settings_check(), 0);
    ck_assert_int_eq(errno, EDOM);
    ck_assert_uint_eq(pl_setting_count(PL_SETTING_WORKERS), 4194304);
    ck_assert(pl_setting_flag(PL_SETTING_QUIET));
    ck_assert(!pl_setting_flag(PL_SETTING_SHOW_PLACES));
    ck_assert_str_eq(pl_setting_text(PL_SETTING_PLACES), "l3");
}
PROPERTY_END

PROPERTIES(a_word_that_is_none_of_the_choices, a_count_of_zero, a_negative_count, a_count_with_a_sign,
           a_count_with_a_blank_before,
           a_count_with_a_blank_behind, a_count_with_a_fraction, a_count_in_words, a_count_in_hexadecimal,
           a_count_beyond_the_largest, a_count_beyond_every_type, a_flag_in_words, a_flag_of_two, a_flag_with_a_blank,
           a_flag_of_two_digits, a_long_value_is_cut_before_what_is_expected, good_values_are_not_refused)
