/* SPDX-License-Identifier: BSD-3-Clause
 *
 * However the children of a loop end, the loop says at which iterations and how, in time, and nobody is left over. */
#include <parallel.h>

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/macros/process_loops.h"
#include "tests/support/crashes.h"
#include "tests/support/kernel_view.h"
#include "tests/support/seed.h"

/* The address sanitizer asks before it looks for leaks at exit. What other threads' stacks held, in the program, has no
 * owner in a forked process that leaves by exit(). */
static int is_leaving;

int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return is_leaving;
}

enum way { WRITES_WILDLY, ABORTS, DIVIDES, RECURSES, EXITS, EXITS_AT_ONCE, IS_KILLED, WAYS };

static void die(enum way way)
{
    switch (way) {
    case WRITES_WILDLY:
        crash_by_write(forbidden_page());
        break;
    case ABORTS:
        abort();
    case DIVIDES:
        crash_by_division();
        break;
    case RECURSES:
        crash_by_recursion(NULL, 0);
        break;
    case EXITS:
        is_leaving = 1;
        exit(0);
    case EXITS_AT_ONCE:
        _exit(4);
    default:
        raise(SIGKILL);
    }
}

static const char *const words[WAYS] = {"SIGSEGV (invalid memory access)",
                                        "SIGABRT (abort)",
                                        "SIGFPE",
                                        "stack overflow",
                                        " exit(0)",
                                        " _exit(4)",
                                        "SIGKILL"};

PROPERTY(and_tell_how_they_died)
{
    adopt_orphans();
    (void)forbidden_page();
    for (int form = 0; form < PROCESS_LOOP_FORMS; form++) {
        parallel_executor *executor = open_form(form);
        unsigned char *ran = share_zeroed(600);
        for (int way = form % 2; way < WAYS; way += 2) {
            parallel_error status;
            int64_t where = -1;
            memset(ran, 0, 600);
            PARALLEL_FOR(i, 0, 600, .executor = executor, .fork = fork_of_form(form), .grain = 20, .status = &status,
                         .stopped_at = &where) {
                if (i == 333)
                    die((enum way)way);
                ran[i] = 1;
            }
            ck_assert_int_eq(status.code, PARALLEL_ECRASHED);
            ck_assert_int_eq((int)where, 320);
            ck_assert_msg(strncmp(status.message, "iterations 320 to 339: process ", 31) == 0, "%s", status.message);
            ck_assert_msg(strstr(status.message, words[way]) != NULL, "%s", status.message);
            for (int i = 0; i < 333; i++)
                ck_assert_int_eq(ran[i], 1);
        }
        parallel_shared_free(ran);
        close_executor(executor);
        if (form % 2 == 0)
            ck_assert_int_eq((int)current_children(NULL, 0), 0);
    }
}
PROPERTY_END

PROPERTY(and_tell_the_lowest_of_several_deaths)
{
    parallel_executor *executor = open_form(0);
    atomic_int *dying = share_zeroed(sizeof *dying);
    parallel_error status;
    int64_t where[2] = {-1, -1};
    PARALLEL_FOR(i, 100, 106, .executor = executor, .grain = 1, .status = &status, .stopped_at = where) {
        if (i >= 103) { /* all three at once */
            for (++*dying; *dying < 3;)
                sched_yield();
            die(i == 103 ? ABORTS : IS_KILLED);
        }
    }
    ck_assert_int_eq((int)where[0], 103);
    ck_assert_msg(strncmp(status.message, "iteration 103: process ", 23) == 0, "%s", status.message);
    ck_assert_ptr_nonnull(strstr(status.message, "SIGABRT"));
    PARALLEL_FOR_2D(i, 0, 50, j, 0, 50, .executor = executor, .grain = 5, .status = &status, .stopped_at = where)
        if (i == 33 && j == 7)
            die(EXITS_AT_ONCE);
    ck_assert_int_eq(status.code, PARALLEL_ECRASHED);
    ck_assert_int_eq((int)where[0], 30);
    const char *tile = "rows 30 to 34, columns 0 to 49: ";
    ck_assert_msg(strncmp(status.message, tile, strlen(tile)) == 0, "%s", status.message);
    parallel_shared_free(dying);
    close_executor(executor);
}
PROPERTY_END

static void expect_time_limit(const char *specification, int signal_to_self)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    for (int how = 0; how < 2; how++) {
        parallel_error status;
        int64_t where = -1;
        PARALLEL_FOR(i, 0, 90, .executor = executor, .fork = process_forks[how], .grain = 10, .status = &status,
                     .stopped_at = &where)
            if (i == 55) {
                if (signal_to_self != 0)
                    raise(signal_to_self);
                for (;;)
                    pause();
            }
        ck_assert_int_eq(status.code, PARALLEL_ETIMELIMIT);
        ck_assert_msg(where % 10 == 0 && where <= 50, "stopped at %d", (int)where); /* lower if the machine is slow */
        ck_assert_msg(strstr(status.message, "ran for longer than 0.3 s") != NULL, "%s", status.message);
    }
    close_executor(executor);
}

PROPERTY(and_end_in_time_what_hangs_or_is_stopped)
{
    expect_time_limit("processes:2,places=none,timeout=0.3", SIGSTOP);
    expect_time_limit("fork:2,places=none,timeout=0.3", 0);
}
PROPERTY_END

PROPERTY(which_is_the_time_of_a_chunk_not_of_the_loop)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("fork:2,places=none,timeout=1", &executor), 0);
    /* 12 chunks of 0.1 s for each child. */
    PARALLEL_FOR(i, 0, 24, .executor = executor, .grain = 1)
        usleep(100000);
    close_executor(executor);
}
PROPERTY_END

/* Children whose parent is not the test: their keeper is. */
PROPERTY(and_the_end_of_their_keeper)
{
    adopt_orphans();
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("fork:2,places=none", &executor), 0);
    pid_t self = getpid();
    atomic_int *has_keeper = share_zeroed(2 * sizeof *has_keeper), *met = has_keeper + 1;
    for (int how = 0; how < 2; how++) {
        parallel_error status;
        *met = 0;
        PARALLEL_FOR(i, 0, 1000, .executor = executor, .fork = process_forks[how], .status = &status) {
            if (getppid() != self) {
                *has_keeper = 1;
                for (++*met; *met < 2;)
                    sched_yield();
                wait_until_asleep(getppid(), NULL); /* it has forked both, and waits */
                kill(getppid(), SIGKILL);
                for (;;)
                    pause();
            }
        }
        ck_assert_int_eq(status.code, *has_keeper ? PARALLEL_ECRASHED : 0);
        wait_until_no_child_is_left();
    }
    parallel_shared_free(has_keeper);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(and_a_keeper_that_is_stopped_when_all_is_done)
{
    adopt_orphans();
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("fork:2,places=none,timeout=0.5", &executor), 0);
    pid_t self = getpid();
    for (int how = 0; how < 2; how++) {
        parallel_error status;
        PARALLEL_FOR(i, 0, 2, .executor = executor, .fork = process_forks[how], .status = &status, .grain = 2)
            if (i == 1 && getppid() != self) {
                wait_until_asleep(getppid(), NULL);
                kill(getppid(), SIGSTOP);
            }
        ck_assert_msg(status.code == 0 || status.code == PARALLEL_ETIMELIMIT, "%s", status.message); /* a slow machine */
        wait_until_no_child_is_left();
    }
    close_executor(executor);
}
PROPERTY_END

static int initializer_code;

static int initialize(void *context)
{
    ++*(atomic_int *)context;
    return initializer_code;
}

PROPERTY(and_the_initializer_runs_first)
{
    atomic_int *initialized = share_zeroed(sizeof *initialized);
    parallel_executor_options options = parallel_executor_options_default();
    options.kind = "fork";
    options.workers = 2;
    options.places = "none";
    options.initializer = initialize;
    options.initializer_context = initialized;
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open_with(&options, &executor), 0);
    parallel_error status;
    PARALLEL_FOR(i, 0, 8, .executor = executor, .fork = PARALLEL_FORK_PER_CHUNK, .grain = 2, .status = &status)
        ck_assert_int_gt(*initialized, 0);
    ck_assert_int_eq(status.code, 0);
    ck_assert_int_eq(*initialized, 4);
    initializer_code = 12;
    for (int how = 0; how < 2; how++) {
        PARALLEL_FOR(i, 0, 8, .executor = executor, .fork = process_forks[how], .status = &status)
            *initialized = 1000;
        ck_assert_int_eq(status.code, PARALLEL_EINITIALIZER);
        ck_assert_msg(strstr(status.message, "returned 12") != NULL, "%s", status.message);
        ck_assert_int_lt(*initialized, 1000);
    }
    close_executor(executor);
    parallel_shared_free(initialized);
}
PROPERTY_END

/* A child dies, or stops, after so many microseconds, wherever it is then; with 0 it does not. */
static void stop_here(int signal)
{
    (void)signal;
    raise(SIGSTOP);
}

static void die_within(unsigned microseconds, bool stops)
{
    struct itimerval when = {.it_value = {.tv_usec = microseconds}};
    signal(SIGALRM, stops ? stop_here : SIG_DFL);
    setitimer(ITIMER_REAL, &when, NULL);
}

static void spin(int turns)
{
    for (volatile int i = 0; i < turns; i++)
        continue;
}

/* Both ways to fork; each child once, at its first iteration, decides on its fate. */
static void storm(const char *specification, int rounds, bool stops)
{
    enum { COUNT = 2000 };
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    atomic_int *marks = share_zeroed(COUNT * sizeof *marks);
    unsigned long long state = property_seed();
    int failed = 0;
    for (int round = 0; round < rounds; round++) {
        memset(marks, 0, COUNT * sizeof *marks);
        unsigned long long child_state = next_random(&state);
        pid_t decided = 0;
        parallel_error status;
        int64_t where = -1;
        uint64_t sum = 7;
        PARALLEL_REDUCE(i, 0, COUNT, (+, sum), .executor = executor, .fork = process_forks[round % 2],
                        .status = &status, .stopped_at = &where) {
            if (decided != getpid()) {
                decided = getpid();
                child_state += (unsigned long long)decided;
                unsigned long long number = next_random(&child_state);
                if (number % 2 == 0)
                    die_within(1 + (unsigned)(number / 2 % 3000), stops);
            }
            marks[i]++;
            sum += (uint64_t)i;
            spin(300);
        }
        bool is_failure_expected = status.code == PARALLEL_ECRASHED || (stops && status.code == PARALLEL_ETIMELIMIT);
        ck_assert_msg(status.code == 0 || is_failure_expected, "%s", status.message);
        failed += status.code != 0;
        ck_assert_uint_eq(sum, status.code != 0 ? 7 : 7 + (uint64_t)COUNT * (COUNT - 1) / 2);
        for (int i = 0; i < COUNT; i++)
            ck_assert_msg(marks[i] == 1 || (i >= where && marks[i] == 0), "%d ran %d times; stopped at %d: %s", i,
                          marks[i], (int)where, status.message);
    }
    printf("%s: %d of %d loops failed\n", specification, failed, rounds);
    parallel_shared_free(marks);
    close_executor(executor);
}

PROPERTY(in_a_storm_of_deaths)
{
    adopt_orphans();
    storm("fork:3,places=none", 40, false);
    ck_assert_int_eq((int)current_children(NULL, 0), 0);
}
PROPERTY_END

PROPERTY(in_a_storm_of_stops)
{
    storm("processes:3,places=none,timeout=0.3", 4, true);
}
PROPERTY_END

/* The program is killed while its children are in their bodies. */
static void run_program(enum parallel_loop_fork how, atomic_int *begun)
{
    parallel_executor *executor;
    if (parallel_executor_open("fork:2,places=none", &executor) != 0)
        _exit(1);
    PARALLEL_FOR(i, 0, 100, .executor = executor, .fork = how)
        for (++*begun;;)
            pause();
}

PROPERTY(and_nobody_survives_the_program)
{
    adopt_orphans();
    atomic_int *begun = share_zeroed(sizeof *begun);
    for (int how = 0; how < 2; how++) {
        *begun = 0;
        pid_t program = fork();
        ck_assert_int_ge(program, 0);
        if (program == 0) {
            run_program(process_forks[how], begun);
            _exit(0);
        }
        while (*begun < 2)
            usleep(1000);
        kill(program, SIGKILL);
        ck_assert_int_eq(waitpid(program, NULL, 0), program);
        wait_until_no_child_is_left(); /* hangs if one lives on */
    }
    parallel_shared_free(begun);
}
PROPERTY_END

PROPERTIES(and_tell_how_they_died, and_tell_the_lowest_of_several_deaths, and_end_in_time_what_hangs_or_is_stopped,
           which_is_the_time_of_a_chunk_not_of_the_loop, and_the_end_of_their_keeper,
           and_a_keeper_that_is_stopped_when_all_is_done, and_the_initializer_runs_first,
           in_a_storm_of_deaths, in_a_storm_of_stops, and_nobody_survives_the_program)
