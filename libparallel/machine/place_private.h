/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Places under construction, shared by the policies (policy.c) and the explicit lists (place_list.c). */
#ifndef LIBPARALLEL_MACHINE_PLACE_PRIVATE_H
#define LIBPARALLEL_MACHINE_PLACE_PRIVATE_H

#include "libparallel/machine/place.h"
#include "libparallel/machine/topology_private.h"

/* A growing array. All zeros is the empty one; the owner frees items. */
struct pl_places {
    struct pl_place *items;
    size_t count;
    size_t capacity;
};

/* A new last place without PUs, valid until the next append; NULL, with the error set, if there is no
 * memory. */
struct pl_place *pl_places_append(struct pl_places *places, const struct pl_topology *topology);

/* Adds a PU to a place, without counting its core. */
void pl_place_add_pu(struct pl_place *place, const struct pl_pu *pu);

/* Adds the PUs of a core to a place: all, or those that are in `only`. Each core at most once. */
void pl_place_add_core(struct pl_place *place, const struct pl_topology *topology, const struct pl_core *core,
                       const struct pl_cpu_set *only);

/* Names a complete place "<kind> <index> (PU <its CPUs>)"; without the index if it is negative. */
void pl_place_name(struct pl_place *place, const char *kind, int32_t index);

/* Appends the places of a list in hwloc's syntax. 0, PARALLEL_ESPECIFICATION, PARALLEL_EPLACE,
 * PARALLEL_ENOMEMORY. */
int pl_places_parse(struct pl_places *places, const struct pl_topology *topology, const char *list);

#endif
