/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spmv [-v] [ROWS [TURNS]]: the stationary distribution of a random walk on a network of ROWS nodes (default 200000), by
 * TURNS (default 20) products of its sparse matrix with a vector. The matrix is kept by compressed rows (CSR): the entries
 * of row r are values[k] in columns[k], for k from starts[r] to starts[r + 1] - 1. Rows differ in length by a thousand
 * times, as those of real networks do, and nothing is said about a schedule. Prints the largest probability and where it
 * is, and the sum of all, which is 1.
 *
 * -v ends with one line on stderr: how long the products took. */
#include <err.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <parallel.h>

struct matrix {
    size_t rows;
    size_t *starts; /* rows + 1 of them */
    uint32_t *columns;
    double *values;
};

struct peak {
    double value;
    size_t row;
};

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        err(EXIT_FAILURE, "%zu elements of %zu bytes", count, size);
    return memory;
}

/* Row r lists the nodes from which one walks to r; node c is left on each of its edges alike, so columns sum up to 1. */
static struct matrix make_network(size_t rows)
{
    struct matrix matrix = {rows, allocate(rows + 1, sizeof(size_t)), NULL, NULL};
    parallel_random_stream lengths = parallel_random_stream_make(1, "lengths");
    for (size_t r = 0; r < rows; r++) { /* a power law, from 4 to 4000 */
        parallel_random random = parallel_random_at(&lengths, r);
        double length = 4 / sqrt(1 - parallel_random_double(&random));
        matrix.starts[r + 1] = matrix.starts[r] + (length < 4000 ? (size_t)length : 4000);
    }
    size_t count = matrix.starts[rows];
    matrix.columns = allocate(count, sizeof *matrix.columns);
    matrix.values = allocate(count, sizeof *matrix.values);
    size_t *degrees = allocate(rows, sizeof *degrees);
    parallel_random_stream edges = parallel_random_stream_make(1, "edges");
    PARALLEL_FOR(k, 0, count) { /* the first `rows` edges leave one node each, so that each node is left */
        parallel_random random = parallel_random_at(&edges, k);
        matrix.columns[k] = (uint32_t)(k < rows ? k : parallel_random_below(&random, rows));
    }
    for (size_t k = 0; k < count; k++)
        degrees[matrix.columns[k]]++;
    PARALLEL_FOR(k, 0, count)
        matrix.values[k] = 1.0 / (double)degrees[matrix.columns[k]];
    free(degrees);
    return matrix;
}

static void multiply(const struct matrix *matrix, const double *restrict x, double *restrict y)
{
    PARALLEL_FOR(r, 0, matrix->rows) { /* was: for (size_t r = 0; r < matrix->rows; r++) */
        double sum = 0;
        for (size_t k = matrix->starts[r]; k < matrix->starts[r + 1]; k++)
            sum += matrix->values[k] * x[matrix->columns[k]];
        y[r] = sum;
    }
}

static void higher(struct peak *into, const struct peak *from)
{
    if (from->value > into->value)
        *into = *from;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static size_t number(const char *text, long largest)
{
    char *end = NULL;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < 1 || value > largest)
        errx(EXIT_FAILURE, "%s: expected a whole number from 1 to %ld", text, largest);
    return (size_t)value;
}

int main(int argc, char **argv)
{
    bool is_verbose = false;
    for (int option; (option = getopt(argc, argv, "v")) != -1;) {
        if (option == '?')
            errx(EXIT_FAILURE, "usage: spmv [-v] [ROWS [TURNS]]");
        is_verbose = true;
    }
    size_t rows = optind < argc ? number(argv[optind], 100000000) : 200000;
    size_t turns = optind + 1 < argc ? number(argv[optind + 1], 1000000) : 20;
    struct matrix matrix = make_network(rows);
    double *x = allocate(rows, sizeof *x), *y = allocate(rows, sizeof *y);
    PARALLEL_FOR(r, 0, rows)
        x[r] = 1.0 / (double)rows;

    double start = seconds_now();
    for (size_t k = 0; k < turns; k++) {
        double *other = x;
        multiply(&matrix, x, y);
        x = y;
        y = other;
    }
    double seconds = seconds_now() - start;

    double sum = 0;
    struct peak peak = {0, 0};
    PARALLEL_REDUCE(r, 0, rows, (+, sum), (higher, peak, (struct peak){0, 0})) {
        sum += x[r];
        if (x[r] > peak.value)
            peak = (struct peak){x[r], r};
    }
    printf("highest %.17g at node %zu, sum %.9f\n", peak.value, peak.row, sum);
    if (is_verbose)
        fprintf(stderr, "spmv: %zu rows, %zu entries, %zu turns, seconds: %.3f\n", rows, matrix.starts[rows], turns,
                seconds);
    free(matrix.starts);
    free(matrix.columns);
    free(matrix.values);
    free(x);
    free(y);
    return EXIT_SUCCESS;
}
