/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The tests' own tool: kernel_view.h sees what a test must not leave behind. */
#include "tests/support/kernel_view.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "tests/support/in_child.h"
#include "tests/support/property.h"
#include "tests/support/threads.h"

static void *do_nothing(void *unused)
{
    return unused;
}

static bool is_there(pid_t thread)
{
    return tgkill(getpid(), thread, 0) == 0;
}

static void *read_a_byte(void *pipe_end)
{
    char byte;
    return read(*(int *)pipe_end, &byte, 1) == 1 ? pipe_end : NULL;
}

PROPERTY(threads)
{
    struct test_thread thread;
    int ends[2];
    start_thread(&thread, do_nothing, NULL);
    join_thread(&thread);
    while (is_there(thread.id))
        sched_yield();
    size_t before = thread_count();
    ck_assert_int_eq(pipe(ends), 0);
    start_thread(&thread, read_a_byte, &ends[0]);
    ck_assert_uint_eq(thread_count(), before + 1);
    wait_until_asleep(thread.id, NULL);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert_ptr_nonnull(join_thread(&thread));
    wait_until_thread_count_is(before);
}
PROPERTY_END

/* A child that leaves one of its own behind, who never ends by itself. */
static _Noreturn void leave_an_orphan(void)
{
    if (fork() == 0)
        for (;;)
            pause();
    _exit(0);
}

PROPERTY(children_and_orphans)
{
    pid_t children[2];
    adopt_orphans();
    ck_assert_uint_eq(current_children(children, 2), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        leave_an_orphan();
    ck_assert_int_eq(wait_for_child(child), 0);

    ck_assert_uint_eq(current_children(children, 2), 1);
    ck_assert_int_ne(children[0], child);
    ck_assert_int_eq(kill(children[0], SIGKILL), 0);
    wait_until_no_child_is_left();
    ck_assert_uint_eq(current_children(NULL, 0), 0);
}
PROPERTY_END

PROPERTY(time_that_was_used)
{
    uint64_t before = cpu_time_used_ns(0);
    while (cpu_time_used_ns(0) < before + 1000000)
        ;
    ck_assert_uint_ge(cpu_time_used_ns(getpid()), before + 1000000);
}
PROPERTY_END

PROPERTIES(threads, children_and_orphans, time_that_was_used)
