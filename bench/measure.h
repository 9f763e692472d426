/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What each benchmark program does with a kernel: warm it up, run it again and again for a while, and print the median
 * time of one run in nanoseconds and a value that depends on all that was computed, which every peer must agree on. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench_kernel {
    const char *name;
    double (*run)(void);
    double pause_ns; /* before each run, spent spinning: the program computes something else */
    void (*prepare)(void); /* before each run, not timed; such a kernel has no short runs; NULL: nothing */
};

static double bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static void *bench_allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        fprintf(stderr, "no memory for %zu x %zu bytes\n", count, size);
        exit(1);
    }
    return memory;
}

static int bench_compare_doubles(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static void bench_prepare(const struct bench_kernel *kernel)
{
    if (kernel->prepare != NULL)
        kernel->prepare();
}

/* Runs shorter than this are timed in batches: a clock read costs 25 ns. */
static const double bench_batch_ns = 20000;

/* Who takes longer than so many times what it was given is not run as often as others, or only once. */
static const double bench_patience = 10;

/* Not every program that measures is a table of kernels. */
__attribute__((unused)) static int bench_main(const struct bench_kernel *kernels, size_t kernel_count, int argc,
                                              char **argv)
{
    const struct bench_kernel *kernel = NULL;
    for (size_t i = 0; argc == 3 && i < kernel_count; i++)
        if (strcmp(kernels[i].name, argv[1]) == 0)
            kernel = &kernels[i];
    double seconds = argc == 3 ? atof(argv[2]) : 0;
    if (kernel == NULL || !(seconds > 0)) {
        fprintf(stderr, "usage: %s KERNEL SECONDS\nkernels:", argv[0]);
        for (size_t i = 0; i < kernel_count; i++)
            fprintf(stderr, " %s", kernels[i].name);
        fprintf(stderr, "\n");
        return 2;
    }
    bench_prepare(kernel);
    double begin = bench_now_ns();
    double result = kernel->run();
    double used_ns = bench_now_ns() - begin;
    if (used_ns > bench_patience * 1e9 * seconds) {
        printf("%.1f %.17g\n", used_ns, result);
        return 0;
    }
    begin = bench_now_ns();
    int runs = 0;
    do { /* warm-up, which also says how many runs make a batch */
        bench_prepare(kernel);
        kernel->run();
        runs++;
        used_ns = bench_now_ns() - begin;
    } while (used_ns < 1e9 * seconds / 4 || (runs < 3 && used_ns < bench_patience * 1e9 * seconds));
    double each = used_ns / runs;
    int batch = kernel->pause_ns > 0 || kernel->prepare != NULL || each >= bench_batch_ns ? 1 : (int)(bench_batch_ns / each) + 1;

    enum { MOST_SAMPLES = 100000 };
    static double samples[MOST_SAMPLES];
    int count = 0;
    begin = bench_now_ns();
    used_ns = 0;
    while (count < MOST_SAMPLES && (used_ns < 1e9 * seconds || (count < 5 && used_ns < bench_patience * 1e9 * seconds))) {
        double pause_end = bench_now_ns() + kernel->pause_ns;
        while (bench_now_ns() < pause_end)
            continue;
        bench_prepare(kernel);
        double start = bench_now_ns();
        for (int run = 0; run < batch; run++)
            kernel->run();
        samples[count++] = (bench_now_ns() - start) / batch;
        used_ns = bench_now_ns() - begin;
    }
    qsort(samples, (size_t)count, sizeof samples[0], bench_compare_doubles);
    printf("%.1f %.17g\n", samples[count / 2], result);
    return 0;
}

#endif
