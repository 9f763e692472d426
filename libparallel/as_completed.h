/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The state of a PARALLEL_AS_COMPLETED loop, and the functions that the macro calls. */
#ifndef LIBPARALLEL_AS_COMPLETED_H
#define LIBPARALLEL_AS_COMPLETED_H

#include <libparallel/wait.h>

PARALLEL_BEGIN_C

/* What can stand behind the list: `.deadline_ns = d, .status = &s, .index = &i`. */
struct parallel_as_completed_options {
    uint64_t deadline_ns; /* PARALLEL_NEVER */
    int *status;          /* receives 0, or the error that ended the loop; without it an error ends the program */
    size_t *index;        /* receives the position in the list of the future at hand */
};

struct parallel_as_completed {
    struct parallel_as_completed_options options;
    parallel_completion_set *set;
    parallel_future *const *futures;
    size_t count;
    const char *place; /* file:line of the loop */
    int has_begun;
};

PARALLEL_API PARALLEL_MUST_CHECK struct parallel_as_completed parallel_as_completed_init(
    parallel_future *const *futures, size_t count, const char *place);

/* True once: the loop may run. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_as_completed_begin(struct parallel_as_completed *loop);

/* The next future that has ended, borrowed; NULL at the end. */
PARALLEL_API PARALLEL_MUST_CHECK parallel_future *parallel_as_completed_next(struct parallel_as_completed *loop);

/* Called on every way out of the loop. */
PARALLEL_API void parallel_as_completed_close(struct parallel_as_completed *loop);

PARALLEL_END_C

#endif
