/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An address in a static function has that function's name, one in a library its library beside it, and one
 * that is no code is told as a number. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libparallel/workers/symbol.h"

#include "tests/support/property.h"

__attribute__((noinline)) static int hidden_from_the_loader(int a)
{
    return a * 3 + 1;
}

PROPERTY(static_function)
{
    ck_assert_int_eq(hidden_from_the_loader(1), 4);
    char text[128];
    int length = pl_symbol_format((uintptr_t)hidden_from_the_loader + 1, text, sizeof text);
    ck_assert_str_eq(text, "hidden_from_the_loader+0x1");
    ck_assert_int_eq(length, (int)strlen(text));
}
PROPERTY_END

PROPERTY(function_of_a_library)
{
    char text[128];
    pl_symbol_format((uintptr_t)pl_symbol_format + 2, text, sizeof text);
    ck_assert_int_eq(strncmp(text, "pl_symbol_format+0x2", strlen("pl_symbol_format+0x2")), 0);
}
PROPERTY_END

PROPERTY(no_code)
{
    char text[128];
    pl_symbol_format(0x12, text, sizeof text);
    ck_assert_str_eq(text, "0x12");
}
PROPERTY_END

PROPERTY(what_does_not_fit_is_cut)
{
    char text[8];
    int length = pl_symbol_format((uintptr_t)hidden_from_the_loader, text, sizeof text);
    ck_assert_str_eq(text, "hidden_");
    ck_assert_int_gt(length, 7);
}
PROPERTY_END

PROPERTIES(static_function, function_of_a_library, no_code, what_does_not_fit_is_cut)
