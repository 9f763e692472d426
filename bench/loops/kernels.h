/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The loops that are compared, written once. A peer's file defines how it runs a loop and a sum, and includes this:
 *
 *     BENCH_FOR(i, n, body)           the body for i in [0, n), in parallel
 *     BENCH_SUM(i, n, sum, body)      the same, the body adding to the double `sum`
 *
 * and includes this. A peer's program is called as `PEER KERNEL SECONDS` (measure.h); compare.c calls the peers in turn. */
#ifndef BENCH_LOOPS_KERNELS_H
#define BENCH_LOOPS_KERNELS_H

/* A loop that is worth both threads however short it is, for peers that would run it in the caller otherwise. */
#ifndef BENCH_TEAM_FOR
#define BENCH_TEAM_FOR BENCH_FOR
#endif

/* A sum that may be formed in vector registers, for peers that can say so. */
#ifndef BENCH_SUM_SIMD
#define BENCH_SUM_SIMD BENCH_SUM
#endif

#include "../measure.h"

/* ---- Data ---- */

enum {
    SAXPY_COUNT = 1 << 22,    /* 2 x 16 MiB: larger than any cache share here */
    UNIFORM_COUNT = 1 << 14,
    SKEW_COUNT = 1 << 12,
    MANDELBROT_SIZE = 400,
    SUM_COUNT = 10000000,
    SIMD_COUNT = 500000,
    TRIVIAL_COUNT = 100000000,
};

static float *vector_x, *vector_y;
static double *terms;
static double *outcome;     /* [SKEW_COUNT or more]: a value an iteration */
static uint32_t *lengths;   /* [SKEW_COUNT]: power-law lengths */
static unsigned char *bytes; /* [TRIVIAL_COUNT] */

static uint64_t random_state = 88172645463325252u; /* fixed: every peer sees the same lengths */

static double next_uniform(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (double)(random_state >> 11) * 0x1.0p-53;
}

static void prepare(void)
{
    outcome = (double *)bench_allocate(1 << 20, sizeof(double));
    lengths = (uint32_t *)bench_allocate(SKEW_COUNT, sizeof *lengths);
    for (int i = 0; i < SKEW_COUNT; i++) { /* Pareto with exponent 1.2, cut at 10^5 */
        double length = 20.0 * pow(1.0 - next_uniform(), -1.0 / 1.2);
        lengths[i] = length > 1e5 ? 100000 : (uint32_t)length;
    }
}

/* Work that takes a few ns a turn and that no compiler shortens: a chain of dependent operations. */
static inline double spend(uint32_t turns, double x)
{
    for (uint32_t turn = 0; turn < turns; turn++)
        x = x * 0.999999 + 1e-7;
    return x;
}

static inline int escape_time(double real, double imaginary)
{
    double x = 0, y = 0;
    int turn = 0;
    while (turn < 500 && x * x + y * y < 4) {
        double next = x * x - y * y + real;
        y = 2 * x * y + imaginary;
        x = next;
        turn++;
    }
    return turn;
}

/* ---- Kernels: each returns something that depends on all that it computed ---- */

static double run_empty(void)
{
    BENCH_FOR(i, 2, { outcome[i] = (double)i; });
    return 0;
}

/* Both threads must meet, so a loop that one thread runs alone would never end: it is given up after a second. */
static double run_meet(void)
{
    static int arrived[2 * 64];
    __atomic_store_n(&arrived[0], 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&arrived[64], 0, __ATOMIC_SEQ_CST);
    BENCH_TEAM_FOR(i, 2, {
        __atomic_store_n(&arrived[64 * i], 1, __ATOMIC_SEQ_CST);
        for (long turn = 0; !__atomic_load_n(&arrived[64 * (1 - i)], __ATOMIC_SEQ_CST); turn++)
            if (turn == 1000000000L) {
                printf("nan 0\n"); /* this schedule gives both to one thread: it does not take part */
                exit(0);
            }
    });
    return 0;
}

static double run_saxpy(void)
{
    if (vector_x == NULL) {
        vector_x = (float *)bench_allocate(SAXPY_COUNT, sizeof(float));
        vector_y = (float *)bench_allocate(SAXPY_COUNT, sizeof(float));
        BENCH_FOR(i, SAXPY_COUNT, {
            vector_x[i] = (float)i;
            vector_y[i] = 1;
        });
    }
    const float a = 1e-9f;
    const float *x = vector_x;
    float *y = vector_y;
    BENCH_FOR(i, SAXPY_COUNT, { y[i] = a * x[i] + y[i]; });
    return 0;
}

static double run_uniform(void)
{
    BENCH_FOR(i, UNIFORM_COUNT, { outcome[i] = spend(300, (double)i); });
    return outcome[UNIFORM_COUNT - 1];
}

static double run_linear(void)
{
    BENCH_FOR(i, SKEW_COUNT, { outcome[i] = spend((uint32_t)i, (double)i); });
    return outcome[SKEW_COUNT - 1];
}

static double run_power(void)
{
    BENCH_FOR(i, SKEW_COUNT, { outcome[i] = spend(10 * lengths[i], (double)i); });
    return outcome[SKEW_COUNT - 1];
}

static double run_mandelbrot(void)
{
    BENCH_FOR(row, MANDELBROT_SIZE, {
        double sum = 0;
        for (int column = 0; column < MANDELBROT_SIZE; column++)
            sum += escape_time(-2.2 + 3.0 * column / MANDELBROT_SIZE, -1.5 + 3.0 * (double)row / MANDELBROT_SIZE);
        outcome[row] = sum;
    });
    double sum = 0;
    for (int row = 0; row < MANDELBROT_SIZE; row++)
        sum += outcome[row];
    return sum;
}

static void make_terms(void)
{
    if (terms != NULL)
        return;
    terms = (double *)bench_allocate(SUM_COUNT, sizeof *terms);
    BENCH_FOR(i, SUM_COUNT, { terms[i] = (double)(i % 7); });
}

static double run_sum(void)
{
    make_terms();
    const double *values = terms;
    double sum = 0;
    BENCH_SUM(i, SUM_COUNT, sum, { sum += values[i]; });
    return sum;
}

/* 4 MB, which the caches keep: memory is not what takes the time. */
static double run_sum_simd(void)
{
    make_terms();
    const double *values = terms;
    double sum = 0;
    BENCH_SUM_SIMD(i, SIMD_COUNT, sum, { sum += values[i]; });
    return sum;
}

static double run_trivial(void)
{
    if (bytes == NULL) {
        bytes = (unsigned char *)bench_allocate(TRIVIAL_COUNT, 1);
        BENCH_FOR(i, TRIVIAL_COUNT, { bytes[i] = 1; });
    }
    unsigned char *b = bytes;
    BENCH_FOR(i, TRIVIAL_COUNT, { b[i] = (unsigned char)(b[i] + 1); });
    return 0;
}

#include "numerical.h"

static const struct bench_kernel bench_kernels[] = {
    {"empty", run_empty, 0, NULL},          {"meet", run_meet, 0, NULL},
    {"meet-after-100us", run_meet, 1e5, NULL}, {"meet-after-1ms", run_meet, 1e6, NULL},
    {"saxpy", run_saxpy, 0, NULL},          {"uniform", run_uniform, 0, NULL},
    {"linear", run_linear, 0, NULL},        {"power", run_power, 0, NULL},
    {"mandelbrot", run_mandelbrot, 0, NULL}, {"sum", run_sum, 0, NULL},
    {"sum-simd", run_sum_simd, 0, NULL},
    {"trivial", run_trivial, 0, NULL},      {"jacobi", run_jacobi, 0, NULL},
    {"spmv", run_spmv, 0, NULL},            {"nbody", run_nbody, 0, NULL},
};

static int bench_loops_main(int argc, char **argv)
{
    prepare();
    return bench_main(bench_kernels, sizeof bench_kernels / sizeof bench_kernels[0], argc, argv);
}

#endif
