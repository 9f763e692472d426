/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Binding through sched_setaffinity, and reading back through sched_getaffinity. The kernel does not always
 * do what it is asked: it silently leaves away CPUs that are offline or outside the cpuset, and a program
 * that believes its own request measures the wrong thing. */
#include "libparallel/machine/binding.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "libparallel/base/error.h"
#include "libparallel/machine/initial_mask.h"

static int set_mask(const struct pl_cpu_set *mask)
{
    return sched_setaffinity(0, sizeof *mask, (const cpu_set_t *)(const void *)mask) == 0 ? 0 : errno;
}

int pl_binding_get(struct pl_cpu_set *out)
{
    struct pl_cpu_set mask; /* the result stays untouched on failure */
    if (sched_getaffinity(0, sizeof mask, (cpu_set_t *)(void *)&mask) != 0)
        return pl_error_set(PARALLEL_ESYSTEM, errno, "binding: the thread's mask cannot be read");
    *out = mask;
    return 0;
}

int pl_binding_restore(const struct pl_cpu_set *mask)
{
    const struct pl_cpu_set *wanted = mask != NULL ? mask : pl_initial_mask();
    if (pl_cpu_set_is_empty(wanted))
        return 0; /* the initial mask could not be read, so nothing was bound either */
    int cause = set_mask(wanted);
    if (cause != 0)
        return pl_error_set(PARALLEL_ESYSTEM, cause, "binding: the thread's former mask cannot be restored");
    return 0;
}

static int enter_bound(const struct pl_place *place)
{
    if (!place->is_this_machine)
        return pl_error_set(
            PARALLEL_EPLACE, 0,
            "%s: cannot be bound to: HWLOC_XMLFILE or HWLOC_SYNTHETIC describe another machine", place->name);
    struct pl_cpu_set before;
    int error = pl_binding_get(&before);
    if (error != 0 || pl_cpu_set_is_equal(&before, &place->cpus))
        return error;
    int cause = set_mask(&place->cpus);
    if (cause != 0)
        return pl_error_set(PARALLEL_ESYSTEM, cause, "%s: cannot be bound to (places=none does without)",
                            place->name);
    struct pl_cpu_set after;
    error = pl_binding_get(&after);
    if (error == 0 && !pl_cpu_set_is_equal(&after, &place->cpus)) {
        char granted[64];
        pl_cpu_set_format(&after, granted, sizeof granted);
        error =
            pl_error_set(PARALLEL_EPLACE, 0, "%s: the kernel granted PU %s instead", place->name, granted);
    }
    if (error != 0)
        set_mask(&before);
    return error;
}

static _Thread_local char place_name[PL_PLACE_NAME_SIZE];

static int enter(const struct pl_place *place)
{
    switch (place->kind) {
    case PL_PLACE_BOUND:
        return enter_bound(place);
    case PL_PLACE_INITIAL:
        return pl_binding_restore(NULL);
    case PL_PLACE_INHERITED:
        break;
    }
    return 0;
}

int pl_binding_enter(const struct pl_place *place)
{
    int code = enter(place);
    if (code == 0)
        memcpy(place_name, place->name, sizeof place_name);
    return code;
}

const char *pl_binding_place_name(void)
{
    return place_name;
}
