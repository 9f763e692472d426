/* SPDX-License-Identifier: BSD-3-Clause
 *
 * wave [POINTS [STEPS]]: a plucked string of so many points (default 4000, 20000 steps), by the leapfrog scheme. Each step is
 * a loop of a few microseconds, so what counts is how soon the workers meet: that is what a named loop is for. It needs
 * no compiler flag, and two strings can swing side by side as tasks of one executor, their loops inside.
 *
 *     ./wave
 *     PARALLEL_EXECUTOR=serial ./wave      the same digits, on the calling thread */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <parallel.h>

/* next is what the string was two steps ago; was: for (int64_t i = begin; i < end; i++) ... */
PARALLEL_LOOP(advance, (double, stiffness, const double *, now, double *, next), i)
{
    next[i] = 2 * now[i] - next[i] + stiffness * (now[i - 1] - 2 * now[i] + now[i + 1]);
}

/* The string's energy-like sum after `steps`; a negative number if it could not be computed. */
static double swing(int64_t points, int64_t steps, double stiffness)
{
    double *now = calloc((size_t)points, sizeof *now), *next = calloc((size_t)points, sizeof *next);
    double sum = -1;
    if (now == NULL || next == NULL)
        goto done;
    for (int64_t i = 0; i < points; i++) /* plucked in the middle, both ends held */
        now[i] = next[i] = 1 - fabs(2.0 * (double)i / (double)(points - 1) - 1);
    for (int64_t step = 0; step < steps; step++) {
        if (advance_run(1, points - 1, stiffness, now, next) != 0)
            goto done;
        double *older = now;
        now = next;
        next = older;
    }
    sum = 0;
    for (int64_t i = 0; i < points; i++)
        sum += now[i] * now[i];
done:
    free(now);
    free(next);
    return sum;
}
PARALLEL_FN(double, swing, int64_t, int64_t, double)

int main(int argc, char **argv)
{
    int64_t points = argc > 1 ? strtoll(argv[1], NULL, 10) : 4000;
    int64_t steps = argc > 2 ? strtoll(argv[2], NULL, 10) : 20000;
    if (points < 3 || steps < 0) {
        fprintf(stderr, "wave: a string has at least 3 points, and steps are not negative\n");
        return EXIT_FAILURE;
    }
    parallel_future *stiff = swing_async(points, steps, 0.9), *soft = swing_async(points, steps, 0.1);
    double sum_of_stiff = swing_await(stiff), sum_of_soft = swing_await(soft);
    printf("after %lld steps of %lld points: %.17g and %.17g\n", (long long)steps, (long long)points, sum_of_stiff,
           sum_of_soft);
    return sum_of_stiff >= 0 && sum_of_soft >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
