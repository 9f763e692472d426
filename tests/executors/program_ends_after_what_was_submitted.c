/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A program that ends with calls pending and executors open: what was submitted is done; after exit() in a task nobody is
 * waited for, and the program ends with that task's status. */
#include <parallel.h>

#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/in_child.h"
#include "tests/support/property.h"

enum { CALLS = 200 };

static atomic_int *made; /* in memory that parent and child share */

static int make(int number)
{
    return atomic_fetch_add(made, 1) + number;
}
PARALLEL_FN(int, make, int)

static int leave_program(int status)
{
    exit(status);
}
PARALLEL_FN(int, leave_program, int)

static void share_memory(void)
{
    made = mmap(NULL, sizeof *made, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(made, MAP_FAILED);
}

static void end_with_pending_calls(void *specification)
{
    parallel_executor *executor = NULL; /* the default one */
    if (specification != NULL && parallel_executor_open(specification, &executor) != 0)
        _exit(2);
    for (int i = 0; i < CALLS; i++)
        parallel_future_release(make_on(executor, i));
    exit(0);
}

PROPERTY(with_the_default_executor)
{
    share_memory();
    struct child_outcome outcome = run_in_child(end_with_pending_calls, NULL);
    ck_assert_msg(ended_well(&outcome), "%s", outcome.complaint);
    ck_assert_int_eq(atomic_load(made), CALLS);
}
PROPERTY_END

PROPERTY(with_an_executor_that_was_never_closed)
{
    share_memory();
    struct child_outcome outcome = run_in_child(end_with_pending_calls, "threads:1");
    ck_assert_msg(ended_well(&outcome), "%s", outcome.complaint);
    ck_assert_int_eq(atomic_load(made), CALLS);
}
PROPERTY_END

static void exit_in_a_task(void *unused)
{
    (void)unused;
    parallel_executor *executor;
    if (parallel_executor_open("threads:1", &executor) != 0)
        _exit(2);
    parallel_future *first = leave_program_on(executor, 7);
    for (int i = 0; i < CALLS; i++)
        parallel_future_release(make_on(executor, i));
    int code = parallel_future_wait(first, PARALLEL_NEVER); /* never ends: the program does */
    _exit(code == 0 ? 3 : 4);
}

PROPERTY(by_exit_in_a_task)
{
    share_memory();
    for (int round = 0; round < 20; round++) {
        struct child_outcome outcome = run_in_child(exit_in_a_task, NULL);
        ck_assert_msg(exited_with(&outcome, 7), "%x: %s", (unsigned)outcome.status, outcome.complaint);
    }
    ck_assert_int_eq(atomic_load(made), 0); /* what was pending is cancelled */
}
PROPERTY_END

PROPERTIES(with_the_default_executor, with_an_executor_that_was_never_closed, by_exit_in_a_task)
