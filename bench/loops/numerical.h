/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The inner loops of three well-known programs, as the examples of the same names have them: a Jacobi sweep, a product of
 * a sparse matrix with a vector, an N-body step. Included by kernels.h. */
#ifndef BENCH_LOOPS_NUMERICAL_H
#define BENCH_LOOPS_NUMERICAL_H

enum {
    GRID_SIZE = 1000, /* two grids of 8 MB */
    NETWORK_ROWS = 100000,
    NETWORK_LONGEST_ROW = 4000,
    STAR_COUNT = 1000,
};

static double *grids[2];

static double run_jacobi(void)
{
    if (grids[0] == NULL) {
        for (int k = 0; k < 2; k++)
            grids[k] = (double *)bench_allocate(GRID_SIZE * GRID_SIZE, sizeof(double));
        for (int k = 0; k < 2; k++)
            for (int column = 0; column < GRID_SIZE; column++)
                grids[k][column] = 1;
    }
    const double *from = grids[0];
    double *into = grids[1];
    BENCH_FOR(above, GRID_SIZE - 2, { /* row `above` + 1 */
        const double *here = from + (above + 1) * GRID_SIZE;
        double *there = into + (above + 1) * GRID_SIZE;
        for (int column = 1; column < GRID_SIZE - 1; column++)
            there[column] =
                0.25 * (here[column - GRID_SIZE] + here[column + GRID_SIZE] + here[column - 1] + here[column + 1]);
    });
    return into[GRID_SIZE + GRID_SIZE / 2];
}

static uint32_t *row_starts, *entry_columns;
static double *entry_values, *walk_from, *walk_into;

static void make_network(void)
{
    row_starts = (uint32_t *)bench_allocate(NETWORK_ROWS + 1, sizeof *row_starts);
    for (int row = 0; row < NETWORK_ROWS; row++) { /* Pareto with exponent 2 */
        double length = 4 / sqrt(1 - next_uniform());
        row_starts[row + 1] = row_starts[row] + (uint32_t)(length < NETWORK_LONGEST_ROW ? length : NETWORK_LONGEST_ROW);
    }
    uint32_t count = row_starts[NETWORK_ROWS];
    entry_columns = (uint32_t *)bench_allocate(count, sizeof *entry_columns);
    entry_values = (double *)bench_allocate(count, sizeof *entry_values);
    for (uint32_t k = 0; k < count; k++) {
        entry_columns[k] = (uint32_t)(NETWORK_ROWS * next_uniform());
        entry_values[k] = next_uniform();
    }
    walk_from = (double *)bench_allocate(NETWORK_ROWS, sizeof *walk_from);
    walk_into = (double *)bench_allocate(NETWORK_ROWS, sizeof *walk_into);
    for (int row = 0; row < NETWORK_ROWS; row++)
        walk_from[row] = next_uniform();
}

static double run_spmv(void)
{
    if (row_starts == NULL)
        make_network();
    const uint32_t *starts = row_starts, *columns = entry_columns;
    const double *values = entry_values, *from = walk_from;
    double *into = walk_into;
    BENCH_FOR(row, NETWORK_ROWS, {
        double sum = 0;
        for (uint32_t k = starts[row]; k < starts[row + 1]; k++)
            sum += values[k] * from[columns[k]];
        into[row] = sum;
    });
    return into[NETWORK_ROWS / 2];
}

struct bench_star {
    double place[3], pull[3], mass;
};

static struct bench_star *stars;

static double run_nbody(void)
{
    if (stars == NULL) {
        stars = (struct bench_star *)bench_allocate(STAR_COUNT, sizeof *stars);
        for (int i = 0; i < STAR_COUNT; i++) {
            stars[i].mass = 1.0 / STAR_COUNT;
            for (int axis = 0; axis < 3; axis++)
                stars[i].place[axis] = 2 * next_uniform() - 1;
        }
    }
    struct bench_star *all = stars;
    BENCH_FOR(i, STAR_COUNT, {
        double sum[3] = {0, 0, 0};
        for (int j = 0; j < STAR_COUNT; j++) {
            double x = all[j].place[0] - all[i].place[0];
            double y = all[j].place[1] - all[i].place[1];
            double z = all[j].place[2] - all[i].place[2];
            double square = x * x + y * y + z * z + 0.0025;
            double weight = all[j].mass / (square * sqrt(square));
            sum[0] += weight * x;
            sum[1] += weight * y;
            sum[2] += weight * z;
        }
        for (int axis = 0; axis < 3; axis++)
            all[i].pull[axis] = sum[axis];
    });
    return all[STAR_COUNT - 1].pull[0];
}

#endif
