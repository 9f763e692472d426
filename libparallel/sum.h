/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sums of floating-point numbers that lose nothing to rounding on the way: what each addition rounds off is kept beside the
 * sum and added up too. The result is as good as if it had been computed with twice as many bits and rounded once, also
 * where large terms cancel, and has the same bits on any number of workers:
 *
 *     parallel_sum total = parallel_sum_of(0);
 *     PARALLEL_REDUCE(i, 0, n, (parallel_sum_combine, total, parallel_sum_of(0)))
 *         parallel_sum_add(&total, x[i]);
 *     printf("%.17g\n", parallel_sum_value(&total));
 *
 * The idea is Neumaier's (Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen, 1974), without its
 * branch, by Knuth's sum of two numbers. It also holds under -ffast-math and its parts, which allow a compiler to
 * conclude that nothing was rounded off: each intermediate value is hidden from it, at no cost on x86-64, AArch64 and
 * RISC-V. A sum that is infinite or not a number is what the plain sum is.
 *
 * A sum is a plain value, used by one thread at a time; nothing here fails. */
#ifndef LIBPARALLEL_SUM_H
#define LIBPARALLEL_SUM_H

#include <libparallel/compiler.h>

PARALLEL_BEGIN_C

typedef struct parallel_sum {
    double high; /* the plain sum */
    double low;  /* what its additions have rounded off */
} parallel_sum;

/* For the functions below: the value is the same afterwards, but the compiler does not know what it is. */
#if defined(__x86_64__)
#define PARALLEL_SUM_HIDE(value) __asm__("" : "+x"(value))
#elif defined(__aarch64__)
#define PARALLEL_SUM_HIDE(value) __asm__("" : "+w"(value))
#elif defined(__riscv_d)
#define PARALLEL_SUM_HIDE(value) __asm__("" : "+f"(value))
#else
#define PARALLEL_SUM_HIDE(value) __asm__("" : "+m"(value))
#endif

/* The sum of one term. */
static inline parallel_sum parallel_sum_of(double term)
{
    parallel_sum sum;
    sum.high = term;
    sum.low = 0;
    return sum;
}

/* Adds a term. */
static inline void parallel_sum_add(parallel_sum *sum, double term)
{
    double before = sum->high;
    double after = before + term;
    PARALLEL_SUM_HIDE(after);
    double added = after - before; /* of the term */
    PARALLEL_SUM_HIDE(added);
    double kept = after - added; /* of the sum before */
    PARALLEL_SUM_HIDE(kept);
    double lost_before = before - kept;
    PARALLEL_SUM_HIDE(lost_before);
    double lost_term = term - added;
    PARALLEL_SUM_HIDE(lost_term);
    double lost = lost_before + lost_term;
    PARALLEL_SUM_HIDE(lost);
    sum->high = after;
    sum->low += lost;
}

/* Adds another sum: the combining function for PARALLEL_REDUCE. */
static inline void parallel_sum_combine(parallel_sum *into, const parallel_sum *from)
{
    parallel_sum_add(into, from->high);
    into->low += from->low;
}

/* The sum, rounded once. */
PARALLEL_API double parallel_sum_value(const parallel_sum *sum);

PARALLEL_END_C

#endif
