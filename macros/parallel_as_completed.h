/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PARALLEL_AS_COMPLETED(f, futures, count [, .option = value]...) body: runs the body once for each future of the list as
 * they end, those that have ended already first; `f` is the future at hand, borrowed. A future that is listed twice
 * comes once. break, return and goto out of the body are fine. Serial equivalent:
 *
 *     for (size_t i = 0; i < count; i++) {
 *         parallel_future *f = futures[i];
 *         (void)parallel_future_wait(f, PARALLEL_NEVER);
 *         body
 *     }
 *
 * Options: .deadline_ns (of the whole loop), .status = &code (0, PARALLEL_ETIMEDOUT, ...; without it an error ends the
 * program with one line), .index = &i (the position in the list).
 *
 *     for (struct parallel_as_completed L CLEANUP = init(futures, count); L.options .deadline_ns = d, begin(&L);)
 *         for (parallel_future *f; (f = next(&L)) != NULL;)
 *             body */
#ifndef PARALLEL_AS_COMPLETED_H
#define PARALLEL_AS_COMPLETED_H

#include <libparallel/as_completed.h>

#include "parallel_preprocessor.h"

#define PARALLEL_AS_COMPLETED(f, futures, ...)                                                                \
    PARALLEL_PP_AS_COMPLETED(PARALLEL_PP_CAT(parallel_as_completed_, __COUNTER__), f, futures, __VA_ARGS__)

#define PARALLEL_PP_ASSIGN(c, k, option) c.options option,

/* The count is the head of the list of options (parallel_preprocessor.h). */
#define PARALLEL_PP_AS_COMPLETED(L, f, list, ...)                                                             \
    for (struct parallel_as_completed L __attribute__((cleanup(parallel_as_completed_close))) =               \
             parallel_as_completed_init((list), (PARALLEL_PP_FIRST(__VA_ARGS__)),                             \
                                        __FILE__ ":" PARALLEL_PP_STRING(__LINE__));                           \
         PARALLEL_PP_EACH(PARALLEL_PP_ASSIGN, L, __VA_ARGS__) parallel_as_completed_begin(&L);)               \
        for (parallel_future * f; ((f) = parallel_as_completed_next(&L)) != NULL;)

#endif
