/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Named loops, for what they are compared by: how soon two threads share a loop. The other kernels would only time their
 * bodies once more. */
#include <parallel.h>

#include "../measure.h"

static double outcome[2];
static int arrived[2 * 64];

PARALLEL_LOOP(fill, (double *, values), i)
{
    values[i] = (double)i;
}

PARALLEL_LOOP(meet, (int *, here), i)
{
    __atomic_store_n(&here[64 * i], 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&here[64 * (1 - i)], __ATOMIC_SEQ_CST))
        continue;
}

static void stop_on(int code)
{
    if (code == 0)
        return;
    fprintf(stderr, "%s\n", parallel_last_error()->message);
    exit(1);
}

static double run_empty(void)
{
    stop_on(fill_run(0, 2, outcome));
    return 0;
}

static double run_meet(void)
{
    static const parallel_loop_options team = {.grain = 1};
    __atomic_store_n(&arrived[0], 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&arrived[64], 0, __ATOMIC_SEQ_CST);
    stop_on(meet_run_with(&team, 0, 2, arrived));
    return 0;
}

static const struct bench_kernel kernels[] = {
    {"empty", run_empty, 0, NULL},
    {"meet", run_meet, 0, NULL},
    {"meet-after-100us", run_meet, 1e5, NULL},
    {"meet-after-1ms", run_meet, 1e6, NULL},
};

int main(int argc, char **argv)
{
    return bench_main(kernels, sizeof kernels / sizeof kernels[0], argc, argv);
}
