/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the two sides of a loop in forked children know of each other: forked_loop.c is the program's, forked_loop_child.c
 * the child's. They share pl_forked_head and a pl_forked_loop_child for each place, in one anonymous mapping; the rest is
 * the program's, and a child has a copy of it. */
#ifndef LIBPARALLEL_TASKS_FORKED_LOOP_STATE_H
#define LIBPARALLEL_TASKS_FORKED_LOOP_STATE_H

#include <stdbool.h>

#include "libparallel/executors/executor.h"
#include "libparallel/executors/scope.h"
#include "libparallel/machine/place.h"
#include "libparallel/report/progress.h"
#include "libparallel/tasks/claiming.h"
#include "libparallel/tasks/loop.h"
#include "libparallel/workers/forked_children.h"

struct pl_forked_head {
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t stop; /* as parallel_loop_shared.stop, by all */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t next; /* first unit that nobody has claimed, by whoever claims */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t is_cancelled; /* the task that the loop is in; by the program */
};

/* Written by the child of a place, and by the program before it forks it. */
struct pl_forked_loop_child {
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t claim; /* | first 32 | last 32 |: held, or about to be; 0: nothing is */
    _Atomic uint64_t since_ns; /* when it began with that, or with nothing */
    _Atomic uint64_t done;     /* iterations */
    _Atomic uint32_t is_done;  /* it ends because nothing is left for it */
    _Atomic uint32_t failure;  /* 1 + the index of the valid one of: */
    uint64_t failed_at[2];
    parallel_error failures[2];
    int initializer_code;
    struct pl_crash crash;
};

/* What the program remembers of a place. */
struct pl_forked_place {
    struct pl_place home;
    uint64_t counted;     /* of child.done */
    bool is_used;         /* it has had a child */
    bool is_taken;        /* it has one, or one that came to grief, and gets no other */
    bool is_broken;       /* the latter */
    bool is_late;         /* its time was up */
    struct pl_claim held; /* at the end of its broken child, within bounds; empty: nothing */
};

struct pl_forked_loop {
    parallel_loop *loop;
    struct pl_forked_head *head; /* shared; `count` children follow */
    struct pl_forked_loop_child *shared;
    size_t shared_size;
    unsigned char *records; /* shared */
    size_t records_size;
    struct pl_forked_children *children;
    struct pl_child_terms terms;
    struct pl_forked_loop_child *self; /* in a child: its own; in the program NULL */
    bool has_claimed;   /* in a child with one piece: it has got it */
    bool is_counted;    /* .progress */
    uint32_t count;
    uint32_t piece; /* units for each child; 0: a child claims again and again */
    uint32_t due_first;
    uint32_t due_last;
    int cancel_state; /* of the thread, before */
    void (*limit_openmp)(int levels); /* NULL: there is no OpenMP runtime */
    struct pl_progress_part progress;
    struct pl_forked_place places[];
};

static inline struct pl_forked_loop *pl_forked_of(const parallel_loop *loop)
{
    return loop->forked;
}

static inline uint64_t pl_forked_offset_of_unit(const parallel_loop *loop, uint32_t unit)
{
    return pl_loop_offset(loop, loop->shared.base + unit * loop->shared.unit);
}

static inline uint64_t pl_forked_pack(struct pl_claim claim)
{
    return (uint64_t)claim.first << 32 | claim.last;
}

/* In a child that has just been forked: makes it one. */
void pl_forked_loop_begin_child(struct pl_forked_loop *forked);

#endif
