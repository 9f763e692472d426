/* SPDX-License-Identifier: BSD-3-Clause
 *
 * splitmix64: every seed is a good one, also 1, 2, 3. */
#include "tests/support/seed.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

unsigned long long property_seed(void)
{
    static unsigned long long seed;
    static bool is_chosen;
    if (is_chosen)
        return seed;
    const char *text = getenv("PROPERTY_SEED");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    seed = text != NULL ? strtoull(text, NULL, 0)
                        : (unsigned long long)now.tv_sec << 30 ^ (unsigned long long)now.tv_nsec;
    is_chosen = true;
    printf("PROPERTY_SEED=%llu repeats this run\n", seed);
    fflush(stdout);
    return seed;
}

unsigned long long next_random(unsigned long long *state)
{
    unsigned long long z = *state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}
