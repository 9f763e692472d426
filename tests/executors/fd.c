/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A future's descriptor: readable once it has ended, the same one at each call, fit for poll and epoll. */
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"
#include "tests/support/threads.h"

enum { STARTED, GATE };

static bool is_readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, 0) == 1 && one.revents == POLLIN;
}

PROPERTY(it_becomes_readable_at_the_end)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = hold_on(executor, 1, STARTED, GATE);
    int fd = parallel_future_fd(future);
    ck_assert_int_ge(fd, 0);
    ck_assert(!is_readable(fd));
    ck_assert_int_eq(parallel_future_fd(future), fd);
    make_mark(GATE);
    struct pollfd one = {.fd = fd, .events = POLLIN};
    ck_assert_int_eq(poll(&one, 1, -1), 1);
    ck_assert_int_eq(one.revents, POLLIN);
    ck_assert_int_eq(parallel_future_fd(future), fd);
    uint64_t count = 0;
    ck_assert_int_eq(read(fd, &count, sizeof count), sizeof count);
    ck_assert_uint_eq(count, 1);
    ck_assert(!is_readable(fd)); /* once, for who reads */
    ck_assert_int_eq(hold_await(future), 1);
    close_executor(executor); /* the worker may have held the last reference */
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1); /* it went with the future */
}
PROPERTY_END

PROPERTY(a_late_one_is_readable_at_once)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *futures[2] = {echo_on(executor, 1), fail_with_on(executor, 2)};
    for (int i = 0; i < 2; i++) {
        ck_assert_ok(parallel_future_wait(futures[i], PARALLEL_NEVER));
        int fd = parallel_future_fd(futures[i]);
        ck_assert(is_readable(fd));
        ck_assert(is_readable(fd)); /* level-triggered until it is read */
        ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    }
    parallel_failure failure;
    ck_assert_ok(parallel_future_error(futures[1], &failure));
    for (int i = 0; i < 2; i++)
        parallel_future_release(futures[i]);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(cancelling_makes_it_readable)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    parallel_future *pending = echo_on(executor, 2);
    wait_for_mark(STARTED, 1);
    int fd = parallel_future_fd(pending);
    ck_assert(!is_readable(fd));
    ck_assert_ok(parallel_future_cancel(pending));
    ck_assert(is_readable(fd));
    make_mark(GATE);
    parallel_future_release(pending);
    ck_assert_int_eq(hold_await(running), 1);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(an_epoll_loop_takes_many_futures)
{
    enum { MOST_CALLS = 1000 };
    static parallel_future *futures[MOST_CALLS];
    const int calls = repetitions(MOST_CALLS);
    int loop = epoll_create1(EPOLL_CLOEXEC);
    parallel_executor *executor = open_executor(2, NULL);
    for (uint32_t i = 0; i < (uint32_t)calls; i++) {
        futures[i] = echo_on(executor, (int)i);
        struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = i};
        ck_assert_int_eq(epoll_ctl(loop, EPOLL_CTL_ADD, parallel_future_fd(futures[i]), &wanted), 0);
    }
    for (int left = calls; left > 0;) {
        struct epoll_event events[64];
        int count = epoll_wait(loop, events, 64, -1);
        ck_assert_int_ge(count, 1);
        for (int i = 0; i < count; i++) {
            parallel_future **future = &futures[events[i].data.u32];
            ck_assert_ptr_nonnull(*future);
            ck_assert(parallel_future_is_done(*future));
            ck_assert_int_eq(epoll_ctl(loop, EPOLL_CTL_DEL, parallel_future_fd(*future), NULL), 0);
            ck_assert_int_eq(echo_await(*future), (int)events[i].data.u32);
            *future = NULL;
            left--;
        }
    }
    close(loop);
    close_executor(executor);
}
PROPERTY_END

static void *ask_for_descriptor(void *argument)
{
    make_mark(STARTED);
    return (void *)(intptr_t)parallel_future_fd(argument);
}

PROPERTY(threads_that_ask_at_once_get_the_same)
{
    const int rounds = repetitions(200);
    parallel_executor *executor = open_executor(1, NULL);
    for (int round = 0; round < rounds; round++) {
        parallel_future *future = echo_on(executor, round);
        struct test_thread threads[3];
        for (int i = 0; i < 3; i++)
            start_thread(&threads[i], ask_for_descriptor, future);
        intptr_t fds[3];
        for (int i = 0; i < 3; i++)
            fds[i] = (intptr_t)join_thread(&threads[i]);
        ck_assert(fds[0] == fds[1] && fds[1] == fds[2] && fds[0] >= 0);
        ck_assert_ok(parallel_future_wait(future, PARALLEL_NEVER));
        struct pollfd one = {.fd = (int)fds[0], .events = POLLIN};
        ck_assert_int_eq(poll(&one, 1, -1), 1); /* the end writes it after the state is seen */
        parallel_future_release(future);
    }
    close_executor(executor);
}
PROPERTY_END

PROPERTY(without_descriptors_it_says_so_and_the_future_goes_on)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = echo_on(executor, 1);
    ck_assert_ok(parallel_future_wait(future, PARALLEL_NEVER));
    struct rlimit before, none;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    int fd = parallel_future_fd(future);
    setrlimit(RLIMIT_NOFILE, &before);
    ck_assert_int_eq(fd, -1);
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ESYSTEM);
    ck_assert(is_readable(parallel_future_fd(future)));
    ck_assert_int_eq(echo_await(future), 1);
    ck_assert_int_eq(parallel_future_fd(NULL), -1);
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_EINVALID);
    close_executor(executor);
}
PROPERTY_END

ROW(fd, {it_becomes_readable_at_the_end, HAS_WORKERS}, {a_late_one_is_readable_at_once, 0},
    {cancelling_makes_it_readable, HAS_WORKERS}, {an_epoll_loop_takes_many_futures, 0},
    {threads_that_ask_at_once_get_the_same, 0}, {without_descriptors_it_says_so_and_the_future_goes_on, 0})
