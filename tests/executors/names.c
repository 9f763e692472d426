/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names of workers, as top and gdb show them: set, numbered, cut from the left part. */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"

struct names_text {
    char text[16];
};

static struct names_text names_of_worker(void)
{
    struct names_text name = {""};
    prctl(PR_GET_NAME, name.text, 0L, 0L, 0L);
    return name;
}
PARALLEL_FN(struct names_text, names_of_worker)

static void assert_name(const char *option, const char *expected)
{
    parallel_executor *executor = open_executor(1, option);
    struct names_text name = names_of_worker_await(names_of_worker_on(executor));
    ck_assert_str_eq(name.text, expected);
    close_executor(executor);
}

PROPERTY(they_are_set_numbered_and_cut)
{
    assert_name(NULL, "parallel-0");
    assert_name("name=render", "render-0");
    assert_name("name=visualisation-of-clouds", "visualisation-0");
    assert_name("name=x", "x-0");
}
PROPERTY_END

PROPERTY(the_name_of_the_program_stays)
{
    char before[16] = "", after[16] = "";
    prctl(PR_GET_NAME, before, 0L, 0L, 0L);
    parallel_executor *executor = open_executor(2, NULL);
    ck_assert_int_eq(echo_await(echo_on(executor, 1)), 1);
    prctl(PR_GET_NAME, after, 0L, 0L, 0L);
    ck_assert_str_eq(before, after);
    close_executor(executor);
}
PROPERTY_END

ROW(names, {they_are_set_numbered_and_cut, KEEPS_WORKERS}, {the_name_of_the_program_stays, 0})
