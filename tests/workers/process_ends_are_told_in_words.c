/* SPDX-License-Identifier: BSD-3-Clause
 *
 * However a worker process dies, the failure says so: signal or exit status, address, function, and what it
 * means. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "libparallel/workers/forked_process.h"

#include "tests/support/crashes.h"
#include "tests/support/property.h"
#include "tests/support/sanitizer.h"

static struct pl_crash *crash;

static parallel_failure death_of(void (*body)(void *context))
{
    sigset_t mask;
    sigemptyset(&mask);
    struct pl_forked_process process;
    pl_forked_process_init(&process, &mask);
    pl_crash_prepare();
    pl_process_end_prepare();
    (void)forbidden_page();
    crash = mmap(NULL, sizeof *crash, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_int_eq(pl_forked_process_run(&process, body, NULL, 0), 0);
    parallel_failure failure;
    pl_process_end_describe(&process.end, crash, 7, "process", &failure);
    ck_assert_int_eq(failure.code, PARALLEL_ECRASHED);
    ck_assert_int_eq(failure.worker, 7);
    ck_assert_int_eq(failure.pid, process.end.pid);
    ck_assert_int_gt(failure.pid, 0);
    return failure;
}

static void expect_words(const parallel_failure *failure, const char *words)
{
    ck_assert_msg(strstr(failure->message, words) != NULL, "no \"%s\" in: %s", words, failure->message);
}

static void expect_signal(const parallel_failure *failure, int signal, const char *name)
{
    ck_assert_msg(failure->signal == signal && failure->exit_status == -1, "signal %d, status %d: %s", failure->signal,
                  failure->exit_status, failure->message);
    expect_words(failure, name);
}

#define BODY(name, ...)                                                                                       \
    static void name(void *context)                                                                           \
    {                                                                                                         \
        (void)context;                                                                                        \
        pl_crash_install(crash);                                                                              \
        __VA_ARGS__;                                                                                          \
        __asm__ volatile(""); /* the above is no tail call */                                                 \
    }

BODY(write_to_forbidden_page, crash_by_write(forbidden_page()))
BODY(call_abort, abort())
BODY(divide_by_zero, crash_by_division())
BODY(recurse_for_ever, crash_by_recursion(NULL, 0))
BODY(jump_to_nowhere, void (*volatile nowhere)(void) = (void (*)(void))(uintptr_t)forbidden_page(); nowhere())
BODY(call_exit, exit(3))
BODY(call_exit_at_once, _exit(4))
BODY(be_killed, kill(getpid(), SIGKILL))
BODY(return_early, (void)0)

/* Its record is not its child's. */
BODY(outlive_a_child, pid_t child = fork(); if (child == 0) crash_by_write(forbidden_page()); waitpid(child, NULL, 0); raise(SIGSEGV))

PROPERTY(invalid_memory_access)
{
    parallel_failure failure = death_of(write_to_forbidden_page);
    expect_signal(&failure, SIGSEGV, "SIGSEGV (invalid memory access) at address 0x");
    char address[32];
    snprintf(address, sizeof address, "0x%zx", (size_t)forbidden_page());
    expect_words(&failure, address);
    expect_words(&failure, " in crash_by_write+0x");
    expect_words(&failure, " < write_to_forbidden_page+0x");
}
PROPERTY_END

PROPERTY(abort_)
{
    parallel_failure failure = death_of(call_abort);
    expect_signal(&failure, SIGABRT, "SIGABRT (abort)");
    expect_words(&failure, " < call_abort+0x");
}
PROPERTY_END

PROPERTY(invalid_arithmetic)
{
    parallel_failure failure = death_of(divide_by_zero);
    expect_signal(&failure, SIGFPE, "SIGFPE (invalid arithmetic)");
    expect_words(&failure, "crash_by_division+0x");
}
PROPERTY_END

PROPERTY(stack_overflow)
{
    parallel_failure failure = death_of(recurse_for_ever);
    expect_signal(&failure, SIGSEGV, "stack overflow (SIGSEGV)");
    expect_words(&failure, "crash_by_recursion+0x");
}
PROPERTY_END

PROPERTY(call_of_no_code)
{
    parallel_failure failure = death_of(jump_to_nowhere);
    expect_signal(&failure, SIGSEGV, "SIGSEGV (invalid memory access)");
    expect_words(&failure, " < jump_to_nowhere+0x");
}
PROPERTY_END

PROPERTY(exit_status)
{
    parallel_failure failure = death_of(call_exit);
    ck_assert_int_eq(failure.signal, 0);
    ck_assert_int_eq(failure.exit_status, 3);
    expect_words(&failure, " left by exit(3)");
    failure = death_of(call_exit_at_once);
    ck_assert_int_eq(failure.exit_status, 4);
    expect_words(&failure, " left by _exit(4)");
    failure = death_of(return_early);
    ck_assert_int_eq(failure.exit_status, 0);
}
PROPERTY_END

PROPERTY(a_child_of_its_own)
{
    parallel_failure failure = death_of(outlive_a_child);
    expect_signal(&failure, SIGSEGV, "SIGSEGV");
    ck_assert_msg(strstr(failure.message, "crash_by_write") == NULL, "%s", failure.message);
}
PROPERTY_END

PROPERTY(killed_from_outside)
{
    parallel_failure failure = death_of(be_killed);
    expect_signal(&failure, SIGKILL, "SIGKILL (killed from outside)");
}
PROPERTY_END

static void exhaust_data_memory(void *context)
{
    (void)context;
    pl_crash_install(crash);
    struct rlimit limit = {64 << 20, 64 << 20};
    setrlimit(RLIMIT_DATA, &limit);
    for (;;) {
        volatile char *block = malloc(1 << 20);
        if (block == NULL)
            abort();
        block[0] = 1;
    }
}

PROPERTY(out_of_data_memory)
{
    if (UNDER_ADDRESS_SANITIZER || UNDER_THREAD_SANITIZER) /* their shadow memory is beyond the limit */
        return;
    parallel_failure failure = death_of(exhaust_data_memory);
    expect_signal(&failure, SIGABRT, "SIGABRT (abort), probably out of memory, with 6");
    expect_words(&failure, " of 65536 KiB of data memory in use");
}
PROPERTY_END

static void handle(int signal)
{
    (void)signal;
    _exit(42);
}

PROPERTY(a_handler_of_the_program_stays)
{
    signal(SIGSEGV, handle);
    parallel_failure failure = death_of(write_to_forbidden_page);
    ck_assert_int_eq(failure.exit_status, 42);
}
PROPERTY_END

PROPERTY(a_status_that_is_gone)
{
    struct pl_process_end end = {.pid = 1234};
    parallel_failure failure;
    pl_process_end_describe(&end, NULL, -1, "process", &failure);
    expect_words(&failure, "process 1234 ended unseen");
    ck_assert_int_eq(failure.exit_status, -1);
    ck_assert_int_eq(failure.signal, 0);
}
PROPERTY_END

PROPERTIES(invalid_memory_access, abort_, invalid_arithmetic, stack_overflow, call_of_no_code, exit_status,
           a_child_of_its_own, killed_from_outside, out_of_data_memory, a_handler_of_the_program_stays, a_status_that_is_gone)
