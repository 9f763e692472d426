/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reading what workers count. Counters lie with the workers' deques, which live until the executor is destroyed. */
#include <libparallel/statistics.h>

#include "libparallel/base/error.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/registry.h"
#include "libparallel/executors/victims.h"

static void add(const struct pl_counters *counters, parallel_statistics *sum)
{
    /* Relaxed: numbers that say nothing of other memory. */
    sum->steals += pl_load_relaxed(&counters->steals);
    sum->failed_steals += pl_load_relaxed(&counters->failed_steals);
    sum->wakes += pl_load_relaxed(&counters->wakes);
    sum->transfers += pl_load_relaxed(&counters->transfers);
}

int pl_victims_count(struct pl_victims *victims, int worker, parallel_statistics *sum)
{
    uint32_t count = pl_load_acquire(&victims->count);
    struct pl_deque *deque = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (worker != PARALLEL_ALL_WORKERS && i != (uint32_t)worker)
            continue;
        deque = pl_victims_find(victims, i + 1); /* NULL: its worker has not been born */
        if (deque != NULL)
            add(&deque->counters, sum);
    }
    if (worker != PARALLEL_ALL_WORKERS && deque == NULL)
        return pl_error_set(PARALLEL_ERANGE, 0, "parallel_statistics_read: there has been no worker %d", worker);
    return 0;
}

int parallel_statistics_read(parallel_executor *executor, int worker, parallel_statistics *out)
{
    parallel_statistics sum = {0, 0, 0, 0};
    if (out == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_statistics_read: out is NULL");
    int code = pl_executor_borrow(executor, "parallel_statistics_read");
    if (code != 0)
        return code;
    if (executor->kind->count == NULL)
        code = pl_error_set(PARALLEL_EMISUSE, 0, "parallel_statistics_read: a %s executor does not count",
                            executor->kind->name);
    else
        code = executor->kind->count(executor, worker, &sum);
    pl_registry_give_back(executor);
    if (code == 0)
        *out = sum;
    return code;
}
