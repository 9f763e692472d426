/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pi [-v] [-s SEED] [N]: estimates pi by N random darts (default 10 million) at a square, of which those within the quarter
 * circle are counted. Each dart has random numbers of its own, by its index, so every digit is the same on any number of
 * workers:
 *
 *     ./pi                                on all cores
 *     PARALLEL_WORKERS=3 ./pi             the same digits
 *     PARALLEL_EXECUTOR=serial ./pi       the same digits
 *
 * -v ends with one line on stderr: how long it took. */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <parallel.h>

static long count_inside(long n, uint64_t seed)
{
    parallel_random_stream darts = parallel_random_stream_make(seed, "darts");
    long inside = 0;
    PARALLEL_REDUCE(i, 0, n, (+, inside)) { /* was: for (long i = 0; i < n; i++) */
        parallel_random random = parallel_random_at(&darts, (uint64_t)i);
        double x = parallel_random_double(&random);
        double y = parallel_random_double(&random);
        inside += x * x + y * y < 1;
    }
    return inside;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static long number(const char *text, long smallest)
{
    char *end = NULL;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < smallest || value > 1000000000000)
        errx(EXIT_FAILURE, "%s: expected a whole number from %ld to 10^12", text, smallest);
    return value;
}

int main(int argc, char **argv)
{
    bool is_verbose = false;
    uint64_t seed = 1;
    for (int option; (option = getopt(argc, argv, "s:v")) != -1;) {
        if (option == '?')
            errx(EXIT_FAILURE, "usage: pi [-v] [-s SEED] [N]");
        if (option == 's')
            seed = (uint64_t)number(optarg, 0);
        is_verbose = is_verbose || option == 'v';
    }
    long n = optind < argc ? number(argv[optind], 1) : 10000000;

    double start = seconds_now();
    long inside = count_inside(n, seed);
    double seconds = seconds_now() - start;

    printf("%ld of %ld darts: pi is about %.6f\n", inside, n, 4.0 * (double)inside / (double)n);
    if (is_verbose)
        fprintf(stderr, "pi: %ld darts, seconds: %.3f\n", n, seconds);
    return EXIT_SUCCESS;
}
