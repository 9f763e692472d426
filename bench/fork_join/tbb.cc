/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fork-join by oneTBB's task_group. */
#include <tbb/global_control.h>
#include <tbb/task_group.h>

#define BENCH_DECLARE(type, f, ...)
#define BENCH_FORK(f, n) tbb::task_group bench_group_##f
#define BENCH_SPAWN(f, k, target, ...)                                                                        \
    do {                                                                                                      \
        auto *bench_target = &(target);                                                                       \
        bench_group_##f.run([=] { *bench_target = f(__VA_ARGS__); });                                         \
    } while (0)
#define BENCH_JOIN(f, n, targets) bench_group_##f.wait()
#define BENCH_ROOT(type, f, ...)  f(__VA_ARGS__)

#include "kernels.h"

int main(int argc, char **argv)
{
    tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 2);
    return bench_main(bench_kernels, sizeof bench_kernels / sizeof bench_kernels[0], argc, argv);
}
