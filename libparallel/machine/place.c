/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Making places out of cores and PUs, and printing them. */
#include "libparallel/machine/place_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/error.h"

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
    place->core = place->l3 = place->numa = place->memory_node = place->package = -1;
    for (size_t level = 0; level < PL_PLACE_LEVELS; level++)
        place->ancestors[level] = -1;
    return place;
}

static void keep_common(int32_t *mine, int32_t other)
{
    if (*mine != other)
        *mine = -1;
}

void pl_place_add_pu(struct pl_place *place, const struct pl_pu *pu)
{
    if (pl_cpu_set_is_empty(&place->cpus)) {
        place->core = pu->core;
        place->l3 = pu->l3;
        place->numa = pu->numa;
        place->memory_node = pu->memory_node;
        place->package = pu->package;
        memcpy(place->ancestors, pu->ancestors, sizeof place->ancestors);
    }
    keep_common(&place->core, pu->core);
    keep_common(&place->l3, pu->l3);
    keep_common(&place->numa, pu->numa);
    keep_common(&place->memory_node, pu->memory_node);
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
        pl_place_add_pu(place, pu);
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
