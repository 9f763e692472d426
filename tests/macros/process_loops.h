/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For tests of inline loops in forked children: both kinds of executor that have them, both ways to fork, and memory that
 * children share with the test. */
#ifndef TESTS_MACROS_PROCESS_LOOPS_H
#define TESTS_MACROS_PROCESS_LOOPS_H

#include <parallel.h>

#include <stdatomic.h>
#include <string.h>

#include "tests/support/property.h"

static const char *const process_kinds[] = {"fork:3,places=none", "processes:3,places=none"};
static const enum parallel_loop_fork process_forks[] = {PARALLEL_FORK_PER_WORKER, PARALLEL_FORK_PER_CHUNK};

enum { PROCESS_LOOP_FORMS = 4 };

/* Executors of processes are to be opened while the program has one thread. */
static inline parallel_executor *open_form(int form)
{
    parallel_executor *executor;
    int code = parallel_executor_open(process_kinds[form % 2], &executor);
    ck_assert_msg(code == 0, "%s", parallel_last_error()->message);
    return executor;
}

static inline enum parallel_loop_fork fork_of_form(int form)
{
    return process_forks[form / 2];
}

static inline void *share_zeroed(size_t size)
{
    void *memory = parallel_shared_alloc(size);
    ck_assert_ptr_nonnull(memory);
    return memset(memory, 0, size);
}

static inline void close_executor(parallel_executor *executor)
{
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}

#endif
