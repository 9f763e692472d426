/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where the workers of the processes executors come from: the choice, and its reason in words. How it is done is a matter of
 * workers/zygote.h and workers/second_run.h. */
#ifndef LIBPARALLEL_EXECUTORS_START_METHOD_H
#define LIBPARALLEL_EXECUTORS_START_METHOD_H

#include <stdbool.h>

#include <libparallel/executor.h>

struct pl_start {
    enum parallel_start_method method; /* PARALLEL_START_ZYGOTE or PARALLEL_START_SPAWN */
    char reason[PARALLEL_START_REASON_SIZE];
};

/* Chooses for this program as it is now. PARALLEL_EMISUSE: it cannot start workers by that method; PARALLEL_EINVALID: there
 * is no such method. */
int pl_start_choose(enum parallel_start_method wanted, struct pl_start *start);

/* Whether workers that were started by `method` will do for who wants `wanted`. */
bool pl_start_agrees(enum parallel_start_method wanted, enum parallel_start_method method);

/* "auto", "zygote", "spawn", "fork". */
const char *pl_start_name(enum parallel_start_method method);
bool pl_start_method_of_name(const char *name, enum parallel_start_method *method);

#endif
