/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Places and neighbours of the threads of a loop team. See home.h. */
#include "libparallel/tasks/home.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "libparallel/base/atomics.h"
#include "libparallel/base/error.h"
#include "libparallel/base/settings.h"
#include "libparallel/machine/binding.h"
#include "libparallel/machine/placement.h"
#include "libparallel/machine/topology.h"

_Thread_local struct pl_tenant pl_tenant __attribute__((tls_model("initial-exec")));

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool openmp_binds;

static void read_openmp_settings(void)
{
    /* Those of the standard and of both runtimes. A value of `false` asks for threads that nobody binds. */
    static const char *const variables[] = {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        openmp_binds = openmp_binds || (value != NULL && value[0] != '\0');
    }
}

static void show(const struct pl_homes *homes)
{
    for (uint32_t k = 1; k < homes->count; k++) {
        char line[PL_PLACE_LINE_SIZE];
        pl_place_format(pl_placement_place(homes->placement, k), k, line);
        pl_report("loop: %s", line);
    }
}

int pl_homes_create(uint32_t count, struct pl_homes **out)
{
    static _Atomic uint32_t last_id;
    pthread_once(&once, read_openmp_settings);
    struct pl_homes *homes = calloc(1, sizeof *homes);
    uint32_t **victims = calloc(count, sizeof *victims);
    const struct pl_topology *topology;
    int code = PARALLEL_ENOMEMORY;
    if (homes == NULL || victims == NULL)
        pl_error_set(PARALLEL_ENOMEMORY, 0, "loop: no memory for the places of %u workers", count);
    else if ((code = pl_topology_get(&topology)) == 0)
        code = pl_placement_create(topology, NULL, count, &homes->placement);
    if (code != 0) {
        free(victims);
        free(homes);
        return code;
    }
    /* Relaxed: the number only has to be another one each time. */
    do
        homes->id = pl_add_relaxed(&last_id, 1) + 1;
    while (homes->id == 0);
    homes->count = count;
    homes->victims = victims;
    if (pl_setting_flag(PL_SETTING_SHOW_PLACES) && !openmp_binds)
        show(homes);
    *out = homes;
    return 0;
}

void pl_homes_destroy(struct pl_homes *homes)
{
    if (homes == NULL)
        return;
    for (uint32_t k = 0; k < homes->count; k++)
        free(homes->victims[k]);
    free(homes->victims);
    pl_placement_destroy(homes->placement);
    free(homes);
}

static void bind_once(const struct pl_place *place)
{
    static _Atomic bool is_reported;
    /* Relaxed: of several threads that fail at once one reports, whichever. */
    if (pl_binding_enter(place) != 0 && !pl_exchange_relaxed(&is_reported, true))
        pl_report("loop: a thread stays unbound: %s", parallel_last_error()->message);
}

static uint32_t *neighbours_of(const struct pl_homes *homes, uint32_t k)
{
    size_t *order = malloc(homes->count * sizeof *order);
    uint32_t *victims = malloc(homes->count * sizeof *victims);
    if (order == NULL || victims == NULL) {
        free(order);
        free(victims);
        return NULL;
    }
    pl_placement_order(homes->placement, k, order);
    for (uint32_t i = 1; i < homes->count; i++) /* the nearest of all is worker k itself */
        victims[i - 1] = (uint32_t)order[i];
    free(order);
    return victims;
}

void pl_homes_move_in(struct pl_homes *homes, struct parallel_loop_shared *shared, uint32_t k)
{
    if (k != 0 && !openmp_binds)
        bind_once(pl_placement_place(homes->placement, k));
    if (homes->victims[k] == NULL)
        homes->victims[k] = neighbours_of(homes, k);
    pl_tenant = (struct pl_tenant){shared, homes->id, k, homes->victims[k]};
}
