/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The policies: each cuts the usable part of the machine into places, the best ones first. Cores of the
 * fastest kind come before slower ones, otherwise they stand in hwloc's order, which keeps neighbours
 * near. */
#include "libparallel/machine/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/error.h"

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
            pl_place_add_pu(place, &topology->pus[core->first_pu + sibling]);
            place->core_count = 1;
            place->core_room = core->pu_count;
            pl_place_name(place, "core", core->label);
        }
    }
    return 0;
}

/* A policy whose places hold several cores each. */
struct grouping {
    int32_t (*key)(const struct pl_pu *pu);
    const char *policy;
    const char *name;
    const char *rest; /* name of the place of the cores that are in no such object */
};

static struct pl_place *find_group(struct pl_places *places, const struct pl_topology *topology,
                                   int32_t (*key)(const struct pl_pu *pu), const struct pl_core *core,
                                   int32_t keys[])
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

/* Fast cores are met first, so places with fast cores come first. Cores in no such object (low-power cores
 * without an L3, packages without memory) make up a place of their own in each package: leaving them out
 * would be a silent loss. */
static int add_groups(struct pl_places *places, const struct pl_topology *topology,
                      const struct grouping *grouping)
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
        error = pl_error_set(PARALLEL_EPLACE, 0, "places: %s: this machine shows no %s", grouping->policy,
                             grouping->name);
    for (size_t i = 0; i < places->count && error == 0; i++)
        pl_place_name(&places->items[i], keys[i] < 0 ? grouping->rest : grouping->name, keys[i]);
    free(keys);
    return error;
}

/* The one place of workers that are not bound: it holds every core. */
static int add_unbound(struct pl_places *places, const struct pl_topology *topology, enum pl_place_kind kind,
                       const char *name)
{
    struct pl_place *place = pl_places_append(places, topology);
    if (place == NULL)
        return PARALLEL_ENOMEMORY;
    place->kind = kind;
    place->core_count = (uint32_t)topology->core_count;
    snprintf(place->name, sizeof place->name, "%s", name);
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

static int add_l3s(struct pl_places *places, const struct pl_topology *topology)
{
    const struct grouping l3s = {l3_of, "l3", "L3", "cores without L3"};
    return add_groups(places, topology, &l3s);
}

static int add_numa(struct pl_places *places, const struct pl_topology *topology)
{
    const struct grouping numa = {numa_of, "numa", "NUMA node", "cores without NUMA node"};
    return add_groups(places, topology, &numa);
}

static int add_packages(struct pl_places *places, const struct pl_topology *topology)
{
    const struct grouping packages = {package_of, "packages", "package", "cores without package"};
    return add_groups(places, topology, &packages);
}

static int add_inherit(struct pl_places *places, const struct pl_topology *topology)
{
    return add_unbound(places, topology, PL_PLACE_INHERITED, "where the thread that starts it is");
}

static int add_none(struct pl_places *places, const struct pl_topology *topology)
{
    return add_unbound(places, topology, PL_PLACE_INITIAL, "any CPU of the process");
}

static const struct {
    const char *name;
    int (*add)(struct pl_places *places, const struct pl_topology *topology);
} table[PL_POLICY_LIST] = {
    [PL_POLICY_CORES] = {"cores", add_cores},          [PL_POLICY_PUS] = {"pus", add_pus},
    [PL_POLICY_L3] = {"l3", add_l3s},                  [PL_POLICY_NUMA] = {"numa", add_numa},
    [PL_POLICY_PACKAGES] = {"packages", add_packages}, [PL_POLICY_INHERIT] = {"inherit", add_inherit},
    [PL_POLICY_NONE] = {"none", add_none},
};

enum pl_policy pl_policy_find(const char *text)
{
    int policy = 0;
    while (policy < PL_POLICY_LIST && strcmp(text, table[policy].name) != 0)
        policy++;
    return (enum pl_policy)policy;
}

int pl_policy_add_places(enum pl_policy policy, const char *list, const struct pl_topology *topology,
                         struct pl_places *places)
{
    return policy == PL_POLICY_LIST ? pl_places_parse(places, topology, list)
                                    : table[policy].add(places, topology);
}
