/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a call that ran in a worker process has used, as the kernel counted it. */
#ifndef LIBPARALLEL_RESOURCES_H
#define LIBPARALLEL_RESOURCES_H

#include <stdint.h>

#include <libparallel/compiler.h>

PARALLEL_BEGIN_C

typedef struct parallel_resources {
    uint64_t user_ns;          /* CPU time in the program's code */
    uint64_t system_ns;        /* CPU time in the kernel on its behalf */
    uint64_t peak_bytes;       /* largest resident memory of the process, what it shares with others included */
    uint64_t minor_faults;     /* pages that needed no disk: first touches, copies after a fork */
    uint64_t major_faults;     /* pages that were read from disk */
} parallel_resources;

PARALLEL_END_C

#endif
