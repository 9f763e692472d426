/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An address in a static function has that function's name, one in a library its library beside it, and one
 * that is no code is told as a number. */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libparallel/workers/source_line.h"
#include "libparallel/workers/symbol.h"

#include "tests/support/property.h"

__attribute__((noinline)) static int hidden_from_the_loader(int a)
{
    return a * 3 + 1;
}

/* Of an address in this program. */
static bool line_of(uintptr_t address, char *line, size_t size)
{
    Dl_info info;
    struct link_map *map;
    ck_assert_int_ne(dladdr1((void *)address, &info, (void **)&map, RTLD_DL_LINKMAP), 0);
    return pl_source_line_format("/proc/self/exe", map->l_addr, address, line, size);
}

PROPERTY(static_function)
{
    ck_assert_int_eq(hidden_from_the_loader(1), 4);
    char text[128];
    int length = pl_symbol_format((uintptr_t)hidden_from_the_loader + 1, text, sizeof text);
    char line[64], expected[128] = "hidden_from_the_loader+0x1";
    if (line_of((uintptr_t)hidden_from_the_loader + 1, line, sizeof line)) /* compiled with -g, and libdw */
        snprintf(expected, sizeof expected, "hidden_from_the_loader+0x1 (%s)", line);
    ck_assert_str_eq(text, expected);
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

/* The number of a line is where its code is. */
__attribute__((noinline)) static uintptr_t where_it_was_called(void)
{
    return (uintptr_t)__builtin_return_address(0);
}

PROPERTY(line_of_a_call)
{
    uintptr_t address = where_it_was_called();
    int number = __LINE__ - 1;
    char line[64], expected[64];
    snprintf(expected, sizeof expected, "symbols_of_static_functions_are_known.c:%d", number);
    if (line_of(address - 1, line, sizeof line))
        ck_assert_str_eq(line, expected);
    else
        printf("lines are not told: compiled without -g or without libdw\n");
    ck_assert(!line_of(address - 1, line, 8));
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

PROPERTIES(static_function, line_of_a_call, function_of_a_library, no_code, what_does_not_fit_is_cut)
