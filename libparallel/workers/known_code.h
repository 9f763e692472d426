/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a process had loaded at a certain moment, to be asked later whether a function or constant was there then: a
 * zygote's workers have what was loaded when the zygote was forked, and not what came by dlopen() since. */
#ifndef LIBPARALLEL_WORKERS_KNOWN_CODE_H
#define LIBPARALLEL_WORKERS_KNOWN_CODE_H

#include <stdbool.h>

struct pl_known_code;

/* What is loaded now. NULL: no memory. */
struct pl_known_code *pl_known_code_create(void);
void pl_known_code_destroy(struct pl_known_code *known);

/* Whether the address lies in it. Any thread. */
bool pl_known_code_contains(const struct pl_known_code *known, const void *address);

#endif
