/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The line in which the ends of chains wait for each other's turn in one thread (chain.c). Whoever calls the program's own
 * code from inside the library leaves the line before and returns to it afterwards. */
#ifndef LIBPARALLEL_TASKS_CHAIN_H
#define LIBPARALLEL_TASKS_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "libparallel/tasks/observer.h"

struct pl_chain_line {
    bool is_moving;
    struct pl_observer *first, **last; /* only while it moves */
};

extern _Thread_local struct pl_chain_line pl_chain_line __attribute__((tls_model("initial-exec")));

static inline struct pl_chain_line pl_chain_line_leave(void)
{
    struct pl_chain_line line = pl_chain_line;
    pl_chain_line.is_moving = false;
    return line;
}

static inline void pl_chain_line_return(struct pl_chain_line line)
{
    pl_chain_line = line; /* `last` may point to pl_chain_line.first, never to a copy's */
}

#endif
