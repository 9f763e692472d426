/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One property a file. A test file includes this header, writes its properties with PROPERTY(name) { ... ck_assert... }
 * and ends with PROPERTIES(name, name, ...), which makes main(). Each property runs in a process of its own (Check
 * forks) and is ended after a time limit, so that a hang is a failure. A file whose property
 * cannot be tried here has a main() of its own that prints the reason, returns 77, or else calls property_run().
 *
 * Forking per property is left to Check, whose parent never starts a thread. */
#ifndef TESTS_SUPPORT_PROPERTY_H
#define TESTS_SUPPORT_PROPERTY_H

#include <check.h>
#include <stdlib.h>

/* Seconds before a property that hangs is ended; sanitizers slow a program down by up to 20. */
#ifndef PROPERTY_TIME_LIMIT
#define PROPERTY_TIME_LIMIT 60
#endif

#define PROPERTY(name) START_TEST(name)
#define PROPERTY_END   END_TEST

#define PROPERTIES(...)                                                                                       \
    int main(void)                                                                                            \
    {                                                                                                         \
        const TTest *const tests[] = {__VA_ARGS__};                                                           \
        return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);                                 \
    }

static inline int property_run(const char *file, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(file);
    TCase *cases = tcase_create(file);
    tcase_set_timeout(cases, PROPERTY_TIME_LIMIT);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
