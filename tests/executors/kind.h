/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the conformance suite knows of the kind of executor under test. A kind is a file of a few lines that defines
 * `kind`; together with suite.c and the rows it makes one program. Rows ask for traits and never for the name. */
#ifndef TESTS_EXECUTORS_KIND_H
#define TESTS_EXECUTORS_KIND_H

#include <stddef.h>

enum kind_trait {
    HAS_WORKERS = 1 << 0,         /* workers of its own, as many as asked for; a submission does not wait for the call */
    KEEPS_WORKERS = 1 << 1,       /* a worker lives on after its call and takes the next one */
    WORKERS_ARE_THREADS = 1 << 2, /* of this process */
    SHARES_MEMORY = 1 << 3,       /* a call sees and changes the memory of its caller */
    RUNS_AT_SUBMISSION = 1 << 4,  /* in the caller, before the submission returns */
    HAS_PLACES = 1 << 5,          /* places=POLICY says where its workers run */
    HAS_QUEUE_LIMIT = 1 << 6,     /* queue=N and full= are understood */
    HAS_IDLE_TIMEOUT = 1 << 7,    /* idle=SECONDS is understood */
    HAS_INITIALIZER = 1 << 8,
    CAN_RESIZE = 1 << 9,
    CALLS_ARE_PROCESSES = 1 << 10, /* each call starts one: milliseconds, under a sanitizer tens */
};

struct executor_kind {
    const char *name; /* as a specification begins */
    unsigned traits;  /* or-ed */
    const char *options; /* that are always said too, or NULL */
};

extern const struct executor_kind kind;

#endif
