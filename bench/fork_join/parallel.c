/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fork-join by PARALLEL_FN's name_spawn and name_sync. -DBENCH_SERIAL: plain calls, the floor. -DBENCH_WORKERS: how many. */
#ifndef BENCH_SERIAL
#include <parallel.h>

static parallel_executor *executor;
#define BENCH_DECLARE(type, f, ...) PARALLEL_FN(type, f, __VA_ARGS__)
#define BENCH_FORK(f, n)            f##_task bench_tasks_##f[n]
#define BENCH_SPAWN(f, k, target, ...) f##_spawn(&bench_tasks_##f[k], __VA_ARGS__)
#define BENCH_JOIN(f, n, targets)                                                                             \
    for (int k = (n); k-- > 0;)                                                                               \
    targets = f##_sync(&bench_tasks_##f[k])
#define BENCH_ROOT(type, f, ...) f##_await(f##_on(executor, __VA_ARGS__))
#else
#define BENCH_DECLARE(type, f, ...)
#define BENCH_FORK(f, n)               (void)0
#define BENCH_SPAWN(f, k, target, ...) target = f(__VA_ARGS__)
#define BENCH_JOIN(f, n, targets)      (void)0
#define BENCH_ROOT(type, f, ...)       f(__VA_ARGS__)
#endif

#include "kernels.h"

int main(int argc, char **argv)
{
#ifndef BENCH_SERIAL
    parallel_executor_options options = parallel_executor_options_default();
    options.workers = BENCH_WORKERS;
    if (parallel_executor_open_with(&options, &executor) != 0)
        return 1;
#endif
    return bench_main(bench_kernels, sizeof bench_kernels / sizeof bench_kernels[0], argc, argv);
}
