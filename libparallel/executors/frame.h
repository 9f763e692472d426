/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the calling thread is inside of: the executors whose tasks it runs, innermost first, and callbacks. Everybody who
 * must not wait, or must not wait for a certain executor, asks here. */
#ifndef LIBPARALLEL_EXECUTORS_FRAME_H
#define LIBPARALLEL_EXECUTORS_FRAME_H

#include <stdbool.h>
#include <stddef.h>

struct parallel_executor;

/* On the stack of whoever runs tasks: one for a worker's whole life, one for each task of a serial executor. */
struct pl_frame {
    struct parallel_executor *executor;
    int worker; /* index of the worker; -1 without one */
    void *self; /* the worker, as its executor knows it; NULL without one */
    int callback_depth; /* around it */
    struct pl_frame *outer;
};

/* initial-exec: a read is one instruction; the few bytes fit the space that the loader keeps for late libraries. */
extern _Thread_local struct pl_frame *pl_frame_innermost __attribute__((tls_model("initial-exec")));
extern _Thread_local int pl_callback_depth __attribute__((tls_model("initial-exec")));

static inline void pl_frame_enter(struct pl_frame *frame, struct parallel_executor *executor, int worker,
                                  void *self)
{
    frame->executor = executor;
    frame->worker = worker;
    frame->self = self;
    frame->outer = pl_frame_innermost;
    frame->callback_depth = pl_callback_depth;
    pl_frame_innermost = frame;
    pl_callback_depth = 0; /* a task may wait, also one that a callback submitted to a serial executor */
}

static inline void pl_frame_leave(struct pl_frame *frame)
{
    pl_frame_innermost = frame->outer;
    pl_callback_depth = frame->callback_depth;
}

/* True if the calling thread runs a task of this executor, however deep below others. */
static inline bool pl_frame_is_inside(const struct parallel_executor *executor)
{
    for (const struct pl_frame *frame = pl_frame_innermost; frame != NULL; frame = frame->outer)
        if (frame->executor == executor)
            return true;
    return false;
}

#endif
