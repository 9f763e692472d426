/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/property.h"

/* The clock of this program, the library's included: each reading is `step_ns` after the one before. */
static atomic_long step_ns;
static atomic_long time_ns;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    long step = step_ns;
    long ns = atomic_fetch_add(&time_ns, step) + step;
    now->tv_sec = 1 + ns / 1000000000;
    now->tv_nsec = ns % 1000000000;
    return 0;
}

static atomic_long ran;

static void loop_inline(size_t workers, size_t grain)
{
    PARALLEL_FOR(i, 0, 1000, .progress = true, .label = "rows", .workers = workers, .grain = grain)
        ran++;
}

static void loop_with_steps(size_t workers, size_t grain)
{
    PARALLEL_FOR_STEP(i, 2999, -1, -3, .progress = true, .label = "rows", .workers = workers, .grain = grain)
        ran++;
}

static void loop_over_a_plane(size_t workers, size_t grain)
{
    PARALLEL_FOR_2D(i, 0, 25, j, 0, 40, .progress = true, .label = "rows", .workers = workers, .grain = grain)
        ran++;
}

static void reduction(size_t workers, size_t grain)
{
    long sum = 0;
    PARALLEL_REDUCE(i, 0, 1000, (+, sum), .progress = true, .label = "rows", .workers = workers, .grain = grain)
        sum++;
    ran += sum;
}

static void vectorised_reduction(size_t workers, size_t grain)
{
    long sum = 0;
    PARALLEL_REDUCE_SIMD(i, 0, 1000, (+, sum), .progress = true, .label = "rows", .workers = workers, .grain = grain)
        sum++;
    ran += sum;
}

PARALLEL_LOOP(count, (atomic_long *, counter), i)
{
    ++*counter;
}

static void named_loop(size_t workers, size_t grain)
{
    parallel_loop_options options = {.progress = true, .label = "rows", .workers = workers, .grain = grain};
    ck_assert_int_eq(count_run_with(&options, 0, 1000, &ran), 0);
}

static void (*const forms[])(size_t workers, size_t grain) = {loop_inline, loop_with_steps,      loop_over_a_plane,
                                                             reduction,   vectorised_reduction, named_loop};

/* ---- Lines ---- */

static int lines_seen;
static char last_line[512];

/* Several threads of a loop may have news at once. */
static void keep_line(void *context, const char *line)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    (void)context;
    pthread_mutex_lock(&lock);
    lines_seen++;
    snprintf(last_line, sizeof last_line, "%s", line);
    pthread_mutex_unlock(&lock);
}

static void run_each(void)
{
    for (size_t form = 0; form < sizeof forms / sizeof forms[0]; form++)
        for (size_t workers = 0; workers <= 3; workers++)
            for (size_t grain = 0; grain <= 10; grain += 10) {
                ran = 0;
                lines_seen = 0;
                snprintf(last_line, sizeof last_line, "none");
                forms[form](workers, grain);
                ck_assert_int_eq(ran, 1000);
                ck_assert_int_ge(lines_seen, 1);
                ck_assert_msg(strncmp(last_line, "rows: 100 % 1000/1000 [", 23) == 0, "form %zu, %zu workers: %s", form,
                              workers, last_line);
            }
}

PROPERTY(in_a_line_at_its_end)
{
    setenv("PARALLEL_PROGRESS", "lines", 1);
    parallel_set_reporter(keep_line, NULL);
    step_ns = 1000;
    run_each();
}
PROPERTY_END

PROPERTY(in_further_lines_while_it_takes_long)
{
    setenv("PARALLEL_PROGRESS", "lines", 1);
    parallel_set_reporter(keep_line, NULL);
    step_ns = 1000000000; /* every chunk seems to take seconds, so each is one unit */
    for (size_t workers = 1; workers <= 3; workers++) {
        lines_seen = 0;
        loop_inline(workers, 10); /* a hundred chunks */
        ck_assert_int_ge(lines_seen, 10);
        ck_assert(strncmp(last_line, "rows: 100 % 1000/1000 [", 23) == 0);
        lines_seen = 0;
        named_loop(workers, 10);
        ck_assert_int_ge(lines_seen, 10);
    }
}
PROPERTY_END

PROPERTY(in_a_nested_loop_too)
{
    setenv("PARALLEL_PROGRESS", "lines", 1);
    parallel_set_reporter(keep_line, NULL);
    step_ns = 1000;
    PARALLEL_FOR(i, 0, 1) {
        lines_seen = 0;
        loop_inline(0, 0);
        ck_assert_int_eq(lines_seen, 1);
    }
}
PROPERTY_END

PROPERTY(up_to_where_it_was_stopped)
{
    setenv("PARALLEL_PROGRESS", "lines", 1);
    parallel_set_reporter(keep_line, NULL);
    step_ns = 1000;
    PARALLEL_FOR(i, 0, 1000, .progress = true, .label = "search", .workers = 1)
        if (i == 250)
            break;
    ck_assert_msg(strncmp(last_line, "search: 25 % 250/1000 [", 23) == 0, "%s", last_line);
    parallel_error failure;
    PARALLEL_FOR(i, 0, 1000, .progress = true, .workers = 1, .status = &failure)
        if (i == 500) {
            parallel_fail(7, "half");
            break;
        }
    ck_assert_int_eq(failure.code, 7);
    ck_assert_msg(strstr(last_line, ".c:") != NULL && strstr(last_line, ": 50 % 500/1000 [") != NULL, "%s", last_line);
}
PROPERTY_END

static void expect_silence(void)
{
    parallel_set_reporter(keep_line, NULL);
    lines_seen = 0;
    for (size_t form = 0; form < sizeof forms / sizeof forms[0]; form++)
        forms[form](2, 0);
    ck_assert_int_eq(lines_seen, 0);
}

PROPERTY(unless_it_is_off)
{
    setenv("PARALLEL_PROGRESS", "off", 1);
    expect_silence();
}
PROPERTY_END

PROPERTY(unless_all_is_quiet)
{
    setenv("PARALLEL_PROGRESS", "lines", 1);
    setenv("PARALLEL_QUIET", "1", 1);
    expect_silence();
}
PROPERTY_END

/* ---- Bars ---- */

/* Runs body(argument) in a child whose stderr is a terminal of so many columns; everything that was written there. */
static const char *on_a_terminal(void (*body)(void), unsigned short columns)
{
    static char seen[1 << 16];
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert_int_ge(terminal, 0);
    ck_assert_int_eq(grantpt(terminal), 0);
    ck_assert_int_eq(unlockpt(terminal), 0);
    int end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(end, 0);
    ck_assert_int_eq(ioctl(end, TIOCSWINSZ, &size), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(end, STDERR_FILENO);
        close(end);
        unsetenv("PARALLEL_QUIET");
        unsetenv("PARALLEL_PROGRESS");
        body();
        _exit(0);
    }
    close(end);
    size_t length = 0;
    for (ssize_t got = 1; got > 0 && length < sizeof seen - 1; length += (size_t)got) {
        got = read(terminal, seen + length, sizeof seen - 1 - length);
        if (got < 0)
            break; /* EIO: the child has ended */
    }
    seen[length] = '\0';
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    close(terminal);
    return seen;
}

static void run_in_two_threads(void)
{
    step_ns = 60000000;
    loop_inline(2, 100);
}

PROPERTY(as_a_bar_on_a_terminal)
{
    const char *seen = on_a_terminal(run_in_two_threads, 80);
    ck_assert_msg(strstr(seen, "rows:   0 %|    ") != NULL, "%s", seen);
    ck_assert_msg(strstr(seen, "rows: 100 %|####") != NULL, "%s", seen);
    ck_assert_msg(strstr(seen, "0 %|#") != NULL && strstr(seen, " | ") != NULL, "%s", seen); /* in between */
    const char *end = strstr(seen, "1000/1000 [");
    ck_assert_msg(end != NULL && strstr(end, "<00:00, ") != NULL && strstr(end, "/s]\r\n") != NULL, "%s", seen);
}
PROPERTY_END

PROPERTY(in_no_more_than_a_line)
{
    const char *seen = on_a_terminal(run_in_two_threads, 30);
    size_t width = 0;
    for (const char *c = seen; *c != '\0'; c++) {
        if (*c == '\033')
            while (*c != 'J' && *c != 'A')
                c++;
        else
            width = *c == '\r' || *c == '\n' ? 0 : width + 1;
        ck_assert_uint_lt(width, 30);
    }
}
PROPERTY_END

static void run_one_in_another(void)
{
    step_ns = 60000000;
    PARALLEL_FOR(i, 0, 3, .progress = true, .label = "outer", .workers = 1)
        loop_inline(1, 100);
}

PROPERTY(below_each_other)
{
    const char *seen = on_a_terminal(run_one_in_another, 100);
    /* Both at once: the outer one, then the inner one in the line below. */
    const char *outer = strstr(seen, "outer:   0 %|");
    ck_assert_ptr_nonnull(outer);
    const char *both = strstr(outer + 1, "outer:   0 %|");
    ck_assert_msg(both != NULL && strstr(both, "]\r\nrows:   0 %|") != NULL, "%s", seen);
    ck_assert_ptr_nonnull(strstr(seen, "\033[1A\r\033[J"));
    const char *end = strstr(seen, "outer: 100 %|##");
    ck_assert_msg(end != NULL && strstr(end, "3/3 [") != NULL, "%s", seen);
}
PROPERTY_END

PROPERTIES(in_a_line_at_its_end, in_further_lines_while_it_takes_long, in_a_nested_loop_too,
           up_to_where_it_was_stopped, unless_it_is_off, unless_all_is_quiet,
           as_a_bar_on_a_terminal, in_no_more_than_a_line, below_each_other)
