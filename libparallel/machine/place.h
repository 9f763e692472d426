/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One place: where one worker, or several, may run, and where that is in the machine. A plain value without
 * pointers: it can be copied into shared memory and used by a worker process that never loads hwloc. */
#ifndef LIBPARALLEL_MACHINE_PLACE_H
#define LIBPARALLEL_MACHINE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libparallel/machine/cpu_set.h"

/* Depth of hwloc's tree between PU and machine. Real machines have up to 10 levels with groups; of a deeper
 * tree the topmost levels are left out, which only makes far places look equally far. */
#define PL_PLACE_LEVELS 16

#define PL_PLACE_NAME_SIZE 64

enum pl_place_kind {
    PL_PLACE_BOUND,     /* bound to `cpus`, read back */
    PL_PLACE_INITIAL,   /* may use every CPU that the process was started with: policy none */
    PL_PLACE_INHERITED, /* not touched: policy inherit */
};

/* One place. Indexes are logical ones of the topology, -1 if the place has PUs of several or of none. */
struct pl_place {
    enum pl_place_kind kind;
    bool is_this_machine;        /* false: made from another machine's topology, cannot be bound to */
    uint32_t core_count;         /* cores in it, at least 1: the workers it takes before any place is overfull */
    uint32_t core_room;          /* workers that its core may have: 1, or with policy pus its number of PUs */
    int32_t core;                /* position among the cores of the topology */
    int32_t l3;
    int32_t numa;
    int32_t memory_node; /* the kernel's number of the NUMA node; -1 also where the machine has but one */
    int32_t package;
    int32_t ancestors[PL_PLACE_LEVELS]; /* of each level, the PU's first, the object that holds it all */
    char name[PL_PLACE_NAME_SIZE];      /* such as "core 3 (PU 6)"; numbers after PU are the kernel's */
    struct pl_cpu_set cpus;             /* meaningful if kind is PL_PLACE_BOUND */
};

#define PL_PLACE_LINE_SIZE 192

/* The line of PARALLEL_SHOW_PLACES=1, such as "worker 3: core 3 (PU 6), L3 0, NUMA node 0, package 0". */
void pl_place_format(const struct pl_place *place, size_t worker, char line[PL_PLACE_LINE_SIZE]);

#endif
