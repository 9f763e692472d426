/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A forked call ends early by its time limit, by parallel_future_kill(), or because it was asked to, and gets no more
 * memory than allowed; the next call is not hit. */
#include <parallel.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/property.h"
#include "tests/support/sanitizer.h"

static parallel_executor *executor;
static _Atomic int *stage; /* shared with the calls: how many have begun */

static void begin(const char *specification)
{
    stage = mmap(NULL, sizeof *stage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
}

static void wait_until_begun(int count)
{
    while (*stage < count)
        continue;
}

static int hang(void)
{
    ++*stage;
    while (*stage > 0) /* for ever */
        pause();
    return 0;
}
PARALLEL_FN(int, hang)

static int ask(void)
{
    ++*stage;
    while (!parallel_is_cancelled())
        continue;
    return 6;
}
PARALLEL_FN(int, ask)

static int answer(void)
{
    return 42;
}
PARALLEL_FN(int, answer)

PROPERTY(time_limit)
{
    begin("fork:1,places=none,timeout=0.05");
    parallel_future *futures[3];
    for (int i = 0; i < 3; i++)
        futures[i] = i == 1 ? answer_on(executor) : hang_on(executor);
    parallel_failure failure;
    int value;
    ck_assert_int_eq(hang_result(futures[0], &value), PARALLEL_ETIMELIMIT);
    ck_assert_int_eq(parallel_future_error(futures[0], &failure), 0);
    ck_assert_int_eq(failure.signal, SIGKILL);
    ck_assert_msg(strstr(failure.message, "longer than 0.05 s") != NULL, "%s", failure.message);
    ck_assert_int_eq(hang_result(futures[2], &value), PARALLEL_ETIMELIMIT);
    int code = answer_result(futures[1], &value);
    ck_assert_msg(code == 0 || code == PARALLEL_ETIMELIMIT, "%s", parallel_last_error()->message); /* a slow machine */
    for (int i = 0; i < 3; i++)
        parallel_future_release(futures[i]);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(kill_of_a_running_one)
{
    begin("fork:1,places=none");
    for (int i = 1; i <= 20; i++) {
        parallel_future *future = hang_on(executor);
        wait_until_begun(i);
        ck_assert_int_eq(parallel_future_kill(future), 0);
        int value;
        ck_assert_int_eq(hang_result(future, &value), PARALLEL_ECANCELLED);
        ck_assert(parallel_future_is_cancelled(future));
        ck_assert_int_eq(parallel_future_kill(future), 0); /* it is cancelled */
        parallel_future_release(future);
        ck_assert_int_eq(answer_await(answer_on(executor)), 42);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

/* At any moment of a call's life: it ends as one or the other. */
PROPERTY(kill_at_any_moment)
{
    begin("fork:2,places=none");
    for (int i = 0; i < 200; i++) {
        parallel_future *future = hang_on(executor);
        for (volatile int turn = 0; turn < i * 500; turn++)
            continue;
        ck_assert_int_eq(parallel_future_kill(future), 0);
        ck_assert_int_eq(parallel_future_wait(future, PARALLEL_NEVER), 0);
        ck_assert(parallel_future_is_cancelled(future));
        parallel_future_release(future);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(kill_of_what_has_ended_or_cannot_be_killed)
{
    begin("fork:1,places=none");
    parallel_future *future = answer_on(executor);
    ck_assert_int_eq(parallel_future_wait(future, PARALLEL_NEVER), 0);
    ck_assert_int_eq(parallel_future_kill(future), PARALLEL_EDONE);
    parallel_future_release(future);
    ck_assert_int_eq(parallel_future_kill(NULL), PARALLEL_EINVALID);
    ck_assert_int_eq(parallel_executor_close(executor), 0);

    begin("threads:1,places=none");
    future = ask_on(executor);
    wait_until_begun(1);
    ck_assert_int_eq(parallel_future_kill(future), PARALLEL_ERUNNING);
    ck_assert_int_eq(ask_await(future), 6); /* but it was asked */
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(a_request_reaches_the_call)
{
    begin("fork:1,places=none");
    parallel_future *future = ask_on(executor);
    wait_until_begun(1);
    ck_assert_int_eq(parallel_future_cancel(future), PARALLEL_ERUNNING);
    ck_assert_int_eq(ask_await(future), 6);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(limits_are_for_processes)
{
    ck_assert_int_eq(parallel_executor_open("threads:1,timeout=1", &executor), PARALLEL_ESPECIFICATION);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "cannot do that; processes and fork can"));
    ck_assert_int_eq(parallel_executor_open("serial,memory=1GiB", &executor), PARALLEL_ESPECIFICATION);
    ck_assert_int_eq(parallel_executor_open("fork:1,timeout=0", &executor), PARALLEL_ESPECIFICATION);
    ck_assert_int_eq(parallel_executor_open("fork:1,retries=1", &executor), PARALLEL_ESPECIFICATION);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "cannot do that; processes can"));
}
PROPERTY_END

static int allocate(int megabytes)
{
    char *volatile block = malloc((size_t)megabytes << 20);
    int is_there = block != NULL;
    free(block);
    return is_there;
}
PARALLEL_FN(int, allocate, int)

PROPERTY(memory_limit)
{
    if (UNDER_ADDRESS_SANITIZER || UNDER_THREAD_SANITIZER) /* their malloc ends the process where libc's returns NULL */
        return;
    char *volatile of_program = malloc((size_t)64 << 20); /* counts for the program, not for the calls */
    begin("fork:1,places=none,memory=32MiB");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(allocate_await(allocate_on(executor, 16)), 1);
        ck_assert_int_eq(allocate_await(allocate_on(executor, 48)), 0);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    free(of_program);
}
PROPERTY_END

PROPERTIES(time_limit, memory_limit, kill_of_a_running_one, kill_at_any_moment, kill_of_what_has_ended_or_cannot_be_killed,
           a_request_reaches_the_call, limits_are_for_processes)
