/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Progress of something that is counted: a bar on stderr if that is a terminal, lines else. The counting threads draw it
 * themselves, now and then, from what they have published; there is no thread for it.
 *
 *     struct pl_progress *progress = pl_progress_begin("rows", total, now_ns);      NULL: not shown
 *     each thread:  struct pl_progress_part part = {0, 0};
 *                   pl_progress_count(progress, &part, done_since, now_ns);         after each piece of work
 *                   pl_progress_publish(progress, &part, now_ns);                   before it leaves
 *     pl_progress_end(progress, now_ns);
 *
 * Time is the caller's, who has read the clock anyway. */
#ifndef LIBPARALLEL_REPORT_PROGRESS_H
#define LIBPARALLEL_REPORT_PROGRESS_H

#include <stdint.h>

#include "libparallel/base/atomics.h"

/* A thread publishes what it has done once in so long: fifty visits a second to a line that others write cost nothing, and
 * a bar that is drawn ten times a second lacks at most a fifth of a step. */
#define PL_PROGRESS_PACE_NS UINT64_C(20000000)

struct pl_progress;

/* One thread's. */
struct pl_progress_part {
    uint64_t count; /* not published yet */
    uint64_t published_ns;
};

/* Begins to show how much of `total` (> 0) is done. `label` is copied, and cut. NULL: it is not to be shown (by the
 * settings PARALLEL_PROGRESS or PARALLEL_QUIET), or there is no memory for it. */
struct pl_progress *pl_progress_begin(const char *label, uint64_t total, uint64_t now_ns);

/* Adds what the thread has counted, and draws if it is time and nobody else does. */
void pl_progress_publish(struct pl_progress *progress, struct pl_progress_part *part, uint64_t now_ns);

static inline void pl_progress_count(struct pl_progress *progress, struct pl_progress_part *part, uint64_t count,
                                     uint64_t now_ns)
{
    part->count += count;
    if (now_ns - part->published_ns >= PL_PROGRESS_PACE_NS)
        pl_progress_publish(progress, part, now_ns);
}

/* Shows the last state, which stays, and frees it; when no thread counts any more. NULL: nothing. */
void pl_progress_end(struct pl_progress *progress, uint64_t now_ns);

#endif
