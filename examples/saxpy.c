/* SPDX-License-Identifier: BSD-3-Clause
 *
 * saxpy [N]: y = a * x + y on N floats (default 10 million). The smallest annotation: one line of a serial program
 * is changed, and the loop runs on every core that is ours.
 *
 *     ./saxpy                               on all cores
 *     PARALLEL_EXECUTOR=serial ./saxpy      in a debugger: the same loop, on the calling thread */
#include <stdio.h>
#include <stdlib.h>

#include <parallel.h>

static void saxpy(size_t n, float a, const float *x, float *y)
{
    PARALLEL_FOR(i, 0, n) /* was: for (size_t i = 0; i < n; i++) */
        y[i] = a * x[i] + y[i];
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000000;
    float *x = malloc((n + 1) * sizeof *x);
    float *y = malloc((n + 1) * sizeof *y);
    if (x == NULL || y == NULL) {
        fprintf(stderr, "saxpy: out of memory for %zu floats\n", n);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)(i % 1000);
        y[i] = 1.0f;
    }

    saxpy(n, 2.0f, x, y);

    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) /* exact: 2 * 999 + 1 fits the 24 bits of a float */
        wrong += y[i] != (float)(2 * (i % 1000) + 1);
    printf("y = 2 x + y on %zu floats: %zu wrong\n", n, wrong);
    free(x);
    free(y);
    return wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
