/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Machines that nobody here owns, and their placements as text. */
#ifndef TESTS_MACHINE_MACHINES_H
#define TESTS_MACHINE_MACHINES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/error.h"
#include "libparallel/machine/placement.h"
#include "libparallel/machine/topology.h"

#include "tests/support/property.h"

/* "0-3,8" as a set. */
static inline struct pl_cpu_set cpus_of(const char *list)
{
    struct pl_cpu_set set;
    memset(&set, 0, sizeof set);
    for (char *end = NULL; *list != '\0'; list = *end == ',' ? end + 1 : end) {
        unsigned long first = strtoul(list, &end, 10);
        unsigned long last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
        for (unsigned long cpu = first; cpu <= last; cpu++)
            pl_cpu_set_add(&set, cpu);
    }
    return set;
}

/* `mask` is a list, or NULL. */
static inline struct pl_topology *synthetic_machine(const char *description, const char *mask)
{
    struct pl_topology *topology = NULL;
    struct pl_cpu_set set = cpus_of(mask != NULL ? mask : "0");
    int error = pl_topology_create_synthetic(description, mask != NULL ? &set : NULL, &topology);
    ck_assert_msg(error == 0, "%s", parallel_last_error()->message);
    return topology;
}

static inline struct pl_topology *xml_machine(const char *path, const char *mask)
{
    struct pl_topology *topology = NULL;
    struct pl_cpu_set set = cpus_of(mask != NULL ? mask : "0");
    int error = pl_topology_create_xml(path, mask != NULL ? &set : NULL, &topology);
    ck_assert_msg(error == 0, "%s", parallel_last_error()->message);
    return topology;
}

/* For messages: a policy that may be NULL. */
static inline const char *shown(const char *policy)
{
    return policy != NULL ? policy : "the setting";
}

static inline struct pl_placement *placement_on(const struct pl_topology *topology, const char *policy,
                                                size_t count)
{
    struct pl_placement *placement = NULL;
    int error = pl_placement_create(topology, policy, count, &placement);
    ck_assert_msg(error == 0, "%s: %s", shown(policy), parallel_last_error()->message);
    return placement;
}

/* The names of the workers' places in order, parted by "; ", for comparison with what is expected. */
static inline void expect_places(const struct pl_topology *topology, const char *policy, size_t count,
                                 const char *expected)
{
    struct pl_placement *placement = placement_on(topology, policy, count);
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(stream);
    for (size_t worker = 0; worker < placement->count; worker++)
        fprintf(stream, "%s%s", worker > 0 ? "; " : "", pl_placement_place(placement, worker)->name);
    fclose(stream);
    ck_assert_msg(strcmp(text, expected) == 0, "%s, %zu workers:\n%s\nexpected:\n%s", shown(policy), count,
                  text, expected);
    free(text);
    pl_placement_destroy(placement);
}

/* The policy is refused with this code and a message that has `part` in it. */
static inline void expect_refusal(const struct pl_topology *topology, const char *policy, size_t count,
                                  int code, const char *part)
{
    struct pl_placement *placement = NULL;
    int error = pl_placement_create(topology, policy, count, &placement);
    const char *message = parallel_last_error()->message;
    ck_assert_msg(error == code, "%s: %s instead of %s (%s)", shown(policy), parallel_error_name(error),
                  parallel_error_name(code), message);
    ck_assert_msg(strstr(message, part) != NULL, "%s: \"%s\" is not in: %s", shown(policy), part, message);
    ck_assert_ptr_null(placement);
}

#endif
