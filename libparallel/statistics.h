/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the workers of an executor have done besides the program's work: how often they have taken work from one another, looked
 * for it in vain, and woken somebody. Each worker counts in memory of its own, always; a spawn, a sync and a claim of a
 * worker's own cost nothing more. */
#ifndef LIBPARALLEL_STATISTICS_H
#define LIBPARALLEL_STATISTICS_H

#include <stdint.h>

#include <libparallel/compiler.h>
#include <libparallel/executor.h>

PARALLEL_BEGIN_C

typedef struct parallel_statistics {
    uint64_t steals;        /* spawned calls, and parts of named loops, that the worker took from another one */
    uint64_t failed_steals; /* looks at another worker's calls or iterations that found none to take; an idle worker
                               that has not fallen asleep looks all the time */
    uint64_t wakes;         /* workers that it called: from sleep, or to life */
    uint64_t transfers;     /* cache lines that it is known to have fetched from another worker: of what it stole or got back,
                               asked for, or took part in; what it only looked at is not counted */
} parallel_statistics;

/* All workers, and the threads outside that called some. */
#define PARALLEL_ALL_WORKERS (-1)

/* What worker `worker` (parallel_worker_index()) of a threads executor has done since it was born, or the sum of all. The
 * workers go on meanwhile, so the numbers of several are not of one moment; those of work that is over are complete. Any thread.
 * PARALLEL_EINVALID: not an open executor, or out is NULL. PARALLEL_ERANGE: no such worker has lived yet; from 2048 on they are
 * not counted. PARALLEL_EMISUSE: not a threads executor. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_statistics_read(parallel_executor *executor, int worker,
                                                              parallel_statistics *out);

PARALLEL_END_C

#endif
