/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Placement in two steps:
 *
 *   1. The policy cuts the usable part of the machine into places, the best ones first: cores of the fastest kind come
 *      before slower ones, in hwloc's order otherwise, which keeps neighbours near.
 *   2. Workers are dealt one at a time, round and round, to places that have a core left. When every core has its
 *      worker the next turn begins, in which each place takes as many again. So coarse places fill evenly (memory
 *      bandwidth), fine ones from the front, and nobody shares a core before all are taken. Workers are numbered in the
 *      order of the places, not of the dealing: neighbours in number share a place. */
#include "libparallel/machine/placement_private.h"

#include <stdlib.h>
#include <string.h>

#include "libparallel/base/error.h"
#include "libparallel/base/settings.h"
#include "libparallel/machine/limit.h"

enum policy { CORES, PUS, L3, NUMA, PACKAGES, INHERIT, NONE, LIST };

static const char *const policy_names[] = {
    [CORES] = "cores", [PUS] = "pus",         [L3] = "l3",     [NUMA] = "numa",
    [PACKAGES] = "packages", [INHERIT] = "inherit", [NONE] = "none",
};

struct pl_place *pl_places_append(struct pl_places *places, const struct pl_topology *topology)
{
    if (places->count == places->capacity) {
        size_t capacity = places->capacity > 0 ? 2 * places->capacity : 8;
        struct pl_place *items = realloc(places->items, capacity * sizeof *items);
        if (items == NULL) {
            pl_error_set(PARALLEL_ENOMEMORY, 0, "placement: out of memory for %zu places", capacity);
            return NULL;
        }
        places->items = items;
        places->capacity = capacity;
    }
    struct pl_place *place = &places->items[places->count++];
    memset(place, 0, sizeof *place);
    place->is_this_machine = topology->is_this_machine;
    place->core_room = 1;
    place->core = place->l3 = place->numa = place->package = -1;
    for (size_t level = 0; level < PL_PLACE_LEVELS; level++)
        place->ancestors[level] = -1;
    return place;
}

static void keep_common(int32_t *mine, int32_t other)
{
    if (*mine != other)
        *mine = -1;
}

static void add_pu(struct pl_place *place, const struct pl_pu *pu)
{
    if (pl_cpu_set_is_empty(&place->cpus)) {
        place->core = pu->core;
        place->l3 = pu->l3;
        place->numa = pu->numa;
        place->package = pu->package;
        memcpy(place->ancestors, pu->ancestors, sizeof place->ancestors);
    }
    keep_common(&place->core, pu->core);
    keep_common(&place->l3, pu->l3);
    keep_common(&place->numa, pu->numa);
    keep_common(&place->package, pu->package);
    for (size_t level = 0; level < PL_PLACE_LEVELS; level++)
        keep_common(&place->ancestors[level], pu->ancestors[level]);
    pl_cpu_set_add(&place->cpus, pu->cpu);
}

void pl_place_add_core(struct pl_place *place, const struct pl_topology *topology, const struct pl_core *core,
                       const struct pl_cpu_set *only)
{
    bool is_counted = false;
    for (uint32_t i = 0; i < core->pu_count; i++) {
        const struct pl_pu *pu = &topology->pus[core->first_pu + i];
        if (only != NULL && !pl_cpu_set_has(only, pu->cpu))
            continue;
        add_pu(place, pu);
        place->core_count += !is_counted;
        is_counted = true;
    }
}

void pl_place_name(struct pl_place *place, const char *kind, int32_t index)
{
    char cpus[32];
    pl_cpu_set_format(&place->cpus, cpus, sizeof cpus);
    if (index < 0)
        snprintf(place->name, sizeof place->name, "%s (PU %s)", kind, cpus);
    else
        snprintf(place->name, sizeof place->name, "%s %d (PU %s)", kind, (int)index, cpus);
}

static const struct pl_core *core_by_rank(const struct pl_topology *topology, size_t rank)
{
    return &topology->cores[topology->fastest_first[rank]];
}

static int add_cores(struct pl_places *places, const struct pl_topology *topology)
{
    for (size_t rank = 0; rank < topology->core_count; rank++) {
        const struct pl_core *core = core_by_rank(topology, rank);
        struct pl_place *place = pl_places_append(places, topology);
        if (place == NULL)
            return PARALLEL_ENOMEMORY;
        pl_place_add_core(place, topology, core, NULL);
        pl_place_name(place, "core", core->label);
    }
    return 0;
}

/* One sweep over the cores for each hardware thread of the widest core. */
static int add_pus(struct pl_places *places, const struct pl_topology *topology)
{
    for (uint32_t sibling = 0; places->count < topology->pu_count; sibling++) {
        for (size_t rank = 0; rank < topology->core_count; rank++) {
            const struct pl_core *core = core_by_rank(topology, rank);
            if (sibling >= core->pu_count)
                continue;
            struct pl_place *place = pl_places_append(places, topology);
            if (place == NULL)
                return PARALLEL_ENOMEMORY;
            add_pu(place, &topology->pus[core->first_pu + sibling]);
            place->core_count = 1;
            place->core_room = core->pu_count;
            pl_place_name(place, "core", core->label);
        }
    }
    return 0;
}

static int32_t l3_of(const struct pl_pu *pu)
{
    return pu->l3;
}

static int32_t numa_of(const struct pl_pu *pu)
{
    return pu->numa;
}

static int32_t package_of(const struct pl_pu *pu)
{
    return pu->package;
}

/* A policy whose places hold several cores each. */
struct grouping {
    int32_t (*key)(const struct pl_pu *pu);
    const char *name;
    const char *rest; /* name of the place of the cores that are in no such object */
};

static struct pl_place *find_group(struct pl_places *places, const struct pl_topology *topology,
                                   int32_t (*key)(const struct pl_pu *pu), const struct pl_core *core, int32_t keys[])
{
    const struct pl_pu *pu = &topology->pus[core->first_pu];
    int32_t wanted = key(pu) >= 0 ? key(pu) : -2 - pu->package; /* the rest of package 0 is -2; of none, -1 */
    for (size_t i = 0; i < places->count; i++) {
        if (keys[i] == wanted)
            return &places->items[i];
    }
    struct pl_place *place = pl_places_append(places, topology);
    if (place != NULL)
        keys[places->count - 1] = wanted;
    return place;
}

/* Fast cores are met first, so places with fast cores come first. Cores in no such object (low-power cores without an
 * L3, packages without memory) make up a place of their own in each package: leaving them out would be a silent loss. */
static int add_groups(struct pl_places *places, const struct pl_topology *topology, const struct grouping *grouping)
{
    int32_t *keys = calloc(topology->core_count, sizeof *keys);
    if (keys == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "placement: out of memory");
    int error = 0;
    for (size_t rank = 0; rank < topology->core_count && error == 0; rank++) {
        const struct pl_core *core = core_by_rank(topology, rank);
        struct pl_place *place = find_group(places, topology, grouping->key, core, keys);
        if (place != NULL)
            pl_place_add_core(place, topology, core, NULL);
        else
            error = PARALLEL_ENOMEMORY;
    }
    bool is_shown = false;
    for (size_t i = 0; i < places->count; i++)
        is_shown |= keys[i] >= 0;
    if (error == 0 && !is_shown)
        error = pl_error_set(PARALLEL_EPLACE, 0, "places: %s: this machine shows none", grouping->name);
    for (size_t i = 0; i < places->count && error == 0; i++)
        pl_place_name(&places->items[i], keys[i] < 0 ? grouping->rest : grouping->name, keys[i]);
    free(keys);
    return error;
}

/* The one place of workers that are not bound: it holds every core. */
static int add_unbound(struct pl_places *places, const struct pl_topology *topology, enum pl_place_kind kind)
{
    struct pl_place *place = pl_places_append(places, topology);
    if (place == NULL)
        return PARALLEL_ENOMEMORY;
    place->kind = kind;
    place->core_count = (uint32_t)topology->core_count;
    snprintf(place->name, sizeof place->name, "%s",
             kind == PL_PLACE_INITIAL ? "any CPU of the process" : "the CPUs of the thread that starts it");
    return 0;
}

static int add_places(struct pl_places *places, const struct pl_topology *topology, enum policy policy,
                      const char *list)
{
    static const struct grouping l3 = {l3_of, "L3", "cores without L3"};
    static const struct grouping numa = {numa_of, "NUMA node", "cores without NUMA node"};
    static const struct grouping packages = {package_of, "package", "cores without package"};
    switch (policy) {
    case CORES:
        return add_cores(places, topology);
    case PUS:
        return add_pus(places, topology);
    case L3:
        return add_groups(places, topology, &l3);
    case NUMA:
        return add_groups(places, topology, &numa);
    case PACKAGES:
        return add_groups(places, topology, &packages);
    case INHERIT:
        return add_unbound(places, topology, PL_PLACE_INHERITED);
    case NONE:
        return add_unbound(places, topology, PL_PLACE_INITIAL);
    case LIST:
        break;
    }
    return pl_places_parse(places, topology, list);
}

static enum policy find_policy(const char *text)
{
    for (int policy = 0; policy < LIST; policy++) {
        if (strcmp(text, policy_names[policy]) == 0)
            return (enum policy)policy;
    }
    return LIST;
}

static size_t smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* What a user gets who names no count. */
static int default_count(const struct pl_topology *topology, enum policy policy, size_t place_count, size_t *out)
{
    struct pl_limit limit = {.text.count = topology->core_count, .cap = SIZE_MAX, .workers = SIZE_MAX};
    if (pl_topology_is_of_process(topology)) {
        int error = pl_limit_get(&limit);
        if (error != 0)
            return error;
    }
    if (policy == PUS)
        *out = smaller(topology->pu_count, limit.cap);
    else if (policy == LIST)
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

static int create(const struct pl_topology *topology, const char *text, size_t count, struct pl_placement **out)
{
    if (count > PL_WORKER_COUNT_LIMIT)
        return pl_error_set(PARALLEL_ERANGE, 0, "workers: %zu is more than Linux can have (%d)", count,
                            PL_WORKER_COUNT_LIMIT);
    enum policy policy = find_policy(text);
    struct pl_places places = {0};
    int error = add_places(&places, topology, policy, text);
    if (error == 0 && count == 0)
        error = default_count(topology, policy, places.count, &count);
    struct pl_placement *placement = NULL;
    if (error == 0) {
        placement = calloc(1, sizeof *placement);
        error = placement != NULL ? assign_workers(placement, &places, count)
                                  : pl_error_set(PARALLEL_ENOMEMORY, 0, "placement: out of memory");
    }
    if (error != 0) {
        pl_placement_destroy(placement);
        free(places.items);
        return error;
    }
    placement->places = places.items;
    placement->place_count = places.count;
    *out = placement;
    return 0;
}

int pl_placement_create(const struct pl_topology *topology, const char *policy, size_t count,
                        struct pl_placement **out)
{
    if (policy != NULL)
        return create(topology, policy, count, out);
    const char *setting = pl_setting_text(PL_SETTING_PLACES);
    if (setting == NULL)
        return create(topology, policy_names[CORES], count, out);
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
    while (level < PL_PLACE_LEVELS && (one->ancestors[level] < 0 || one->ancestors[level] != other->ancestors[level]))
        level++;
    return level;
}

void pl_placement_order(const struct pl_placement *placement, size_t from, size_t order[])
{
    const struct pl_place *here = pl_placement_place(placement, from);
    size_t filled = 0;
    order[filled++] = from;
    for (size_t level = 0; level <= PL_PLACE_LEVELS; level++) {
        for (size_t step = 1; step < placement->count; step++) {
            size_t worker = (from + step) % placement->count;
            if (distance(here, pl_placement_place(placement, worker)) == level)
                order[filled++] = worker;
        }
    }
}

void pl_place_format(const struct pl_place *place, size_t worker, char line[PL_PLACE_LINE_SIZE])
{
    const struct {
        const char *name;
        int32_t index;
    } objects[] = {{"L3", place->l3}, {"NUMA node", place->numa}, {"package", place->package}};
    size_t used = (size_t)snprintf(line, PL_PLACE_LINE_SIZE, "worker %zu: %s", worker, place->name);
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        bool is_name = strncmp(place->name, objects[i].name, strlen(objects[i].name)) == 0;
        if (objects[i].index >= 0 && !is_name && used < PL_PLACE_LINE_SIZE)
            used += (size_t)snprintf(line + used, PL_PLACE_LINE_SIZE - used, ", %s %d", objects[i].name,
                                     (int)objects[i].index);
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
