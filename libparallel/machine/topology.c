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
 * The tree is loaded with what is not allowed in it, for the sake of the first count, and restricted
 * afterwards, so that logical indexes count usable objects only. hwloc is told to leave I/O devices (its
 * default) and memory attributes alone, and never to bind the thread that loads: its x86 backend would visit
 * every CPU. What it needs to know of CPUs stands in the kernel's files.
 *
 * Where hwloc has plugins (for graphics, OpenCL, XML by libxml2), it maps them, and what they need, for as long as there is a
 * tree: a hundred mappings of libraries nobody asked for. Every fork copies them, and 64 workers start in 26 ms without
 * them and in 38 with them. So the tree of the process is let go as soon as the tables are filled, and few need another. */
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
        return pl_error_set(PARALLEL_ETOPOLOGY, 0, "CPU %d is beyond the last one that Linux can have (%d)",
                            last, PL_CPU_LIMIT - 1);
    memset(out, 0, sizeof *out);
    for (int cpu = hwloc_bitmap_first(bitmap); cpu >= 0; cpu = hwloc_bitmap_next(bitmap, cpu))
        pl_cpu_set_add(out, (size_t)cpu);
    return 0;
}

static size_t count_cores(hwloc_topology_t hwloc, hwloc_const_bitmap_t within)
{
    size_t count = 0;
    hwloc_obj_t core = NULL;
    while ((core = hwloc_get_next_obj_by_type(hwloc, pl_topology_core_type(hwloc), core)) != NULL)
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
                             "topology: no CPU is ours: the affinity mask has none of the allowed ones (%s)",
                             allowed);
    }
    if (error == 0)
        error = pl_cpu_set_from_hwloc(usable, &topology->cpus);
    if (error == 0 && hwloc_topology_restrict(hwloc, usable, HWLOC_RESTRICT_FLAG_REMOVE_CPULESS) != 0)
        error = pl_error_set(errno == ENOMEM ? PARALLEL_ENOMEMORY : PARALLEL_ETOPOLOGY, errno,
                             "topology: cannot be restricted to the CPUs that are ours");
    hwloc_bitmap_free(usable);
    return error;
}

/* What hwloc 2.4, the oldest that configure takes, does not know is left away there. */
static unsigned long load_flags(void)
{
    unsigned long flags =
        HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED | HWLOC_TOPOLOGY_FLAG_THISSYSTEM_ALLOWED_RESOURCES;
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

/* Loads what start() has prepared. `mask` cuts this machine alone, unless it plays the part of a mask in a
 * test. */
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
        error = pl_topology_flatten(topology);
    if (error == 0)
        *out = topology;
    else
        pl_topology_destroy(topology);
    return error;
}

int pl_topology_create_synthetic(const char *description, const struct pl_cpu_set *mask,
                                 struct pl_topology **out)
{
    struct pl_topology *topology = NULL;
    int error = start(&topology);
    if (error != 0)
        return error;
    if (hwloc_topology_set_synthetic(topology->hwloc, description) != 0) {
        pl_topology_destroy(topology);
        return pl_error_set(PARALLEL_ETOPOLOGY, 0, "topology: \"%s\" is no synthetic description",
                            description);
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
    if (topology->hwloc != NULL)
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
    out->package_count = topology->package_count;
    out->numa_count = count_numa(topology);
    out->l3_count = topology->l3_count;
    out->core_count = topology->core_count;
    out->pu_count = topology->pu_count;
    out->core_kind_count = count_kinds(topology, &out->fastest_core_count);
    out->machine_core_count = topology->machine_core_count;
    out->machine_pu_count = topology->machine_pu_count;
    out->is_this_machine = topology->is_this_machine;
    pl_cpu_set_format(&topology->cpus, out->cpus, sizeof out->cpus);
}

/* The one of this process, and once more with its tree. Written under `once`, constant afterwards. Never freed: threads may
 * use it until the end. */
struct of_process {
    pthread_once_t once;
    struct pl_topology *topology;
    parallel_error error; /* code 0 if it was loaded */
};
static struct of_process process = {.once = PTHREAD_ONCE_INIT}, with_tree = {.once = PTHREAD_ONCE_INIT};

static void load_of_process(struct of_process *of_process)
{
    struct pl_topology *topology = NULL;
    int error = start(&topology);
    if (error == 0) {
        topology->is_of_process = true;
        error = finish(topology, pl_initial_mask(), "this machine", &of_process->topology);
    }
    if (error != 0)
        of_process->error = *parallel_last_error();
}

static void load_process_topology(void)
{
    load_of_process(&process);
    if (process.topology == NULL)
        return;
    hwloc_topology_destroy(process.topology->hwloc);
    process.topology->hwloc = NULL;
}

/* Environment, root and cpuset may have changed since the tables were filled, which lists must agree with. */
static void load_tree(void)
{
    load_of_process(&with_tree);
    const struct pl_topology *now = with_tree.topology, *then = process.topology;
    if (now == NULL || (now->is_this_machine == then->is_this_machine && now->pu_count == then->pu_count &&
                        memcmp(&now->cpus, &then->cpus, sizeof now->cpus) == 0))
        return;
    pl_error_set(PARALLEL_ETOPOLOGY, 0, "topology: hwloc finds another machine, or other CPUs of ours, than at first");
    with_tree.error = *parallel_last_error();
}

int pl_topology_get(const struct pl_topology **out)
{
    pthread_once(&process.once, load_process_topology);
    if (process.error.code != 0)
        return pl_error_set_copy(&process.error);
    *out = process.topology;
    return 0;
}

int pl_topology_tree(const struct pl_topology *topology, hwloc_topology_t *out)
{
    if (topology->hwloc != NULL) {
        *out = topology->hwloc;
        return 0;
    }
    pthread_once(&with_tree.once, load_tree);
    if (with_tree.error.code != 0)
        return pl_error_set_copy(&with_tree.error);
    *out = with_tree.topology->hwloc;
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
