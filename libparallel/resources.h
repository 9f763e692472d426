/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a call has used, as the kernel counts it: of its process on fork, else of the thread that made it. What it waited for
 * and ran meanwhile is in it. */
#ifndef LIBPARALLEL_RESOURCES_H
#define LIBPARALLEL_RESOURCES_H

#include <stdint.h>

#include <libparallel/compiler.h>

PARALLEL_BEGIN_C

#define PARALLEL_PLACE_SIZE 64

typedef struct parallel_resources {
    uint64_t user_ns;          /* CPU time in the program's code */
    uint64_t system_ns;        /* CPU time in the kernel on its behalf */
    uint64_t peak_bytes;       /* largest resident memory of the process, what it shares with others included */
    uint64_t minor_faults;     /* pages that needed no disk: first touches, copies after a fork */
    uint64_t major_faults;     /* pages that were read from disk */
    int worker;                /* index of the worker that made it; -1: it had none (serial) */
    char place[PARALLEL_PLACE_SIZE]; /* where that worker runs, such as "core 3 (PU 6)"; empty: it had none */
} parallel_resources;

PARALLEL_END_C

#endif
