/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a process had loaded at a certain moment, to be asked later whether a function or constant was there then, and where
 * the workers have it: those of a forked zygote at the same address, and nothing that came by dlopen() since; those of a
 * second run (second_run.h) at the same distance from the beginning of the same module. So a function is known by module
 * and place in it, which is one and the same thing for two runs of one file, and two functions with one name stay two. */
#ifndef LIBPARALLEL_WORKERS_KNOWN_CODE_H
#define LIBPARALLEL_WORKERS_KNOWN_CODE_H

#include <stdbool.h>

#include "libparallel/workers/module.h"

struct pl_known_code;

/* What is loaded now, and where it is here. NULL: no memory. */
struct pl_known_code *pl_known_code_create(void);
void pl_known_code_destroy(struct pl_known_code *known);

/* From now on the workers have it where `modules` say. PARALLEL_ENOMEMORY: nothing has changed. */
int pl_known_code_move(struct pl_known_code *known, const struct pl_module *modules, size_t count);

/* Where the workers have what is at the address here; NULL: they do not have it. Any thread. */
const void *pl_known_code_there(const struct pl_known_code *known, const void *address);

/* Why they do not, as the end of a sentence: "... was loaded after ...". */
const char *pl_known_code_trouble(const struct pl_known_code *known, const void *address);

#endif
