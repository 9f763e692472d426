/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/error.h"

#include <errno.h>
#include <string.h>

#include "tests/support/property.h"

PROPERTY(a_long_message_is_cut)
{
    char text[1000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_assert_int_eq(pl_error_set(PARALLEL_EINVALID, 0, "%s", text), PARALLEL_EINVALID);
    ck_assert_uint_eq(strlen(parallel_last_error()->message), PARALLEL_MESSAGE_SIZE - 1);
}
PROPERTY_END

PROPERTY(a_message_may_quote_the_last_one)
{
    pl_error_set(PARALLEL_EINVALID, 0, "inner");
    pl_error_set(PARALLEL_ESYSTEM, ENOENT, "outer (%s)", parallel_last_error()->message);
    ck_assert_str_eq(parallel_last_error()->message, "outer (inner): No such file or directory");
    ck_assert_int_eq(parallel_last_error()->system_errno, ENOENT);
}
PROPERTY_END

PROPERTY(an_empty_message_becomes_the_text_of_its_code)
{
    pl_error_set(PARALLEL_ETIMEDOUT, 0, "%s", "");
    ck_assert_str_eq(parallel_last_error()->message, parallel_error_text(PARALLEL_ETIMEDOUT));
}
PROPERTY_END

PROPERTY(every_code_has_a_name_and_a_text)
{
    for (int code = -1; code >= PARALLEL_EINTERNAL; code--) {
        ck_assert_str_ne(parallel_error_name(code), "unknown error");
        ck_assert_str_ne(parallel_error_text(code), "unknown error");
    }
    ck_assert_str_eq(parallel_error_name(12345), "unknown error");
}
PROPERTY_END

PROPERTIES(a_long_message_is_cut, a_message_may_quote_the_last_one,
           an_empty_message_becomes_the_text_of_its_code, every_code_has_a_name_and_a_text)
