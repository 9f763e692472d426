/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The end of a compensated sum. It is here, and not in the header, because a program compiled with -ffinite-math-only
 * cannot ask whether a number is finite. */
#include <libparallel/sum.h>

#include <math.h>

double parallel_sum_value(const parallel_sum *sum)
{
    /* Once the sum is infinite, what was rounded off is infinity minus infinity. */
    return isfinite(sum->low) ? sum->high + sum->low : sum->high;
}
