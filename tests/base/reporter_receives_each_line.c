/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/error.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/in_child.h"
#include "tests/support/property.h"

static void keep_line(void *kept, const char *line)
{
    snprintf(kept, PARALLEL_MESSAGE_SIZE * 2, "%s", line);
    errno = ERANGE;
}

static void report_two(void *kept)
{
    parallel_set_reporter(keep_line, kept);
    pl_report("worker %d is late", 3);
    if (strcmp(kept, "worker 3 is late") != 0)
        _exit(1);
    parallel_set_reporter(NULL, NULL);
    pl_report("worker %d is later", 4);
}

PROPERTY(until_NULL_restores_stderr)
{
    char kept[PARALLEL_MESSAGE_SIZE * 2] = "";
    struct child_outcome outcome = run_in_child(report_two, kept);
    ck_assert_msg(ended_well(&outcome), "%s", outcome.complaint);
    ck_assert_str_eq(outcome.complaint, "libparallel: worker 4 is later\n");
}
PROPERTY_END

static void report_a_long_line(void *unused)
{
    (void)unused;
    pl_report("%01000d", 0);
}

PROPERTY(a_long_line_is_cut_and_still_ends)
{
    struct child_outcome outcome = run_in_child(report_a_long_line, NULL);
    size_t length = strlen(outcome.complaint);
    ck_assert(ended_well(&outcome));
    ck_assert_uint_ge(length, PARALLEL_MESSAGE_SIZE);
    ck_assert_ptr_eq(strchr(outcome.complaint, '\n'), outcome.complaint + length - 1);
}
PROPERTY_END

static void print_line_and_die(void *context, const char *line)
{
    dprintf(STDERR_FILENO, "%s[%s]\n", (const char *)context, line);
}

static void be_quiet_then_abort(void *unused)
{
    (void)unused;
    setenv("PARALLEL_QUIET", "1", 1);
    pl_report("this is for nobody");
    parallel_set_reporter(print_line_and_die, "reporter");
    pl_report("nor is this");
    pl_report_and_abort("index %d: out of memory", 7);
}

PROPERTY(quiet_silences_reports_but_not_the_last_line_of_an_abort)
{
    struct child_outcome outcome = run_in_child(be_quiet_then_abort, NULL);
    ck_assert(ended_by_signal(&outcome, SIGABRT));
    ck_assert_str_eq(outcome.complaint, "reporter[index 7: out of memory]\n");
}
PROPERTY_END

static void abort_to_stderr(void *unused)
{
    (void)unused;
    pl_report_and_abort("index %d: out of memory", 7);
}

PROPERTY(an_abort_says_why)
{
    struct child_outcome outcome = run_in_child(abort_to_stderr, NULL);
    ck_assert(ended_by_signal(&outcome, SIGABRT));
    ck_assert_str_eq(outcome.complaint, "libparallel: index 7: out of memory\n");
}
PROPERTY_END

static void report_with_stderr_closed(void *unused)
{
    (void)unused;
    close(STDERR_FILENO);
    errno = EDOM;
    pl_report("nobody hears this");
    if (errno != EDOM)
        _exit(1);
    char kept[PARALLEL_MESSAGE_SIZE * 2] = "";
    parallel_set_reporter(keep_line, kept);
    pl_report("somebody hears this");
    if (errno != EDOM)
        _exit(2);
}

/* What broke: a report in the middle of a failing function replaced the errno that the function was about to read. */
PROPERTY(a_report_leaves_errno_alone)
{
    struct child_outcome outcome = run_in_child(report_with_stderr_closed, NULL);
    ck_assert_msg(ended_well(&outcome), "status %x", (unsigned)outcome.status);
}
PROPERTY_END

int main(void)
{
    unsetenv("PARALLEL_QUIET"); /* set by a user who runs this test, it would silence what is expected here */
    const TTest *const tests[] = {until_NULL_restores_stderr, a_long_line_is_cut_and_still_ends,
                                  quiet_silences_reports_but_not_the_last_line_of_an_abort, an_abort_says_why,
                                  a_report_leaves_errno_alone};
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
