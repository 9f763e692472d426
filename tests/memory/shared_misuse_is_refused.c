/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/memory/space.h"
#include "tests/support/property.h"

static int line_count;
static char last_line[512];

static void note_line(void *context, const char *line)
{
    (void)context;
    line_count++;
    snprintf(last_line, sizeof last_line, "%s", line);
}

/* Refused, nothing changed, and told in one line. */
static void check_refused(void *block)
{
    line_count = 0;
    ck_assert_fails(parallel_shared_free(block), PARALLEL_EINVALID);
    ck_assert_int_eq(line_count, 1);
    ck_assert_ptr_nonnull(strstr(last_line, "parallel_shared_free"));
}

PROPERTY(blocks_of_no_bytes_and_of_too_many_are_refused)
{
    ck_assert_ptr_null(parallel_shared_alloc(0));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_EINVALID);
    ck_assert_ptr_null(PARALLEL_SHARED_ARRAY(double, 0));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_EINVALID);
    ck_assert_ptr_null(PARALLEL_SHARED_ARRAY(double, -1));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ERANGE);
    ck_assert_ptr_null(PARALLEL_SHARED_ARRAY(double, SIZE_MAX / 8 + 2));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ERANGE);
    ck_assert_ptr_null(PARALLEL_SHARED_ARRAY(char, -1));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ENOMEMORY);
    ck_assert_ptr_null(parallel_shared_alloc(SIZE_MAX - 100000));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ENOMEMORY);
}
PROPERTY_END

PROPERTY(pointers_from_elsewhere_are_refused)
{
    parallel_set_reporter(note_line, NULL);
    char *heap = malloc(100);
    int local;
    check_refused(heap); /* before there is a space */
    void *block = block_of(100);
    check_refused(heap);
    check_refused(&local);
    check_refused(&line_count);
    free(heap);
    ck_assert_ok(parallel_shared_free(NULL));
    ck_assert_ok(parallel_shared_free(block));
    ck_assert(!parallel_shared_contains(NULL));
    ck_assert(!parallel_shared_contains(&local));
}
PROPERTY_END

PROPERTY(pointers_into_blocks_and_between_them_are_refused)
{
    parallel_set_reporter(note_line, NULL);
    parallel_shared_info info;
    ck_assert_ok(parallel_shared_describe(&info));
    char *space = info.address;
    char *small = block_of(100);
    char *large = block_of(MIB);
    check_refused(small + 1);
    check_refused(small + 64);
    check_refused(small + 128); /* the next block, which nobody has */
    check_refused(large + 1);
    check_refused(large + 65536);
    check_refused(large + MIB);
    check_refused(space); /* the tables */
    check_refused(space + 65536);
    check_refused(space + info.space_bytes - 1);
    check_refused(space + info.space_bytes - 65536);
    check_refused(space + info.space_bytes);
    ck_assert(!parallel_shared_contains(space));
    ck_assert(parallel_shared_contains(space + info.space_bytes - 1));
    ck_assert(!parallel_shared_contains(space + info.space_bytes));
    ck_assert_ok(parallel_shared_free(small));
    ck_assert_ok(parallel_shared_free(large));
}
PROPERTY_END

PROPERTY(a_second_free_is_refused)
{
    parallel_set_reporter(note_line, NULL);
    for (size_t size = 1; size < 3 * MIB; size *= 3) {
        char *block = block_of(size);
        ck_assert_ok(parallel_shared_free(block));
        check_refused(block);
    }
}
PROPERTY_END

PROPERTIES(blocks_of_no_bytes_and_of_too_many_are_refused, pointers_from_elsewhere_are_refused,
           pointers_into_blocks_and_between_them_are_refused, a_second_free_is_refused)
