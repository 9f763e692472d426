/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nbody [-v] [BODIES [STEPS]]: BODIES stars (default 2000) that attract each other, for STEPS (default 20) steps of the
 * leapfrog method, every pair in every step. Prints the energy before and after, which the true motion keeps. The sum over
 * the pairs of one star is a serial loop inside the body; the energies are PARALLEL_REDUCE, and have the same bits on
 * any number of workers.
 *
 * -v ends with one line on stderr: how long the steps took. */
#include <err.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <parallel.h>

struct vector {
    double x, y, z;
};

struct star {
    struct vector place;
    struct vector velocity;
    double mass;
};

/* Softens close encounters, so that one step length does for all. */
static const double softening = 0.05, time_step = 0.001;

/* Uniform in a cube; seed and index alone say where each one is. */
static void place_stars(size_t n, struct star *stars)
{
    parallel_random_stream places = parallel_random_stream_make(1, "places");
    PARALLEL_FOR(i, 0, n) {
        parallel_random random = parallel_random_at(&places, i);
        struct star star = {{0, 0, 0}, {0, 0, 0}, 1.0 / (double)n};
        star.place.x = 2 * parallel_random_double(&random) - 1;
        star.place.y = 2 * parallel_random_double(&random) - 1;
        star.place.z = 2 * parallel_random_double(&random) - 1;
        stars[i] = star;
    }
}

static struct vector attraction(size_t n, const struct star *stars, struct vector place)
{
    struct vector sum = {0, 0, 0};
    for (size_t j = 0; j < n; j++) {
        double x = stars[j].place.x - place.x;
        double y = stars[j].place.y - place.y;
        double z = stars[j].place.z - place.z;
        double square = x * x + y * y + z * z + softening * softening;
        double weight = stars[j].mass / (square * sqrt(square));
        sum.x += weight * x;
        sum.y += weight * y;
        sum.z += weight * z;
    }
    return sum;
}

static void step(size_t n, struct star *stars)
{
    PARALLEL_FOR(i, 0, n) { /* was: for (size_t i = 0; i < n; i++) */
        struct vector pull = attraction(n, stars, stars[i].place);
        stars[i].velocity.x += time_step * pull.x;
        stars[i].velocity.y += time_step * pull.y;
        stars[i].velocity.z += time_step * pull.z;
    }
    PARALLEL_FOR(i, 0, n) { /* was: for (size_t i = 0; i < n; i++) */
        stars[i].place.x += time_step * stars[i].velocity.x;
        stars[i].place.y += time_step * stars[i].velocity.y;
        stars[i].place.z += time_step * stars[i].velocity.z;
    }
}

static double energy_of(size_t n, const struct star *stars)
{
    double energy = 0;
    PARALLEL_REDUCE(i, 0, n, (+, energy)) { /* was: for (size_t i = 0; i < n; i++) */
        struct vector v = stars[i].velocity;
        energy += 0.5 * stars[i].mass * (v.x * v.x + v.y * v.y + v.z * v.z);
        for (size_t j = 0; j < i; j++) { /* each pair once: the iterations differ in cost */
            double x = stars[j].place.x - stars[i].place.x;
            double y = stars[j].place.y - stars[i].place.y;
            double z = stars[j].place.z - stars[i].place.z;
            energy -= stars[i].mass * stars[j].mass / sqrt(x * x + y * y + z * z + softening * softening);
        }
    }
    return energy;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static size_t number(const char *text)
{
    char *end = NULL;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < 1 || value > 1000000)
        errx(EXIT_FAILURE, "%s: expected a whole number from 1 to 1000000", text);
    return (size_t)value;
}

int main(int argc, char **argv)
{
    bool is_verbose = false;
    for (int option; (option = getopt(argc, argv, "v")) != -1;) {
        if (option == '?')
            errx(EXIT_FAILURE, "usage: nbody [-v] [BODIES [STEPS]]");
        is_verbose = true;
    }
    size_t n = optind < argc ? number(argv[optind]) : 2000;
    size_t steps = optind + 1 < argc ? number(argv[optind + 1]) : 20;
    struct star *stars = calloc(n, sizeof *stars);
    if (stars == NULL)
        err(EXIT_FAILURE, "%zu stars", n);
    place_stars(n, stars);
    double before = energy_of(n, stars);

    double start = seconds_now();
    for (size_t k = 0; k < steps; k++)
        step(n, stars);
    double seconds = seconds_now() - start;

    printf("energy %.17g before, %.17g after %zu steps\n", before, energy_of(n, stars), steps);
    if (is_verbose)
        fprintf(stderr, "nbody: %zu bodies, %zu steps, seconds: %.3f\n", n, steps, seconds);
    free(stars);
    return EXIT_SUCCESS;
}
