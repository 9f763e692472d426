/* SPDX-License-Identifier: BSD-3-Clause
 *
 * jacobi [-v] [SIZE [SWEEPS]]: the temperature of a square plate whose upper edge is hot and whose other edges are cold,
 * by Jacobi's method: in each sweep every inner point of a grid of SIZE x SIZE (default 400) becomes the mean of its four
 * neighbours. Prints the temperature in the middle of the upper half and how much the last of the SWEEPS (default 1000)
 * changed. One line of the sweep differs from the serial program; the rows are the iterations, and each worker keeps its
 * share of them from sweep to sweep, in its own cache and, as the grids are allocated row by row in the same shares, in the
 * memory next to it.
 *
 * -v ends with one line on stderr: how long the sweeps took. */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <parallel.h>

static void sweep(size_t size, const double *restrict old, double *restrict new)
{
    PARALLEL_FOR(row, 1, size - 1) { /* was: for (size_t row = 1; row < size - 1; row++) */
        const double *above = old + (row - 1) * size, *here = above + size, *below = here + size;
        double *there = new + row * size;
        for (size_t column = 1; column < size - 1; column++)
            there[column] = 0.25 * (above[column] + below[column] + here[column - 1] + here[column + 1]);
    }
}

/* The largest difference; a maximum is the same whatever order it is formed in. */
static double largest_change(size_t size, const double *old, const double *new)
{
    double change = 0;
    PARALLEL_REDUCE(i, 0, size * size, (max, change)) { /* was: for (size_t i = 0; i < size * size; i++) */
        double difference = new[i] > old[i] ? new[i] - old[i] : old[i] - new[i];
        change = difference > change ? difference : change;
    }
    return change;
}

static void heat_upper_edge(size_t size, double *grid)
{
    for (size_t column = 0; column < size; column++)
        grid[column] = 1;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static size_t number(const char *text, long smallest)
{
    char *end = NULL;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < smallest || value > 65535)
        errx(EXIT_FAILURE, "%s: expected a whole number from %ld to 65535", text, smallest);
    return (size_t)value;
}

int main(int argc, char **argv)
{
    bool is_verbose = false;
    for (int option; (option = getopt(argc, argv, "v")) != -1;) {
        if (option == '?')
            errx(EXIT_FAILURE, "usage: jacobi [-v] [SIZE [SWEEPS]]");
        is_verbose = true;
    }
    size_t size = optind < argc ? number(argv[optind], 3) : 400;
    size_t sweeps = optind + 1 < argc ? number(argv[optind + 1], 1) : 1000;
    double *old = parallel_array_alloc(size, size * sizeof *old); /* was: calloc(size, size * sizeof *old) */
    double *new = parallel_array_alloc(size, size * sizeof *new);
    if (old == NULL || new == NULL)
        errx(EXIT_FAILURE, "two grids of %zu x %zu points: %s", size, size, parallel_last_error()->message);
    heat_upper_edge(size, old);
    heat_upper_edge(size, new);

    double start = seconds_now();
    for (size_t k = 0; k < sweeps; k++) {
        double *other = old;
        sweep(size, old, new);
        old = new;
        new = other;
    }
    double seconds = seconds_now() - start;

    printf("%.17g after %zu sweeps, the last of which changed %.17g\n", old[size / 4 * size + size / 2], sweeps,
           largest_change(size, old, new));
    if (is_verbose)
        fprintf(stderr, "jacobi: %zu x %zu points, %zu sweeps, seconds: %.3f\n", size, size, sweeps, seconds);
    parallel_array_free(old);
    parallel_array_free(new);
    return EXIT_SUCCESS;
}
