/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A run of a named loop as its participants see it, and one thread's part in it. named_run.c makes the run, in its owner's
 * frame, and takes part itself; helpers come from the executor's board.
 *
 *     each participant:  scope -> claim -> range(first, last) -> claim -> ... -> nothing left */
#ifndef LIBPARALLEL_TASKS_NAMED_PART_H
#define LIBPARALLEL_TASKS_NAMED_PART_H

#include <stddef.h>

#include <libparallel/named_loop.h>

#include "libparallel/base/lock.h"
#include "libparallel/executors/board.h"
#include "libparallel/executors/scope.h"
#include "libparallel/report/progress.h"
#include "libparallel/tasks/claiming.h"

enum {
    PL_NAMED_IS_TIMED = 1 << 0, /* each participant sizes its claims by their time; the owner remembers the cost */
    PL_NAMED_IS_FIXED = 1 << 1, /* .grain was given: one unit a claim */
    PL_NAMED_IS_SHORT = 1 << 2, /* claimed in whole shares; helpers take theirs and look nowhere else */
    PL_NAMED_IS_SHOWN = 1 << 3, /* there is a display of its progress; the run is timed */
};

/* Whose slot of the claims it is. */
struct pl_named_seat {
    _Alignas(PL_CLAIM_SLOT_SIZE) _Atomic uint32_t ticket; /* the post's sequence; else free */
};

/* One run, in its owner's frame. What helpers read in every loop fills the first two lines. */
struct pl_named_run {
    _Alignas(2 * PL_CACHE_LINE) struct pl_joint_work work;
    const parallel_loop_call *call; /* and arguments of the loop's functions */
    struct pl_claims claims; /* slots NULL: the owner alone */
    uint32_t flags;
    uint32_t grain_shift;
    _Atomic uint64_t stop; /* lowest offset at which an iteration stopped; UINT64_MAX: none; hardly ever written */
    uint64_t count;
    uint64_t unit;
    uint64_t begin;
    const parallel_named_loop *loop;
    const struct pl_scope *outer; /* the owner's; asked whether the loop is cancelled */
    struct pl_named_seat *seats;
    struct pl_post *post;
    uint32_t ticket;
    _Atomic uint32_t is_cancelled;
    struct pl_progress *progress; /* with PL_NAMED_IS_SHOWN */
    struct parallel_executor *executor; /* NULL: none */
    const parallel_loop_options *options;
    unsigned char *records; /* of the units, where the loop accumulates */
    struct pl_lock failure_lock; /* guards the two below */
    uint64_t failed_at;
    const parallel_error *failure; /* of the lowest failing iteration so far; freed with the run */
};

_Static_assert(offsetof(struct pl_named_run, is_cancelled) + sizeof(uint32_t) == 2 * PL_CACHE_LINE,
               "what helpers read in every loop fills two lines");

/* One thread's part of a run, in its frame. */
struct pl_named_part {
    struct pl_iteration_scope iteration; /* first: found by the scope's address */
    struct pl_named_run *run;
    const struct pl_frame *frame; /* the thread's at the beginning */
    uint32_t slot;
    uint32_t grain;
    uint32_t cursor; /* the owner alone: the first unit that is left */
    uint64_t first;  /* offset of the claim that runs */
    uint64_t timed_iterations;
    uint64_t timed_ns; /* what they took; 0: not timed */
    struct pl_progress_part counted;
};

/* Takes part in the run until nothing is left to claim. The caller has filled slot, cursor and what is counted. */
void pl_named_part_take(struct pl_named_run *run, struct pl_named_part *part);

/* The same for a helper: what a post's work is. */
void pl_named_part_help(struct pl_joint_work *work, uint32_t worker);

/* The part that the calling thread takes in the innermost loop that it is in; NULL: it is in none. */
const struct pl_named_part *pl_named_part_innermost(void);

#endif
