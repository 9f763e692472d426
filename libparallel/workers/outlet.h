/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where a worker process writes: stdout and stderr of its own, connected with a channel of the relay (relay.h) or with a
 * file (capture.h) that the program has opened.
 *
 * A forked process has the program's descriptors. A worker of the zygote has not, since the zygote is older than they
 * are: it opens them through the program's folder in /proc, and sees by their inodes that they are the right ones. */
#ifndef LIBPARALLEL_WORKERS_OUTLET_H
#define LIBPARALLEL_WORKERS_OUTLET_H

#include <stdbool.h>
#include <stdint.h>

/* In shared memory; constant while a worker lives. */
struct pl_outlet {
    bool is_open;   /* false: the worker writes where the program does */
    bool is_relayed; /* a channel, which is to be greeted; else a file */
    int32_t program;
    int32_t ends[2]; /* stdout and stderr; the program's numbers */
    uint64_t inodes[2];
};

/* Describes two descriptors of this process. PARALLEL_ESYSTEM. */
int pl_outlet_describe(struct pl_outlet *outlet, const int ends[2], bool is_relayed);

/* In a process that has these descriptors: from now on stdout and stderr are theirs, and stdout is written line by line,
 * so that a crash loses no line. */
void pl_outlet_enter(const int ends[2], bool is_relayed);

/* The same in any other process of this user. `kept` receives a descriptor of the first end, which the caller owns.
 * PARALLEL_ESYSTEM: nothing has changed. */
int pl_outlet_enter_of_program(const struct pl_outlet *outlet, int *kept);

#endif
