/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Words for the death of a worker: for the call that it was making, and for its executor if it never began to work. Whoever
 * collects calls these when the death is proven, so all that the worker and the zygote have written stands. */
#include "libparallel/executors/processes.h"

#include <stdio.h>

#include <libparallel/function.h>

#include "libparallel/base/error.h"
#include "libparallel/workers/process_end.h"

/* Of a function's name in a message, so that there is room for what has happened to it. */
enum { FUNCTION_SHOWN = 64, WHO_SIZE = 128 };

/* With output: a map puts "call 23 of parse: " before it. */
enum { MESSAGE_LIMIT = PARALLEL_MESSAGE_SIZE - 24 };

/* `who`: what the words begin with, before the pid. */
static void describe_end(const struct pl_processes *processes, uint32_t index, const char *who, parallel_failure *failure)
{
    const struct pl_seat *seat = processes->seats[index];
    /* Relaxed: the end of the worker was published with ENDED. */
    const struct pl_process_end end = {.pid = pl_load_relaxed(&seat->pid), .is_status_known = true, .status = seat->status};
    pl_process_end_describe(&end, &seat->crash, (int)index, who, failure);
    if (seat->has_lost_parent)
        snprintf(failure->message, sizeof failure->message, "%s %d was lost with the zygote, which was killed", who,
                 failure->pid);
}

void pl_processes_describe_death(struct pl_processes *processes, uint32_t index, const parallel_function *function,
                                 enum pl_stop_reason reason, parallel_failure *failure)
{
    char who[WHO_SIZE];
    const char *name = processes->seats[index]->name;
    snprintf(who, sizeof who, "%.*s: worker %s, process", FUNCTION_SHOWN, function->name, name);
    describe_end(processes, index, who, failure);
    switch (reason) {
    case PL_STOP_TIMEOUT:
        failure->code = PARALLEL_ETIMELIMIT;
        snprintf(failure->message, sizeof failure->message,
                 "%s: ran longer than timeout=%g; worker %s (pid %d) was killed", function->name,
                 (double)processes->timeout_ns * 1e-9, name, failure->pid);
        break;
    case PL_STOP_KILL:
        snprintf(failure->message, sizeof failure->message, "%s: killed on request, with worker %s (pid %d)",
                 function->name, name, failure->pid);
        break;
    case PL_STOP_NONE:
        break;
    }
    pl_processes_show_output(processes, index, failure->message, MESSAGE_LIMIT);
}

bool pl_processes_account_death(const struct pl_processes *processes, uint32_t index, parallel_resources *resources)
{
    const struct pl_seat *seat = processes->seats[index];
    if (!processes->crew->is_accounted || seat->has_lost_parent)
        return false;
    struct pl_usage usage = seat->usage;
    pl_usage_since(&seat->usage_before, &usage);
    pl_usage_tell(&usage, (int)index, seat->place.name, resources);
    return true;
}

void pl_processes_describe_birth(struct pl_processes *processes, uint32_t index, parallel_error *error)
{
    parallel_failure failure;
    char who[WHO_SIZE];
    snprintf(who, sizeof who, "the initializer of worker %s: process", processes->seats[index]->name);
    describe_end(processes, index, who, &failure);
    pl_processes_show_output(processes, index, failure.message, MESSAGE_LIMIT);
    pl_error_fill(error, PARALLEL_EINITIALIZER, 0, "%s", failure.message);
}
