/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/macros/annotations.h"

#include "tests/support/property.h"

PROPERTY(on_threads)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:2", &executor), 0);
    ck_assert_int_eq(check_annotations(executor), ANNOTATION_COUNT);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(in_the_caller)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("serial", &executor), 0);
    ck_assert_int_eq(check_annotations(executor), ANNOTATION_COUNT);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(on_threads, in_the_caller)
