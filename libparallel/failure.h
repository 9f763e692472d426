/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Why a call has not become done: the whole story, also of a worker process that died. error.h has the codes. */
#ifndef LIBPARALLEL_FAILURE_H
#define LIBPARALLEL_FAILURE_H

#include <stdbool.h>

#include <libparallel/compiler.h>
#include <libparallel/error.h>

PARALLEL_BEGIN_C

typedef struct parallel_failure {
    int code;         /* PARALLEL_E..., or what the task gave to parallel_fail(); 0 if the future is done */
    int system_errno; /* 0 if none */
    int signal;       /* the signal that ended the worker process; 0 if none */
    int exit_status;  /* of a worker process that ended by itself; -1 if it did not */
    int worker;       /* index of the worker; -1 if none took the call */
    int pid;          /* of the worker process that died; 0 if none did */
    bool has_dumped_core; /* that process has left a core file */
    char message[PARALLEL_MESSAGE_SIZE];
} parallel_failure;

PARALLEL_END_C

#endif
