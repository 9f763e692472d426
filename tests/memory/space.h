/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the tests of this folder ask of the shared space. */
#ifndef TESTS_MEMORY_SPACE_H
#define TESTS_MEMORY_SPACE_H

#include <check.h>

#include <libparallel/error.h>
#include <libparallel/shared.h>

/* Fails the test with the message of the library unless the call succeeded. */
#define ck_assert_ok(call)                                                                                    \
    do {                                                                                                      \
        int parallel_test_code = (call);                                                                      \
        ck_assert_msg(parallel_test_code == 0, "%s: %s: %s", #call, parallel_error_name(parallel_test_code),  \
                      parallel_last_error()->message);                                                        \
    } while (0)

/* Fails the test unless the call failed with this code, and said so in parallel_last_error(). */
#define ck_assert_fails(call, expected)                                                                       \
    do {                                                                                                      \
        int parallel_test_code = (call);                                                                      \
        ck_assert_str_eq(parallel_error_name(parallel_test_code), parallel_error_name(expected));             \
        ck_assert_int_eq(parallel_last_error()->code, expected);                                              \
    } while (0)

#define MIB ((size_t)1 << 20)

/* Bytes of memory that the space has now. */
static inline size_t memory_now(void)
{
    parallel_shared_info info;
    ck_assert_ok(parallel_shared_describe(&info));
    return info.memory_bytes;
}

/* A block, or the test fails. */
static inline void *block_of(size_t size_bytes)
{
    void *block = parallel_shared_alloc(size_bytes);
    ck_assert_msg(block != NULL, "%zu bytes: %s", size_bytes, parallel_last_error()->message);
    return block;
}

#endif
