/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A set of CPUs by the kernel's numbers: a plain value of fixed size, so that it can be copied, kept in
 * shared memory and handed to the kernel as it is (the layout is that of cpu_set_t), without hwloc and
 * without an owner. */
#ifndef LIBPARALLEL_MACHINE_CPU_SET_H
#define LIBPARALLEL_MACHINE_CPU_SET_H

#include <stdbool.h>
#include <stddef.h>

/* Linux can be configured for at most 8192 CPUs (NR_CPUS with MAXSMP on x86; fewer elsewhere). */
#define PL_CPU_LIMIT 8192

#define PL_CPU_WORD_BITS (8 * sizeof(unsigned long))

struct pl_cpu_set {
    unsigned long words[PL_CPU_LIMIT / PL_CPU_WORD_BITS];
};

static inline bool pl_cpu_set_has(const struct pl_cpu_set *set, size_t cpu)
{
    return (set->words[cpu / PL_CPU_WORD_BITS] >> (cpu % PL_CPU_WORD_BITS) & 1) != 0;
}

static inline void pl_cpu_set_add(struct pl_cpu_set *set, size_t cpu)
{
    set->words[cpu / PL_CPU_WORD_BITS] |= 1UL << (cpu % PL_CPU_WORD_BITS);
}

size_t pl_cpu_set_count(const struct pl_cpu_set *set);
bool pl_cpu_set_is_empty(const struct pl_cpu_set *set);
bool pl_cpu_set_intersects(const struct pl_cpu_set *one, const struct pl_cpu_set *other);
bool pl_cpu_set_is_equal(const struct pl_cpu_set *one, const struct pl_cpu_set *other);

/* The smallest member that is at least `from`, or PL_CPU_LIMIT. */
size_t pl_cpu_set_next(const struct pl_cpu_set *set, size_t from);

/* Writes the set as "0-3,8"; "none" if it is empty. What does not fit is cut after a comma and replaced by
 * "...". `size` is at least 8. */
void pl_cpu_set_format(const struct pl_cpu_set *set, char *text, size_t size);

#endif
