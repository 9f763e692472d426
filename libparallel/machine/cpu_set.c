/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sets of CPUs: counting, comparing and printing. */
#include "libparallel/machine/cpu_set.h"

#include <stdio.h>
#include <string.h>

enum { WORD_COUNT = PL_CPU_LIMIT / PL_CPU_WORD_BITS };

size_t pl_cpu_set_count(const struct pl_cpu_set *set)
{
    size_t count = 0;
    for (size_t i = 0; i < WORD_COUNT; i++)
        count += (size_t)__builtin_popcountl(set->words[i]);
    return count;
}

bool pl_cpu_set_is_empty(const struct pl_cpu_set *set)
{
    return pl_cpu_set_next(set, 0) == PL_CPU_LIMIT;
}

bool pl_cpu_set_intersects(const struct pl_cpu_set *one, const struct pl_cpu_set *other)
{
    unsigned long common = 0;
    for (size_t i = 0; i < PL_CPU_LIMIT / PL_CPU_WORD_BITS; i++)
        common |= one->words[i] & other->words[i];
    return common != 0;
}

bool pl_cpu_set_is_equal(const struct pl_cpu_set *one, const struct pl_cpu_set *other)
{
    return memcmp(one, other, sizeof *one) == 0;
}

size_t pl_cpu_set_next(const struct pl_cpu_set *set, size_t from)
{
    for (size_t i = from / PL_CPU_WORD_BITS; i < WORD_COUNT; i++) {
        unsigned long word = set->words[i];
        if (i == from / PL_CPU_WORD_BITS)
            word &= ~0UL << (from % PL_CPU_WORD_BITS);
        if (word != 0)
            return i * PL_CPU_WORD_BITS + (size_t)__builtin_ctzl(word);
    }
    return PL_CPU_LIMIT;
}

static size_t next_absent(const struct pl_cpu_set *set, size_t from)
{
    while (from < PL_CPU_LIMIT && pl_cpu_set_has(set, from))
        from++;
    return from;
}

void pl_cpu_set_format(const struct pl_cpu_set *set, char *text, size_t size)
{
    static const char ellipsis[] = "...";
    size_t used = 0;
    snprintf(text, size, "none");
    for (size_t first = pl_cpu_set_next(set, 0); first < PL_CPU_LIMIT;) {
        size_t end = next_absent(set, first);
        size_t next = pl_cpu_set_next(set, end);
        char range[32];
        int length = end == first + 1 ? snprintf(range, sizeof range, "%zu", first)
                                      : snprintf(range, sizeof range, "%zu-%zu", first, end - 1);
        /* Unless this range is the last, leave room for a comma and the ellipsis that may have to follow. */
        size_t reserve = next < PL_CPU_LIMIT ? sizeof ellipsis + 1 : 1;
        if (used + (used > 0) + (size_t)length + reserve > size) {
            snprintf(text + used, size - used, "%s%s", used > 0 ? "," : "", ellipsis);
            return;
        }
        used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? "," : "", range);
        first = next;
    }
}
