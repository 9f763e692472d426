/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The system refuses processes (a limit, no memory): what waits fails with that reason and nothing hangs; as long as one
 * worker lives it does the work; and when there are processes again, there are workers again. Forced by linking with
 * --wrap=fork: a switch in shared memory refuses those of the zygote. */
#include <parallel.h>
#include <libparallel/shared.h>

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/property.h"

static _Atomic int *is_refusing;

pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t __wrap_fork(void)
{
    if (is_refusing == NULL || !atomic_load(is_refusing))
        return __real_fork();
    errno = EAGAIN;
    return -1;
}

static int die(void)
{
    return raise(SIGKILL);
}
PARALLEL_FN(int, die)

static int own_pid(void)
{
    return (int)getpid();
}
PARALLEL_FN(int, own_pid)

/* Two calls that meet are made by two workers. */
static int meet(_Atomic int *count, int wanted)
{
    atomic_fetch_add(count, 1);
    while (atomic_load(count) < wanted)
        continue;
    return 0;
}
PARALLEL_FN(int, meet, _Atomic int *, int)

static parallel_executor *begin(const char *specification)
{
    is_refusing = mmap(NULL, sizeof *is_refusing, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne((void *)is_refusing, MAP_FAILED);
    parallel_executor *executor;
    ck_assert_msg(parallel_executor_open(specification, &executor) == 0, "%s", parallel_last_error()->message);
    return executor;
}

static void expect_crash(parallel_future *future)
{
    int value;
    ck_assert_int_eq(die_result(future, &value), PARALLEL_ECRASHED);
    parallel_future_release(future);
}

PROPERTY(what_waits_fails_and_says_why)
{
    parallel_executor *executor = begin("processes:1,places=none,name=lone");
    for (int round = 0; round < 3; round++) {
        int first = own_pid_await(own_pid_on(executor)), value;
        atomic_store(is_refusing, 1);
        parallel_future *poison = die_on(executor), *waiting[5];
        for (int i = 0; i < 5; i++)
            waiting[i] = own_pid_on(executor);
        expect_crash(poison);
        for (int i = 0; i < 5; i++) {
            ck_assert_int_eq(own_pid_result(waiting[i], &value), PARALLEL_EWORKER);
            ck_assert_msg(strstr(parallel_last_error()->message, "worker lone-0 cannot be started") != NULL, "%s",
                          parallel_last_error()->message);
            parallel_future_release(waiting[i]);
        }
        atomic_store(is_refusing, 0);
        ck_assert_int_ne(own_pid_await(own_pid_on(executor)), first); /* it goes on */
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(a_worker_that_lives_does_the_work)
{
    parallel_executor *executor = begin("processes:2,places=none");
    _Atomic int *count = parallel_shared_alloc(sizeof *count);
    ck_assert_ptr_nonnull((void *)count);
    parallel_future *one = meet_on(executor, count, 2), *other = meet_on(executor, count, 2);
    ck_assert_int_eq(meet_await(one), 0);
    ck_assert_int_eq(meet_await(other), 0);
    atomic_store(is_refusing, 1);
    expect_crash(die_on(executor));
    int survivor = own_pid_await(own_pid_on(executor));
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(own_pid_await(own_pid_on(executor)), survivor);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    parallel_shared_free((void *)count);
}
PROPERTY_END

PROPERTY(an_executor_without_any_closes)
{
    parallel_executor *executor = begin("processes:2,places=none,retries=3");
    int value = own_pid_await(own_pid_on(executor));
    atomic_store(is_refusing, 1);
    parallel_future *poison = die_on(executor);
    int code = die_result(poison, &value);
    ck_assert_msg(code == PARALLEL_EWORKER || code == PARALLEL_ECRASHED, "%d: %s", code, parallel_last_error()->message);
    parallel_future_release(poison);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(what_waits_fails_and_says_why, a_worker_that_lives_does_the_work, an_executor_without_any_closes)
