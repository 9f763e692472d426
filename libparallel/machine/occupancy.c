/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A counter for each core of the process's topology, and one for all bound workers together. A claim adds its
 * workers and looks at what the counters have become; so of two executors that open at the same time at least
 * the later one sees both. A place within one core is judged by its core's counter. A place of several cores
 * is judged by its own workers; that workers of several such placements must share cores shows in the sum:
 * there are more than cores.
 *
 * A forked child keeps its parent's counts, which is the truth: the parent's workers still run on those
 * cores. */
#include "libparallel/machine/occupancy.h"

#include "libparallel/base/atomics.h"
#include "libparallel/base/error.h"

/* Indexed by pl_place.core. Relaxed throughout: only the numbers matter, they publish nothing. */
static _Atomic uint32_t workers_on_core[PL_CPU_LIMIT];
static _Atomic uint32_t bound_workers;
static _Atomic uint32_t is_reported;

static void report_once(const char *name, size_t worker_count, size_t room)
{
    if (pl_exchange_relaxed(&is_reported, 1) != 0) /* relaxed: one winner is all that is asked */
        return;
    pl_report("%s: %zu workers share what has room for %zu; use fewer, or places=none if they mostly wait",
              name, worker_count, room);
}

/* One more worker at this place; `neighbours` counts the placement's workers there, this one included. */
static void claim(const struct pl_placement *placement, const struct pl_place *place, size_t neighbours)
{
    if (place->core >= 0) {
        uint32_t count = pl_add_relaxed(&workers_on_core[place->core], 1) + 1;
        if (count > place->core_room)
            report_once(place->name, count, place->core_room);
    } else if (neighbours > place->core_count) {
        report_once(place->name, neighbours, place->core_count);
    }
    uint32_t total = pl_add_relaxed(&bound_workers, 1) + 1;
    if (total > placement->room)
        report_once("the cores that are ours", total, placement->room);
}

void pl_occupancy_claim(const struct pl_placement *placement)
{
    size_t neighbours = 0;
    for (size_t worker = 0; worker < placement->count; worker++) {
        const struct pl_place *place = pl_placement_place(placement, worker);
        bool is_first = worker == 0 || placement->place_of[worker] != placement->place_of[worker - 1];
        neighbours = is_first ? 1 : neighbours + 1;
        if (place->kind == PL_PLACE_BOUND)
            claim(placement, place, neighbours);
    }
}

void pl_occupancy_release(const struct pl_placement *placement)
{
    for (size_t worker = 0; worker < placement->count; worker++) {
        const struct pl_place *place = pl_placement_place(placement, worker);
        if (place->kind != PL_PLACE_BOUND)
            continue;
        if (place->core >= 0)
            pl_sub_relaxed(&workers_on_core[place->core], 1);
        pl_sub_relaxed(&bound_workers, 1);
    }
}
