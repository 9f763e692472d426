/* SPDX-License-Identifier: BSD-3-Clause
 *
 * main() of every conformance program: collects the properties that apply to the kind and runs them. */
#include "tests/executors/suite.h"

#include <stdio.h>
#include <string.h>

#define DECLARE_ROW(name) void add_row_##name(Suite *suite);
ROWS(DECLARE_ROW)
#undef DECLARE_ROW

void add_row(Suite *suite, const struct row *row)
{
    TCase *cases = tcase_create(row->name);
    tcase_set_timeout(cases, PROPERTY_TIME_LIMIT);
    tcase_add_checked_fixture(cases, map_marks, unmap_marks);
    for (size_t i = 0; i < row->count; i++)
        if ((row->properties[i].needs & ~kind.traits) == 0)
            tcase_add_test(cases, row->properties[i].test);
    suite_add_tcase(suite, cases);
}

const char *specify(char *text, size_t workers, const char *options)
{
    int length = (kind.traits & HAS_WORKERS) ? snprintf(text, 160, "%s:%zu", kind.name, workers)
                                             : snprintf(text, 160, "%s", kind.name);
    if (kind.options != NULL)
        length += snprintf(text + length, 160 - (size_t)length, ",%s", kind.options);
    if (options != NULL)
        snprintf(text + length, 160 - (size_t)length, ",%s", options);
    return text;
}

parallel_executor *open_executor(size_t workers, const char *options)
{
    char text[160], all[120];
    snprintf(all, sizeof all, "%s%s%s", (kind.traits & HAS_PLACES) ? "places=none" : "",
             (kind.traits & HAS_PLACES) && options != NULL ? "," : "", options != NULL ? options : "");
    parallel_executor *executor;
    ck_assert_ok(parallel_executor_open(specify(text, workers, all[0] != '\0' ? all : NULL), &executor));
    return executor;
}

void close_executor(parallel_executor *executor)
{
    ck_assert_ok(parallel_executor_close(executor));
}

int repetitions(int wanted)
{
    enum { PROCESS_WEIGHT = 50 };
    if ((kind.traits & CALLS_ARE_PROCESSES) == 0)
        return wanted;
    return wanted > PROCESS_WEIGHT ? wanted / PROCESS_WEIGHT : 1;
}

int openings(int wanted)
{
    enum { PROCESS_WEIGHT = 10 };
    if ((kind.traits & HAS_WORKERS) == 0 || (kind.traits & (WORKERS_ARE_THREADS | CALLS_ARE_PROCESSES)) != 0)
        return repetitions(wanted);
    return wanted > PROCESS_WEIGHT ? wanted / PROCESS_WEIGHT : 1;
}

int main(void)
{
    Suite *suite = suite_create(kind.name);
#define ADD_ROW(name) add_row_##name(suite);
    ROWS(ADD_ROW)
#undef ADD_ROW
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
