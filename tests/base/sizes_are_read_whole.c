/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/size.h"

#include <errno.h>
#include <stdint.h>

#include "tests/support/property.h"

static void is_read_as(const char *text, size_t expected)
{
    size_t bytes = 1;
    ck_assert_msg(pl_size_parse(text, &bytes), "%s is refused", text);
    ck_assert_msg(bytes == expected, "%s is read as %zu", text, bytes);
}

PROPERTY(with_and_without_a_unit)
{
    is_read_as("1", 1);
    is_read_as("4097", 4097);
    is_read_as("3K", 3 * 1024);
    is_read_as("3KiB", 3 * 1024);
    is_read_as("64M", (size_t)64 << 20);
    is_read_as("64MiB", (size_t)64 << 20);
    is_read_as("8GiB", (size_t)8 << 30);
    is_read_as("8G", (size_t)8 << 30);
    is_read_as("1TiB", (size_t)1 << 40);
    is_read_as("1T", (size_t)1 << 40);
    is_read_as("18446744073709551615", SIZE_MAX);
    is_read_as("16777215TiB", (size_t)16777215 << 40);
}
PROPERTY_END

PROPERTY(or_not_at_all)
{
    const char *const refused[] = {"",      "0",     "0K",    "-1",    "+1",    " 1",    "1 ",      "1 K",
                                   "1KB",   "1k",    "1kib",  "1B",    "K",     "1.5G",  "0x10",    "1KK",
                                   "1GiBx", "18446744073709551616",    "16777216TiB",     "17179869184G"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        size_t bytes = 4711;
        errno = EDOM;
        ck_assert_msg(!pl_size_parse(refused[i], &bytes), "'%s' is read as %zu", refused[i], bytes);
        ck_assert_uint_eq(bytes, 4711);
        ck_assert_int_eq(errno, EDOM);
    }
}
PROPERTY_END

PROPERTY(and_shown_for_a_reader)
{
    char text[PL_SIZE_TEXT];
    ck_assert_str_eq(pl_size_format(0, text), "0 bytes");
    ck_assert_str_eq(pl_size_format(1, text), "1 byte");
    ck_assert_str_eq(pl_size_format(1023, text), "1023 bytes");
    ck_assert_str_eq(pl_size_format(4096, text), "4 KiB");
    ck_assert_str_eq(pl_size_format(4097, text), "4097 bytes");
    ck_assert_str_eq(pl_size_format((size_t)64 << 30, text), "64 GiB");
    ck_assert_str_eq(pl_size_format((size_t)3 << 29, text), "1.5 GiB");
    ck_assert_str_eq(pl_size_format(SIZE_MAX, text), "16777216.0 TiB");
}
PROPERTY_END

PROPERTIES(with_and_without_a_unit, or_not_at_all, and_shown_for_a_reader)
