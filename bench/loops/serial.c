/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The plain loops: what nobody may be slower than. */
#define BENCH_FOR(i, n, ...)                                                                                  \
    for (int64_t i = 0; i < (n); i++)                                                                         \
        __VA_ARGS__
#define BENCH_SUM(i, n, sum, ...) BENCH_FOR(i, n, __VA_ARGS__)

#include "kernels.h"

int main(int argc, char **argv)
{
    if (argc > 1 && (strncmp(argv[1], "meet", 4) == 0 || strcmp(argv[1], "empty") == 0)) { /* nothing to compare */
        printf("nan 0\n");
        return 0;
    }
    return bench_loops_main(argc, argv);
}
