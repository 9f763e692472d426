/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the smallest inline loop costs beside a bare region of the same OpenMP runtime, whose body reads one captured
 * variable and its thread number (a truly empty one is deleted by gcc, and so is one whose stores nobody reads). The two
 * alternate within one program, a few dozen runs of each at a time, because a region takes one to three microseconds as
 * the machine likes, and the difference is some tens of nanoseconds. After each batch it is checked that both threads have
 * stored. `PROGRAM LABEL SECONDS` prints one line, and adds it to the file that BENCH_TABLE names. */
#include <parallel.h>

#include <omp.h>

#include "../measure.h"

/* The goal: one of the two. */
static const double goal_ns = 60, goal_ratio = 1.05;

enum { BATCH = 32, MOST_BATCHES = 100000, WARM_UP = 20000 };

static double out[2 * 16]; /* a line for each thread */

__attribute__((noinline)) static void run_region(double value)
{
#pragma omp parallel num_threads(2)
    out[16 * omp_get_thread_num()] = value;
}

__attribute__((noinline)) static void run_loop(double value)
{
    PARALLEL_FOR(i, 0, 2, .workers = 2)
        out[16 * i] = value;
}

static double time_batch(void (*run)(double))
{
    static double last;
    double begin = bench_now_ns();
    for (int i = 0; i < BATCH; i++)
        run(++last);
    double ns = (bench_now_ns() - begin) / BATCH;
    if (out[0] != last || out[16] != last) {
        fprintf(stderr, "a thread has not taken part\n");
        exit(1);
    }
    return ns;
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, bench_compare_doubles);
    return values[count / 2];
}

int main(int argc, char **argv)
{
    double seconds = argc == 3 ? atof(argv[2]) : 0;
    if (!(seconds > 0)) {
        fprintf(stderr, "usage: %s LABEL SECONDS\n", argv[0]);
        return 2;
    }
    static double region[MOST_BATCHES], loop[MOST_BATCHES], more[MOST_BATCHES];
    for (int i = 0; i < WARM_UP; i++) {
        run_region(i);
        run_loop(i);
    }
    int count = 0;
    double end = bench_now_ns() + 1e9 * seconds;
    while (count < MOST_BATCHES && (count < 5 || bench_now_ns() < end)) {
        region[count] = time_batch(run_region);
        loop[count] = time_batch(run_loop);
        more[count] = loop[count] - region[count];
        count++;
    }
    double region_ns = median(region, count), more_ns = median(more, count);
    double ours_ns = median(loop, count), spread = (loop[3 * count / 4] - loop[count / 4]) / ours_ns;
    double allowed_ns = fmax(goal_ns, (goal_ratio - 1) * region_ns);
    const char *verdict = more_ns <= allowed_ns ? "met" : "MISSED";
    printf("%-18s %-12s %14.0f ns  bare region %.0f ns, %.0f ns more  goal: %.0f more  %s\n", "smallest-loop", argv[1],
           ours_ns, region_ns, more_ns, allowed_ns, verdict);
    const char *name = getenv("BENCH_TABLE");
    FILE *table = name != NULL ? fopen(name, "a") : NULL;
    if (table == NULL)
        return 0;
    fprintf(table, "%-10s %-18s %-12s %11.0f ns  %-18s %5.2f  %5.1f %%  %5.2f  %-6s%s\n", "loops", "smallest-loop",
            argv[1], ours_ns, "bare-region", region_ns / (region_ns + more_ns), 100 * spread,
            region_ns / (region_ns + allowed_ns), verdict, spread > 0.1 ? "  noisy" : "");
    return fclose(table) == 0 ? 0 : 1;
}
