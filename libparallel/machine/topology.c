/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Loads the machine through hwloc and flattens it.
 *
 *   whole machine --count--> machine_core_count, machine_pu_count
 *        | cut to hwloc's allowed set (cpusets, control groups), --count--> allowed_core_count
 *        | cut to the affinity mask
 *        v
 *   usable part --flatten--> pus[], cores[]
 *
 * The tree is loaded with what is not allowed in it, for the sake of the first count, and restricted afterwards, so
 * that logical indexes count usable objects only. hwloc is told to leave I/O devices (its default) and memory attributes
 * alone, and never to bind the thread that loads: its x86 backend would visit every CPU. What it needs to know of CPUs
 * stands in the kernel's files. */
#include "libparallel/machine/topology_private.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/error.h"
#include "libparallel/machine/initial_mask.h"

int pl_cpu_set_from_hwloc(hwloc_const_bitmap_t bitmap, struct pl_cpu_set *out)
{
    int last = hwloc_bitmap_last(bitmap); /* -1 for the empty and the infinite set */
    if (last >= PL_CPU_LIMIT || (last < 0 && !hwloc_bitmap_iszero(bitmap)))
        return pl_error_set(PARALLEL_ETOPOLOGY, 0, "CPU %d is beyond the last one that Linux can have (%d)", last,
                            PL_CPU_LIMIT - 1);
    memset(out, 0, sizeof *out);
    for (int cpu = hwloc_bitmap_first(bitmap); cpu >= 0; cpu = hwloc_bitmap_next(bitmap, cpu))
        pl_cpu_set_add(out, (size_t)cpu);
    return 0;
}

static hwloc_obj_type_t core_type(hwloc_topology_t hwloc)
{
    return hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_CORE) > 0 ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
}

static size_t count_cores(hwloc_topology_t hwloc, hwloc_const_bitmap_t within)
{
    size_t count = 0;
    hwloc_obj_t core = NULL;
    while ((core = hwloc_get_next_obj_by_type(hwloc, core_type(hwloc), core)) != NULL)
        count += within == NULL || hwloc_bitmap_intersects(core->cpuset, within);
    return count;
}

/* Restricts the tree to what is allowed and in `mask`. Sets the machine's counts on the way. */
static int cut_to_usable(struct pl_topology *topology, const struct pl_cpu_set *mask)
{
    hwloc_topology_t hwloc = topology->hwloc;
    topology->machine_core_count = count_cores(hwloc, NULL);
    topology->machine_pu_count = (size_t)hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_PU);
    hwloc_bitmap_t usable = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(hwloc));
    if (usable == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "topology: out of memory");
    hwloc_bitmap_and(usable, usable, hwloc_topology_get_topology_cpuset(hwloc));
    topology->allowed_core_count = count_cores(hwloc, usable);
    int error = pl_cpu_set_from_hwloc(usable, &topology->allowed);
    if (error == 0 && mask != NULL && !pl_cpu_set_is_empty(mask)) {
        for (int cpu = hwloc_bitmap_first(usable); cpu >= 0; cpu = hwloc_bitmap_next(usable, cpu)) {
            if (!pl_cpu_set_has(mask, (size_t)cpu))
                hwloc_bitmap_clr(usable, (unsigned)cpu);
        }
    }
    if (error == 0 && hwloc_bitmap_iszero(usable)) {
        char allowed[64];
        pl_cpu_set_format(&topology->allowed, allowed, sizeof allowed);
        error = pl_error_set(PARALLEL_ETOPOLOGY, 0,
                             "topology: no CPU is ours: the affinity mask has none of the allowed ones (%s)", allowed);
    }
    if (error == 0)
        error = pl_cpu_set_from_hwloc(usable, &topology->cpus);
    if (error == 0 && hwloc_topology_restrict(hwloc, usable, HWLOC_RESTRICT_FLAG_REMOVE_CPULESS) != 0)
        error = pl_error_set(errno == ENOMEM ? PARALLEL_ENOMEMORY : PARALLEL_ETOPOLOGY, errno,
                             "topology: cannot be restricted to the CPUs that are ours");
    hwloc_bitmap_free(usable);
    return error;
}

static int32_t index_of(hwloc_obj_t object)
{
    return object != NULL ? (int32_t)object->logical_index : -1;
}

static int32_t efficiency_of(hwloc_topology_t hwloc, hwloc_obj_t pu)
{
    int efficiency = 0;
    int kind = hwloc_cpukinds_get_by_cpuset(hwloc, pu->cpuset, 0);
    if (kind < 0 || hwloc_cpukinds_get_info(hwloc, (unsigned)kind, NULL, &efficiency, NULL, NULL, 0) != 0)
        return 0;
    return efficiency > 0 ? efficiency : 0; /* -1: hwloc cannot rank the kinds */
}

/* Level 0 is the PU's own; the machine at the top, which holds everything, is left out. */
static void fill_ancestors(struct pl_pu *pu, hwloc_obj_t object)
{
    int pu_depth = object->depth;
    for (size_t level = 0; level < PL_PLACE_LEVELS; level++)
        pu->ancestors[level] = -1;
    for (; object != NULL && object->depth > 0; object = object->parent) {
        int level = pu_depth - object->depth;
        if (level < PL_PLACE_LEVELS)
            pu->ancestors[level] = (int32_t)object->logical_index;
    }
}

/* Each PU belongs to the smallest NUMA node that it is in: where a package has memory of several kinds, the nodes
 * overlap or coincide, and a place must not be counted twice. */
static void fill_numa(struct pl_topology *topology)
{
    for (size_t i = 0; i < topology->pu_count; i++) {
        struct pl_pu *pu = &topology->pus[i];
        int smallest = 0;
        hwloc_obj_t node = NULL;
        while ((node = hwloc_get_next_obj_by_type(topology->hwloc, HWLOC_OBJ_NUMANODE, node)) != NULL) {
            int weight = hwloc_bitmap_weight(node->cpuset);
            if (hwloc_bitmap_isset(node->cpuset, pu->cpu) && (pu->numa < 0 || weight < smallest)) {
                pu->numa = (int32_t)node->logical_index;
                smallest = weight;
            }
        }
    }
}

static int32_t largest_efficiency_below(const struct pl_topology *topology, int32_t bound)
{
    int32_t largest = -1;
    for (size_t i = 0; i < topology->core_count; i++) {
        int32_t efficiency = topology->cores[i].efficiency;
        if (efficiency < bound && efficiency > largest)
            largest = efficiency;
    }
    return largest;
}

/* One sweep for each kind of core; a machine has two or three. */
static void sort_cores(struct pl_topology *topology)
{
    size_t sorted = 0;
    for (int32_t kind = INT32_MAX; sorted < topology->core_count;) {
        kind = largest_efficiency_below(topology, kind);
        for (size_t i = 0; i < topology->core_count; i++) {
            if (topology->cores[i].efficiency == kind)
                topology->fastest_first[sorted++] = (uint32_t)i;
        }
    }
}

/* The PUs of a core are neighbours in logical order, so a core begins where the object above the PU changes. */
static void fill_tables(struct pl_topology *topology)
{
    hwloc_topology_t hwloc = topology->hwloc;
    hwloc_obj_type_t type = core_type(hwloc);
    hwloc_obj_t object = NULL;
    hwloc_obj_t last_core = NULL;
    for (size_t i = 0; i < topology->pu_count; i++) {
        object = hwloc_get_next_obj_by_type(hwloc, HWLOC_OBJ_PU, object);
        hwloc_obj_t core_object = type == HWLOC_OBJ_CORE ? hwloc_get_ancestor_obj_by_type(hwloc, type, object) : object;
        if (core_object == NULL)
            core_object = object; /* a machine of which only a part shows its cores */
        if (core_object != last_core) {
            topology->cores[topology->core_count++] =
                (struct pl_core){.label = (int32_t)core_object->logical_index, .first_pu = (uint32_t)i};
            last_core = core_object;
        }
        struct pl_core *core = &topology->cores[topology->core_count - 1];
        int32_t efficiency = efficiency_of(hwloc, object);
        if (efficiency > core->efficiency)
            core->efficiency = efficiency;
        struct pl_pu *pu = &topology->pus[i];
        pu->cpu = object->os_index;
        pu->sibling = core->pu_count++;
        pu->core = (int32_t)topology->core_count - 1;
        pu->l3 = index_of(hwloc_get_ancestor_obj_by_type(hwloc, HWLOC_OBJ_L3CACHE, object));
        pu->package = index_of(hwloc_get_ancestor_obj_by_type(hwloc, HWLOC_OBJ_PACKAGE, object));
        pu->numa = -1;
        fill_ancestors(pu, object);
    }
}

static int flatten(struct pl_topology *topology)
{
    topology->pu_count = (size_t)hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_PU);
    topology->pus = calloc(topology->pu_count, sizeof *topology->pus);
    topology->cores = calloc(topology->pu_count, sizeof *topology->cores);
    topology->fastest_first = calloc(topology->pu_count, sizeof *topology->fastest_first);
    if (topology->pus == NULL || topology->cores == NULL || topology->fastest_first == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "topology: out of memory for %zu PUs", topology->pu_count);
    fill_tables(topology);
    fill_numa(topology);
    sort_cores(topology);
    return 0;
}

/* What hwloc 2.4, the oldest that configure takes, does not know is left away there. */
static unsigned long load_flags(void)
{
    unsigned long flags = HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED | HWLOC_TOPOLOGY_FLAG_THISSYSTEM_ALLOWED_RESOURCES;
#if HWLOC_API_VERSION >= 0x00020500
    flags |= HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING;
#endif
#if HWLOC_API_VERSION >= 0x00020800
    flags |= HWLOC_TOPOLOGY_FLAG_NO_MEMATTRS;
#endif
    return flags;
}

static int start(struct pl_topology **out)
{
    struct pl_topology *topology = calloc(1, sizeof *topology);
    if (topology == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "topology: out of memory");
    if (hwloc_topology_init(&topology->hwloc) != 0) {
        free(topology);
        return pl_error_set(PARALLEL_ETOPOLOGY, errno, "topology: hwloc cannot be initialised");
    }
    hwloc_topology_set_flags(topology->hwloc, load_flags());
    *out = topology;
    return 0;
}

/* Loads what start() has prepared. `mask` cuts this machine alone, unless it plays the part of a mask in a test. */
static int finish(struct pl_topology *topology, const struct pl_cpu_set *mask, const char *source,
                  struct pl_topology **out)
{
    int error = 0;
    if (hwloc_topology_load(topology->hwloc) != 0)
        error = pl_error_set(PARALLEL_ETOPOLOGY, errno, "topology: hwloc cannot load %s", source);
    if (error == 0) {
        topology->is_this_machine = hwloc_topology_is_thissystem(topology->hwloc) != 0;
        bool is_cut = !topology->is_of_process || topology->is_this_machine;
        error = cut_to_usable(topology, is_cut ? mask : NULL);
    }
    if (error == 0)
        error = flatten(topology);
    if (error == 0)
        *out = topology;
    else
        pl_topology_destroy(topology);
    return error;
}

int pl_topology_create_synthetic(const char *description, const struct pl_cpu_set *mask, struct pl_topology **out)
{
    struct pl_topology *topology = NULL;
    int error = start(&topology);
    if (error != 0)
        return error;
    if (hwloc_topology_set_synthetic(topology->hwloc, description) != 0) {
        pl_topology_destroy(topology);
        return pl_error_set(PARALLEL_ETOPOLOGY, 0, "topology: \"%s\" is no synthetic description", description);
    }
    return finish(topology, mask, description, out);
}

int pl_topology_create_xml(const char *path, const struct pl_cpu_set *mask, struct pl_topology **out)
{
    struct pl_topology *topology = NULL;
    int error = start(&topology);
    if (error != 0)
        return error;
    if (hwloc_topology_set_xml(topology->hwloc, path) != 0) {
        int cause = errno;
        pl_topology_destroy(topology);
        return pl_error_set(PARALLEL_ETOPOLOGY, cause, "topology: %s cannot be read as hwloc's XML", path);
    }
    return finish(topology, mask, path, out);
}

void pl_topology_destroy(struct pl_topology *topology)
{
    if (topology == NULL)
        return;
    hwloc_topology_destroy(topology->hwloc);
    free(topology->pus);
    free(topology->cores);
    free(topology->fastest_first);
    free(topology);
}

static size_t count_kinds(const struct pl_topology *topology, size_t *fastest_count)
{
    size_t kinds = 0;
    int32_t last = -1;
    for (size_t i = 0; i < topology->core_count; i++) {
        int32_t efficiency = topology->cores[topology->fastest_first[i]].efficiency;
        kinds += efficiency != last;
        *fastest_count += kinds == 1;
        last = efficiency;
    }
    return kinds;
}

static size_t count_numa(const struct pl_topology *topology)
{
    size_t count = 0;
    for (size_t i = 0; i < topology->pu_count; i++) {
        size_t earlier = 0;
        while (earlier < i && topology->pus[earlier].numa != topology->pus[i].numa)
            earlier++;
        count += earlier == i && topology->pus[i].numa >= 0;
    }
    return count;
}

void pl_topology_describe(const struct pl_topology *topology, parallel_topology *out)
{
    memset(out, 0, sizeof *out);
    out->package_count = (size_t)hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_PACKAGE);
    out->numa_count = count_numa(topology);
    out->l3_count = (size_t)hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_L3CACHE);
    out->core_count = topology->core_count;
    out->pu_count = topology->pu_count;
    out->core_kind_count = count_kinds(topology, &out->fastest_core_count);
    out->machine_core_count = topology->machine_core_count;
    out->machine_pu_count = topology->machine_pu_count;
    out->is_this_machine = topology->is_this_machine;
    pl_cpu_set_format(&topology->cpus, out->cpus, sizeof out->cpus);
}

/* The one of this process. Written under `once`, constant afterwards. Never freed: threads may use it until the end. */
static struct {
    pthread_once_t once;
    struct pl_topology *topology;
    parallel_error error; /* code 0 if it was loaded */
} process = {.once = PTHREAD_ONCE_INIT};

static void load_process_topology(void)
{
    struct pl_topology *topology = NULL;
    int error = start(&topology);
    if (error == 0) {
        topology->is_of_process = true;
        error = finish(topology, pl_initial_mask(), "this machine", &process.topology);
    }
    if (error != 0)
        process.error = *parallel_last_error();
}

int pl_topology_get(const struct pl_topology **out)
{
    pthread_once(&process.once, load_process_topology);
    if (process.error.code != 0)
        return pl_error_set_copy(&process.error);
    *out = process.topology;
    return 0;
}

bool pl_topology_is_of_process(const struct pl_topology *topology)
{
    return topology->is_of_process;
}

int parallel_topology_describe(parallel_topology *out)
{
    const struct pl_topology *topology = NULL;
    int error = pl_topology_get(&topology);
    if (error == 0)
        pl_topology_describe(topology, out);
    return error;
}
