/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Dealing workers to places. One at a time, round and round, they go to places that have a core left. When
 * every core has its worker the next turn begins, in which each place takes as many again. So coarse places
 * fill evenly (memory bandwidth), fine ones from the front, and nobody shares a core before all are taken.
 * Workers are numbered in the order of the places, not of the dealing: neighbours in number share a place. */
#include "libparallel/machine/placement.h"

#include <stdint.h>
#include <stdlib.h>

#include "libparallel/base/error.h"
#include "libparallel/base/settings.h"
#include "libparallel/machine/limit.h"
#include "libparallel/machine/policy.h"

static size_t smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* What a user gets who names no policy. Of processes that were each given a share of a machine's CPUs, but not which,
 * all would bind themselves to the same first cores and leave the rest idle; so they are left to the kernel. */
static const char *default_policy(const struct pl_topology *topology)
{
    struct pl_limit limit = {.is_share = false};
    if (pl_topology_is_of_process(topology) && pl_limit_get(&limit) != 0)
        return "cores"; /* the error is for whoever needs the limit itself */
    return limit.is_share ? "none" : "cores";
}

/* What a user gets who names no count. */
static int default_count(const struct pl_topology *topology, enum pl_policy policy, size_t place_count,
                         size_t *out)
{
    struct pl_limit limit = {.text.count = topology->core_count, .cap = SIZE_MAX, .workers = SIZE_MAX};
    int error = pl_topology_is_of_process(topology) ? pl_limit_get(&limit) : 0;
    if (error != 0)
        return error;
    if (policy == PL_POLICY_PUS)
        *out = smaller(topology->pu_count, limit.cap);
    else if (policy == PL_POLICY_LIST)
        *out = smaller(place_count, limit.workers);
    else
        *out = limit.text.count;
    return 0;
}

/* Deals `count` workers to places by their cores: `dealt` receives the number of each place. */
static void deal(const struct pl_places *places, size_t count, size_t dealt[])
{
    for (size_t turn = 1; count > 0; turn++) {
        for (bool is_full = false; count > 0 && !is_full;) {
            is_full = true;
            for (size_t i = 0; i < places->count && count > 0; i++) {
                if (dealt[i] >= turn * places->items[i].core_count)
                    continue;
                dealt[i]++;
                count--;
                is_full = false;
            }
        }
    }
}

static int assign_workers(struct pl_placement *placement, const struct pl_places *places, size_t count)
{
    size_t *dealt = calloc(places->count, sizeof *dealt);
    placement->place_of = calloc(count, sizeof *placement->place_of);
    if (dealt == NULL || placement->place_of == NULL) {
        free(dealt);
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "placement: out of memory for %zu workers", count);
    }
    deal(places, count, dealt);
    placement->count = count;
    size_t worker = 0;
    for (size_t place = 0; place < places->count; place++) {
        for (size_t i = 0; i < dealt[place]; i++)
            placement->place_of[worker++] = (uint32_t)place;
    }
    free(dealt);
    return 0;
}

/* Takes over the places on success. */
static int place_workers(const struct pl_places *places, size_t room, size_t count, struct pl_placement **out)
{
    struct pl_placement *placement = calloc(1, sizeof *placement);
    if (placement == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "placement: out of memory");
    int error = assign_workers(placement, places, count);
    if (error != 0) {
        pl_placement_destroy(placement);
        return error;
    }
    placement->room = room;
    placement->places = places->items;
    placement->place_count = places->count;
    *out = placement;
    return 0;
}

static int create(const struct pl_topology *topology, const char *text, size_t count,
                  struct pl_placement **out)
{
    if (count > PL_WORKER_COUNT_LIMIT)
        return pl_error_set(PARALLEL_ERANGE, 0, "workers: %zu is more than Linux can have (%d)", count,
                            PL_WORKER_COUNT_LIMIT);
    enum pl_policy policy = pl_policy_find(text);
    struct pl_places places = {0};
    int error = pl_policy_add_places(policy, text, topology, &places);
    if (error == 0 && count == 0)
        error = default_count(topology, policy, places.count, &count);
    size_t room = policy == PL_POLICY_PUS ? topology->pu_count : topology->core_count;
    if (error == 0)
        error = place_workers(&places, room, count, out);
    if (error != 0)
        free(places.items);
    return error;
}

int pl_placement_create(const struct pl_topology *topology, const char *policy, size_t count,
                        struct pl_placement **out)
{
    if (policy != NULL)
        return create(topology, policy, count, out);
    const char *setting = pl_setting_text(PL_SETTING_PLACES);
    if (setting == NULL)
        return create(topology, default_policy(topology), count, out);
    int error = create(topology, setting, count, out);
    if (error == PARALLEL_ESPECIFICATION)
        error = PARALLEL_ESETTING;
    if (error == PARALLEL_ESETTING || error == PARALLEL_EPLACE)
        pl_error_set(error, 0, "PARALLEL_PLACES: %s", parallel_last_error()->message);
    return error;
}

void pl_placement_destroy(struct pl_placement *placement)
{
    if (placement == NULL)
        return;
    free(placement->places);
    free(placement->place_of);
    free(placement);
}

/* The lowest level at which one object holds both places. */
static size_t distance(const struct pl_place *one, const struct pl_place *other)
{
    size_t level = 0;
    while (level < PL_PLACE_LEVELS &&
           (one->ancestors[level] < 0 || one->ancestors[level] != other->ancestors[level]))
        level++;
    return level;
}

/* A counting sort by distance; within one distance in turn. */
void pl_placement_order(const struct pl_placement *placement, size_t from, size_t order[])
{
    const struct pl_place *here = pl_placement_place(placement, from);
    size_t next[PL_PLACE_LEVELS + 2] = {1}; /* where the next worker of each distance goes; `from` is the first */
    for (size_t worker = 0; worker < placement->count; worker++) {
        if (worker != from)
            next[distance(here, pl_placement_place(placement, worker)) + 1]++;
    }
    for (size_t level = 1; level <= PL_PLACE_LEVELS; level++)
        next[level] += next[level - 1];
    order[0] = from;
    for (size_t step = 1; step < placement->count; step++) {
        size_t worker = (from + step) % placement->count;
        order[next[distance(here, pl_placement_place(placement, worker))]++] = worker;
    }
}

int parallel_placement_print(const char *policy, size_t worker_count, FILE *stream)
{
    const struct pl_topology *topology = NULL;
    struct pl_placement *placement = NULL;
    int error = pl_topology_get(&topology);
    if (error == 0)
        error = pl_placement_create(topology, policy, worker_count, &placement);
    if (error != 0)
        return error;
    for (size_t worker = 0; worker < placement->count; worker++) {
        char line[PL_PLACE_LINE_SIZE];
        pl_place_format(pl_placement_place(placement, worker), worker, line);
        fprintf(stream, "%s\n", line);
    }
    pl_placement_destroy(placement);
    return 0;
}
