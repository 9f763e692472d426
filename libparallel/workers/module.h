/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A module: the program's file or a shared library, as two runs of a program compare what they have loaded. A plain value
 * that can lie in shared memory.
 *
 * Two modules are the same one if the loader has them under one name and they have one fingerprint: the layout of their
 * segments, and their notes, among which is the build identifier. A file that was compiled anew between two runs has
 * another one. */
#ifndef LIBPARALLEL_WORKERS_MODULE_H
#define LIBPARALLEL_WORKERS_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PL_MODULE_NAME_SIZE = 1024, /* of a longer one nobody says that it is the same */
    PL_MODULE_TROUBLE_SIZE = 256,
};

struct pl_module {
    uint64_t base; /* what is added to the addresses of its file */
    uint64_t fingerprint;
    uint64_t base_there; /* in the other run */
    bool is_there;
    char trouble[PL_MODULE_TROUBLE_SIZE]; /* why not: the end of a sentence */
    char name[PL_MODULE_NAME_SIZE];       /* empty: the program's file */
};

/* What is loaded now, at most `capacity` of it. Returns how much there is. */
size_t pl_modules_list(struct pl_module *modules, size_t capacity);

/* In the other run: fills base_there and is_there, or trouble, of what the first run has, and loads what is not there yet
 * and has a path. Where nothing can be loaded, as in a static program, that is the trouble. */
void pl_modules_match(struct pl_module *modules, size_t count);

#endif
