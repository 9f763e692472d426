/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The line: tasks of a processes executor that have no slot yet, in order. Who enters does so by a door of its own and waits
 * for nobody who puts tasks into slots, which takes a hundred times as long:
 *
 *     submitters --> new ones (under `door`) --> first ones (under the executor's lock) --> slots
 *
 * A list with two ends, not the stack that pl_task_queue is: thousands wait here, and to turn them round would fetch each one's
 * line once more. */
#ifndef LIBPARALLEL_EXECUTORS_PROCESS_LINE_H
#define LIBPARALLEL_EXECUTORS_PROCESS_LINE_H

#include "libparallel/base/lock.h"
#include "libparallel/executors/task.h"

struct pl_line {
    _Alignas(2 * PL_CACHE_LINE) struct pl_lock door; /* for a few instructions; the executor's lock may be held */
    bool is_closed;
    struct pl_task *first_new, *last_new; /* NULL, both: none */
    _Atomic uint32_t entered; /* so many ever have */
    /* Under the executor's lock. */
    _Alignas(2 * PL_CACHE_LINE) struct pl_task *first;
    _Atomic uint32_t left; /* so many ever have */
};

/* By anybody. Sure to have seen who entered before a fence that came before. */
static inline uint32_t pl_line_length(const struct pl_line *line)
{
    uint32_t left = pl_load_relaxed(&line->left); /* first: it never overtakes `entered`; relaxed: a count */
    return pl_load_relaxed(&line->entered) - left;
}

/* For a task that nobody but the caller knows yet. False: the line is closed. Ends with a read-modify-write. */
static inline bool pl_line_enter(struct pl_line *line, struct pl_task *task)
{
    task->next = NULL;
    pl_store_relaxed(&task->state.word, pl_load_relaxed(&task->state.word) | PL_TASK_IN_LINE); /* relaxed: published below */
    pl_lock_acquire(&line->door);
    bool is_open = !line->is_closed;
    if (is_open) {
        if (line->last_new != NULL)
            line->last_new->next = task;
        else
            line->first_new = task;
        line->last_new = task;
        pl_store_relaxed(&line->entered, pl_load_relaxed(&line->entered) + 1); /* relaxed, both: under the lock */
    }
    pl_lock_release(&line->door);
    return is_open;
}

/* Lets nobody in any more. */
static inline void pl_line_close(struct pl_line *line)
{
    pl_lock_acquire(&line->door);
    line->is_closed = true;
    pl_lock_release(&line->door);
}

/* The first task; NULL: there is none. Under the executor's lock. */
static inline struct pl_task *pl_line_leave(struct pl_line *line)
{
    if (line->first == NULL) {
        if (pl_line_length(line) == 0)
            return NULL;
        pl_lock_acquire(&line->door);
        line->first = line->first_new;
        line->first_new = line->last_new = NULL;
        pl_lock_release(&line->door);
    }
    struct pl_task *task = line->first;
    line->first = task->next;
    pl_store_relaxed(&line->left, pl_load_relaxed(&line->left) + 1); /* relaxed, both: under the executor's lock */
    task->next = NULL;
    return task;
}

#endif
