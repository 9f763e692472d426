/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How a worker process ended, in numbers and in words. */
#ifndef LIBPARALLEL_WORKERS_PROCESS_END_H
#define LIBPARALLEL_WORKERS_PROCESS_END_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <libparallel/failure.h>

#include "libparallel/workers/crash.h"

struct pl_process_end {
    pid_t pid;
    bool is_status_known; /* false: somebody else took the status away (the program's own wait) */
    int status;           /* as wait() gives it */
    struct rusage usage;  /* zero if the status is not known */
};

/* To be called before the first worker process is started, and again is harmless: remembers how often control
 * groups have killed for memory so far. Any thread. */
void pl_process_end_prepare(void);

/* Why a process that has ended is no good any more: always PARALLEL_ECRASHED, with signal or exit status, and
 * in words that begin with `who` and the pid. `crash` is what its handler wrote, or NULL. Any thread. */
void pl_process_end_describe(const struct pl_process_end *end, const struct pl_crash *crash, int worker, const char *who,
                             parallel_failure *failure);

#endif
