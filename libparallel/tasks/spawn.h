/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a task does with the deque of the worker that runs it: its scope goes there at the start, for the calls that it
 * will spawn, and at the end each spawn must have had its sync. */
#ifndef LIBPARALLEL_TASKS_SPAWN_H
#define LIBPARALLEL_TASKS_SPAWN_H

#include <libparallel/deque.h>

#include "libparallel/executors/scope.h"

struct pl_spawn_frame {
    struct parallel_deque *deque; /* NULL off a worker */
    const void *outer_scope;
    uint64_t top;
};

static inline void pl_spawn_frame_enter(struct pl_spawn_frame *frame, const struct pl_scope *scope)
{
    frame->deque = parallel_deque_current;
    if (frame->deque == NULL)
        return;
    frame->outer_scope = frame->deque->scope;
    frame->top = frame->deque->top;
    frame->deque->scope = scope;
}

static inline void pl_spawn_frame_leave(struct pl_spawn_frame *frame, const char *function)
{
    if (frame->deque == NULL)
        return;
    frame->deque->scope = frame->outer_scope;
    if (frame->deque->top != frame->top)
        parallel_spawn_misuse(function);
}

#endif
