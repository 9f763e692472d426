/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fork-join by OpenMP tasks. */
#define BENCH_DECLARE(type, f, ...)
#define BENCH_FORK(f, n)               (void)0
#define BENCH_JOIN(f, n, targets) _Pragma("omp taskwait")

/* A task's target must be shared and its arguments copied: a pointer to the target does both. */
#define BENCH_SPAWN(f, k, target, ...)                                                                        \
    do {                                                                                                      \
        __typeof__(target) *bench_target = &(target);                                                         \
        _Pragma("omp task") *bench_target = f(__VA_ARGS__);                                                   \
    } while (0)
#define BENCH_ROOT(type, f, ...)                                                                              \
    ({                                                                                                        \
        type bench_result;                                                                                    \
        _Pragma("omp parallel num_threads(2)") _Pragma("omp single") bench_result = f(__VA_ARGS__);           \
        bench_result;                                                                                         \
    })

#include "kernels.h"

int main(int argc, char **argv)
{
    return bench_main(bench_kernels, sizeof bench_kernels / sizeof bench_kernels[0], argc, argv);
}
