/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A second run of the program's file, which becomes the zygote: for a program that has threads, and so cannot be forked.
 *
 *     program --vfork, exec--> second run: constructors, and in place of main --fork--> zygote --fork--> worker, ...
 *        |                        | the segment at its address;                            |
 *        |                        | what is loaded, compared with the program's            |
 *        +<---- one message ------+------------------------ "in charge" -------------------+
 *
 * The second run learns what it is from an environment variable, which its library takes away before any code of the
 * program runs; it is valid for a child of the named process only. The rest is in a record in shared memory, which is
 * inherited by descriptor. From the fork of the zygote on all is as with a forked one (zygote.h); only addresses of code
 * differ, and are translated by the program (known_code.h).
 *
 * It is a run of the same file by the path of /proc/self/exe; if the path names another file by now, by a descriptor of
 * the file. docs/protocols/start-methods.md. */
#ifndef LIBPARALLEL_WORKERS_SECOND_RUN_H
#define LIBPARALLEL_WORKERS_SECOND_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libparallel/base/error.h"
#include "libparallel/workers/known_code.h"
#include "libparallel/workers/zygote.h"

/* In shared memory, from the start of a second run until its message has come. */
struct pl_second_run_record {
    uint64_t record_bytes; /* of this struct and of a module: another library would have others */
    uint64_t module_bytes;
    struct pl_zygote_board *board;
    uint64_t module_count;
    struct pl_module modules[];
};

/* What the second run inherits by number. */
struct pl_second_run_files {
    int space;    /* the shared memory */
    int program;  /* a pidfd */
    int lifeline; /* the reading end */
    int message;  /* the writing end: one parallel_error, of code 0 by the zygote */
};

#define PL_SECOND_RUN_VARIABLE "PARALLEL_SECOND_RUN"

/* The program's side: starts it and waits for its message; then `known` says where it has things, and a zygote is about to be
 * in charge. PARALLEL_EMISUSE: this program cannot be run a second time, and the message says why; PARALLEL_EWORKER: it did not
 * become a zygote; PARALLEL_ESYSTEM, PARALLEL_ENOMEMORY. */
int pl_second_run_start(struct pl_zygote_board *board, int program, int lifeline, struct pl_known_code *known);

/* Whether the program could be run a second time. PARALLEL_EMISUSE: no, and why. */
int pl_second_run_check(void);

/* In a second run, in place of main. Returns in any other. */
void pl_second_run_take_over(void);

#endif
