/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Numbers for tests that choose at random. Each run has a seed of its own, which it prints; PROPERTY_SEED in the
 * environment repeats a run. */
#ifndef TESTS_SUPPORT_SEED_H
#define TESTS_SUPPORT_SEED_H

/* The seed of this run; the first call prints it. */
unsigned long long property_seed(void);

/* The next of the numbers that follow from *state; nobody else's. */
unsigned long long next_random(unsigned long long *state);

#endif
