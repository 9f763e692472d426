/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The number of threads decides: a fork copies one of them, and whatever lock another one held is held for ever in the
 * copy. */
#include "libparallel/executors/start_method.h"

#include <stdio.h>
#include <string.h>

#include "libparallel/base/error.h"
#include "libparallel/workers/second_run.h"
#include "libparallel/workers/thread_count.h"

static const char *const names[] = {"auto", "zygote", "spawn", "fork"};
enum { NAME_COUNT = sizeof names / sizeof names[0] };

const char *pl_start_name(enum parallel_start_method method)
{
    return (unsigned)method < NAME_COUNT ? names[method] : "unknown";
}

bool pl_start_method_of_name(const char *name, enum parallel_start_method *method)
{
    for (int i = 0; i < NAME_COUNT; i++) {
        if (strcmp(names[i], name) == 0) {
            *method = (enum parallel_start_method)i;
            return true;
        }
    }
    return false;
}

bool pl_start_agrees(enum parallel_start_method wanted, enum parallel_start_method method)
{
    return wanted == PARALLEL_START_AUTO || wanted == method ||
           (wanted == PARALLEL_START_FORK && method == PARALLEL_START_ZYGOTE);
}

int pl_start_choose(enum parallel_start_method wanted, struct pl_start *start)
{
    if ((unsigned)wanted >= NAME_COUNT)
        return pl_error_set(PARALLEL_EINVALID, 0, "%d is no start method", (int)wanted);
    int threads = pl_thread_count();
    bool is_zygote = wanted == PARALLEL_START_AUTO ? threads == 1 : wanted != PARALLEL_START_SPAWN;
    start->method = is_zygote ? PARALLEL_START_ZYGOTE : PARALLEL_START_SPAWN;
    if (is_zygote && threads > 1)
        return pl_error_set(PARALLEL_EMISUSE, 0,
                            "start=%s: a program is forked while it has one thread, and this one has %d (use start=spawn, or "
                            "open a processes executor before threads are started)", pl_start_name(wanted), threads);
    if (!is_zygote) {
        int code = pl_second_run_check();
        if (code != 0 && wanted == PARALLEL_START_AUTO) {
            const parallel_error cause = *parallel_last_error();
            code = pl_error_set(cause.code, 0, "the program has %d threads, so it cannot be forked, and %s", threads,
                                cause.message);
        }
        if (code != 0)
            return code;
    }
    if (wanted != PARALLEL_START_AUTO)
        snprintf(start->reason, sizeof start->reason, "start=%s was asked for", pl_start_name(wanted));
    else if (is_zygote)
        snprintf(start->reason, sizeof start->reason, "the program had one thread when the workers' zygote was forked");
    else
        snprintf(start->reason, sizeof start->reason, "the program had %d threads, and a fork copies but one", threads);
    return 0;
}
