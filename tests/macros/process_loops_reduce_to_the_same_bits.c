/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A reduction has the same bits in threads, in the caller, and in forked children of either kind. */
#include <parallel.h>

#include <float.h>
#include <math.h>

#include "tests/macros/process_loops.h"

enum { COUNT = 40000, EXECUTORS = 4 };

struct best {
    double value;
    int64_t index;
};

static void keep_best(struct best *into, const struct best *from)
{
    if (from->value > into->value)
        *into = *from;
}

/* Of very different size, so that every other order of additions gives other bits. */
static double number(int i)
{
    uint64_t state = ((uint64_t)i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    return (double)(int64_t)(state ^ state >> 31) / (double)((uint64_t)1 << (state % 60));
}

struct results {
    double sum;
    double vector_sum;
    float product;
    uint64_t bits;
    double least;
    struct best best;
};

static struct results reduce(parallel_executor *executor, enum parallel_loop_fork how)
{
    struct results results;
    memset(&results, 0, sizeof results);
    double sum = 0.1, vector_sum = -3, least = 1e300;
    float product = 2;
    uint64_t bits = 5;
    struct best best = {-DBL_MAX, -1};
    PARALLEL_REDUCE(i, 0, COUNT, (+, sum), (*, product), (^, bits), (min, least),
                    (keep_best, best, ((struct best){-DBL_MAX, -1})), .executor = executor, .fork = how) {
        double x = number(i);
        sum += x;
        product *= 1.0f + (float)(i % 7 - 3) * 1e-4f;
        bits ^= (uint64_t)i * 77;
        least = x < least ? x : least;
        keep_best(&best, &(struct best){x, i});
    }
    PARALLEL_REDUCE_SIMD(i, 0, COUNT, (+, vector_sum), .executor = executor, .fork = how)
        vector_sum += number(i);
    results.sum = sum, results.vector_sum = vector_sum, results.product = product;
    results.bits = bits, results.least = least, results.best.value = best.value, results.best.index = best.index;
    return results;
}

PROPERTY(on_every_executor)
{
    static const char *const names[EXECUTORS] = {"fork:3,places=none", "processes:2,places=none", "serial", "threads:3"};
    parallel_executor *executors[EXECUTORS];
    for (int k = 1; k >= 0; k--) /* processes while there is one thread */
        ck_assert_int_eq(parallel_executor_open(names[k], &executors[k]), 0);
    for (int k = 2; k < EXECUTORS; k++)
        ck_assert_int_eq(parallel_executor_open(names[k], &executors[k]), 0);
    struct results expected = reduce(NULL, PARALLEL_FORK_PER_WORKER);
    for (int k = 0; k < EXECUTORS; k++) {
        for (int how = 0; how < 2; how++) {
            struct results results = reduce(executors[k], process_forks[how]);
            ck_assert_msg(memcmp(&results, &expected, sizeof results) == 0, "%s, fork %d: %a is not %a", names[k], how,
                          results.sum, expected.sum);
        }
    }
    for (int k = 0; k < EXECUTORS; k++)
        close_executor(executors[k]);
}
PROPERTY_END

PROPERTY(up_to_a_break)
{
    int64_t expected_at = -1;
    double expected = 1;
    parallel_executor *executors[PROCESS_LOOP_FORMS];
    for (int form = 0; form < PROCESS_LOOP_FORMS; form++)
        executors[form] = open_form(form);
    PARALLEL_REDUCE(i, 0, COUNT, (+, expected), .stopped_at = &expected_at) {
        if (i == 12345)
            break;
        expected += number(i);
    }
    for (int form = 0; form < PROCESS_LOOP_FORMS; form++) {
        double sum = 1;
        int64_t where = -1;
        PARALLEL_REDUCE(i, 0, COUNT, (+, sum), .executor = executors[form], .fork = fork_of_form(form),
                        .stopped_at = &where) {
            if (i == 12345)
                break;
            sum += number(i);
        }
        ck_assert_int_eq((int)where, (int)expected_at);
        ck_assert_msg(memcmp(&sum, &expected, sizeof sum) == 0, "form %d: %a is not %a", form, sum, expected);
        close_executor(executors[form]);
    }
}
PROPERTY_END

PROPERTY(and_leave_the_variables_alone_after_a_failure)
{
    for (int form = 0; form < PROCESS_LOOP_FORMS; form++) {
        parallel_executor *executor = open_form(form);
        double sum = 1.5;
        struct best best = {2, 3};
        parallel_error status;
        PARALLEL_REDUCE(i, 0, COUNT, (+, sum), (keep_best, best, ((struct best){-DBL_MAX, -1})), .executor = executor,
                        .fork = fork_of_form(form), .status = &status) {
            sum += number(i);
            best.index = i;
            if (i >= 20000 && i % 1000 == 77) {
                parallel_fail(i, "item %d", i);
                break;
            }
        }
        ck_assert_int_eq(status.code, 20077);
        ck_assert(memcmp(&sum, &(double){1.5}, sizeof sum) == 0);
        ck_assert(memcmp(&best.value, &(double){2}, sizeof sum) == 0 && best.index == 3);
        close_executor(executor);
    }
}
PROPERTY_END

PROPERTIES(on_every_executor, up_to_a_break, and_leave_the_variables_alone_after_a_failure)
