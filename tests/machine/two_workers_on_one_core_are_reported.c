/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/machine/occupancy.h"

#include "tests/machine/machines.h"

static char last_line[512];
static size_t line_count;

static void note_line(void *context, const char *line)
{
    (void)context;
    snprintf(last_line, sizeof last_line, "%s", line);
    line_count++;
}

/* Claims `count` workers and expects a report with `part` in it, or none if that is NULL. */
static struct pl_placement *claim(const struct pl_topology *machine, const char *policy, size_t count,
                                  const char *part)
{
    size_t lines_before = line_count;
    parallel_set_reporter(note_line, NULL);
    struct pl_placement *placement = placement_on(machine, policy, count);
    pl_occupancy_claim(placement);
    ck_assert_msg(line_count == lines_before + (part != NULL), "%s %zu: %s", policy, count, last_line);
    ck_assert_msg(part == NULL || strstr(last_line, part) != NULL, "%s is not in: %s", part, last_line);
    return placement;
}

static void release(struct pl_placement *placement)
{
    pl_occupancy_release(placement);
    pl_placement_destroy(placement);
}

static struct pl_topology *smt_machine(void)
{
    return synthetic_machine("package:2 core:2 pu:2", NULL);
}

PROPERTY(one_worker_a_core_is_no_news)
{
    struct pl_topology *machine = smt_machine();
    for (int again = 0; again < 3; again++)
        release(claim(machine, "cores", 4, NULL));
    struct pl_placement *two = claim(machine, "core:0-1", 0, NULL);
    release(claim(machine, "core:2-3", 0, NULL));
    release(claim(machine, "package:1", 2, NULL));
    release(two);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(two_on_one_core_are_once)
{
    struct pl_topology *machine = smt_machine();
    struct pl_placement *first =
        claim(machine, "cores", 5, "core 0 (PU 0-1): 2 workers share what has room for 1");
    release(claim(machine, "cores", 8, NULL));
    release(first);
    release(claim(machine, "cores", 8, NULL));
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(two_executors_on_one_core_are)
{
    struct pl_topology *machine = smt_machine();
    struct pl_placement *first = claim(machine, "cores", 2, NULL);
    release(claim(machine, "core:1", 1, "core 1 (PU 2-3)"));
    release(first);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(threads_of_one_core_are_if_nobody_asked_for_them)
{
    struct pl_topology *machine = smt_machine();
    release(claim(machine, "pus", 8, NULL));
    release(claim(machine, "pu:0 pu:1", 0, "core 0 (PU 1)"));
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(more_workers_than_pus_are)
{
    struct pl_topology *machine = smt_machine();
    release(claim(machine, "pus", 9, "core 0"));
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(more_workers_than_cores_of_a_place_are)
{
    struct pl_topology *machine = smt_machine();
    release(claim(machine, "packages", 4, NULL));
    release(claim(machine, "package:1", 3, "package 1 (PU 4-7): 3 workers share what has room for 2"));
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(more_workers_than_cores_in_all_places_are)
{
    struct pl_topology *machine = smt_machine();
    struct pl_placement *first = claim(machine, "packages", 3, NULL);
    release(claim(machine, "package:0", 2, "the cores that are ours: 5 workers"));
    release(first);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(unbound_workers_are_never)
{
    struct pl_topology *machine = smt_machine();
    struct pl_placement *bound = claim(machine, "cores", 4, NULL);
    release(claim(machine, "none", 1000, NULL));
    release(claim(machine, "inherit", 1000, NULL));
    release(bound);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTIES(one_worker_a_core_is_no_news, two_on_one_core_are_once, two_executors_on_one_core_are,
           threads_of_one_core_are_if_nobody_asked_for_them, more_workers_than_pus_are,
           more_workers_than_cores_of_a_place_are, more_workers_than_cores_in_all_places_are,
           unbound_workers_are_never)
