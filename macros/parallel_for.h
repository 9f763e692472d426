/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PARALLEL_FOR: an annotated `for` loop.
 *
 *     PARALLEL_FOR(i, begin, end)                  for (T i = begin; i < end; ++i)
 *         body                                         body
 *     PARALLEL_FOR(i, begin, end, .grain = 64)     the same; options are those of struct parallel_loop_options
 *         body
 *
 *     PARALLEL_FOR_STEP(i, begin, end, 3)          for (T i = begin; i < end; i += 3)
 *         body                                         body
 *     PARALLEL_FOR_STEP(i, begin, end, -3)         for (T i = begin; i > end; i += -3)
 *         body                                         body
 *
 *     PARALLEL_FOR_2D(i, begin_i, end_i, j, begin_j, end_j)      for (Ti i = begin_i; i < end_i; ++i)
 *         body                                                       for (Tj j = begin_j; j < end_j; ++j)
 *                                                                        body
 *
 * The iterations run on the threads of the caller's OpenMP team, in any order, so they must not depend on each other. The
 * body sees the variables around it, as in any loop; what several iterations write they must write to different places.
 *
 * - T is the integer type that `begin + end` has after the usual promotions; `i` is a variable of that type, which the
 *   body does not change. Bounds are evaluated once. An empty or reversed range runs zero times. A negative bound beside
 *   an unsigned T fails with PARALLEL_ERANGE.
 * - A step is any integer expression, evaluated once; 0 fails with PARALLEL_EINVALID. `i` takes the values of the serial
 *   loop, also where one more step would leave the range of T. A T that is unsigned cannot count down to 0 and include it,
 *   as in the serial loop.
 * - `continue` ends the iteration. `break` stops the loop: every iteration below the lowest one that breaks has run, of
 *   those above it some may have; .stopped_at receives that index.
 * - parallel_fail() and then `break` fails the loop with the error of the lowest failing index, which is the one that the
 *   serial loop would have met first; .status receives it, and without .status the program ends with the message.
 *   (A body that fails and does not break goes on to the end of its chunk, and then counts as the chunk's first index.)
 * - PARALLEL_FOR_2D goes through the plane in tiles that fit a cache; within one, j is the inner variable. `break` stops
 *   both loops. Lowest is the iteration with the lowest i, of these the one with the lowest j: all iterations before it, row
 *   by row, have run. .stopped_at points to two numbers, i and j; without a stop they are the end of i and the begin of j.
 *   .grain is how many rows a tile has, .inline_below counts iterations. 2^64 iterations fail with PARALLEL_ERANGE.
 * - `return`, and `goto` out of the body, do not compile under OpenMP. A C++ exception must not leave the body.
 *
 * The expansion is a statement of nested `for` headers, the innermost of which is a plain loop that the compiler
 * vectorises (L, C and l stand for hidden names):
 *
 *     for (parallel_loop L, *unused = (parallel_loop_init(&L, ...), options..., parallel_loop_open(&L, ...), &L);
 *          L.is_open; parallel_loop_finish(&L))                                       chooses workers
 *      for (uint64_t d = L.dealt, b = L.shared.base, once = 1; once; once = 0)         for short loops
 *       #pragma omp parallel num_threads(L.threads) if (L.threads > 1) firstprivate(d, b)  outlines what follows
 *         for (parallel_chunk C, *unused = (parallel_chunk_enter(&C, d, b), parallel_loop_first(&L, &C), &C);
 *              C.unfinished; parallel_loop_go_on(&L, &C))
 *           for (T i = (T)C.first, l = (T)C.last; C.unfinished; C.unfinished = 0, C.at = (uint64_t)i)
 *             for (; i < l; ++i)
 *               body
 *
 * With a step the last three count iterations (k), and the loop variable goes along, in unsigned arithmetic:
 *
 *           for (uint64_t k = C.first, l = C.last; C.unfinished; C.unfinished = 0, C.at = k)
 *             for (T i = (T)(begin + k * step), s = (T)step; k < l; ++k, i = (T)((uint64_t)i + (uint64_t)s))
 *               body
 */
#ifndef PARALLEL_FOR_H
#define PARALLEL_FOR_H

#include <libparallel/loop.h>
#include <libparallel/scope.h>

#include "parallel_preprocessor.h"
#include "parallel_serial.h"

#define PARALLEL_FOR(...) PARALLEL_FOR_1(__COUNTER__, __VA_ARGS__)
#define PARALLEL_FOR_1(id, i, begin, ...)                                                                     \
    PARALLEL_FOR_2(PARALLEL_PP_CAT(parallel_loop_, id), PARALLEL_PP_CAT(parallel_chunk_, id),                 \
                   PARALLEL_PP_CAT(parallel_bound_, id), i, begin, PARALLEL_PP_FIRST(__VA_ARGS__), __VA_ARGS__)
/* What follows `end` is `end` once more, as the head of the list of options. */
#define PARALLEL_FOR_2(loop, chunk, bound, i, begin, end, ...)                                                \
    PARALLEL_LOOP_OPENED(loop, 0, begin, end, PARALLEL_PP_EACH(PARALLEL_OPTION, loop, __VA_ARGS__))           \
    PARALLEL_LOOP_REGION(loop, )                                                                              \
    PARALLEL_LOOP_CHUNKS(loop, chunk, parallel_loop_first, parallel_loop_go_on)                               \
    for (PARALLEL_INDEX(begin, end) i = (PARALLEL_INDEX(begin, end))chunk.first,                              \
                                    bound = (PARALLEL_INDEX(begin, end))chunk.last;                           \
         chunk.unfinished; chunk.unfinished = 0, chunk.at = (uint64_t)i)                                      \
        for (; i < bound; ++i)

#define PARALLEL_FOR_STEP(...) PARALLEL_FOR_STEP_1(__COUNTER__, __VA_ARGS__)
#define PARALLEL_FOR_STEP_1(id, i, begin, end, ...)                                                           \
    PARALLEL_FOR_STEP_2(PARALLEL_PP_CAT(parallel_loop_, id), PARALLEL_PP_CAT(parallel_chunk_, id),            \
                        PARALLEL_PP_CAT(parallel_count_, id), PARALLEL_PP_CAT(parallel_bound_, id),           \
                        PARALLEL_PP_CAT(parallel_step_, id), i, begin, end, PARALLEL_PP_FIRST(__VA_ARGS__),   \
                        __VA_ARGS__)
/* What follows `stride` is `stride` once more, as the head of the list of options. */
#define PARALLEL_FOR_STEP_2(loop, chunk, k, bound, step, i, begin, end, stride, ...)                          \
    PARALLEL_LOOP_OPENED(loop, PARALLEL_LOOP_STEPS | PARALLEL_STEP_KIND(stride), begin, end,                  \
                         parallel_loop_set_step(&loop, (uint64_t)(stride)),                                   \
                         PARALLEL_PP_EACH(PARALLEL_OPTION, loop, __VA_ARGS__))                                \
    PARALLEL_LOOP_REGION(loop, )                                                                              \
    PARALLEL_LOOP_CHUNKS(loop, chunk, parallel_loop_first, parallel_loop_go_on)                               \
    for (uint64_t k = chunk.first, bound = chunk.last; chunk.unfinished; chunk.unfinished = 0, chunk.at = k)  \
        for (PARALLEL_INDEX(begin, end) i = (PARALLEL_INDEX(begin, end))parallel_loop_value(&loop, k),        \
                                        step = (PARALLEL_INDEX(begin, end))parallel_loop_step(&loop);         \
             k < bound; ++k, i = (PARALLEL_INDEX(begin, end))((uint64_t)(i) + (uint64_t)(step)))

#define PARALLEL_FOR_2D(...) PARALLEL_FOR_2D_1(__COUNTER__, __VA_ARGS__)
#define PARALLEL_FOR_2D_1(id, i, begin_i, end_i, j, begin_j, ...)                                             \
    PARALLEL_FOR_2D_2(PARALLEL_PP_CAT(parallel_loop_, id), PARALLEL_PP_CAT(parallel_chunk_, id),              \
                      PARALLEL_PP_CAT(parallel_rows_, id), PARALLEL_PP_CAT(parallel_columns_, id), i, begin_i, \
                      end_i, j, begin_j, PARALLEL_PP_FIRST(__VA_ARGS__), __VA_ARGS__)
/* What follows `end_j` is `end_j` once more, as the head of the list of options. */
#define PARALLEL_FOR_2D_2(loop, chunk, rows, columns, i, begin_i, end_i, j, begin_j, end_j, ...)              \
    PARALLEL_LOOP_OPENED(loop, PARALLEL_LOOP_TILES, begin_i, end_i,                                           \
                         parallel_loop_set_plane(&loop, PARALLEL_LOOP_KIND(begin_j, end_j),                   \
                                                 (uint64_t)(begin_j), (uint64_t)(end_j)),                     \
                         PARALLEL_PP_EACH(PARALLEL_OPTION, loop, __VA_ARGS__))                                \
    PARALLEL_LOOP_REGION(loop, )                                                                              \
    PARALLEL_LOOP_CHUNKS(loop, chunk, parallel_plane_next, parallel_plane_next)                               \
    for (PARALLEL_INDEX(begin_i, end_i) i = (PARALLEL_INDEX(begin_i, end_i))chunk.tile.row_first,             \
                                        rows = (PARALLEL_INDEX(begin_i, end_i))chunk.tile.row_last;           \
         chunk.unfinished; chunk.unfinished = 0, chunk.at = parallel_tile_at(&chunk))                         \
        for (PARALLEL_INDEX(begin_j, end_j) j = (PARALLEL_INDEX(begin_j, end_j))chunk.tile.column_first,      \
                                            columns = (PARALLEL_INDEX(begin_j, end_j))chunk.tile.column_last; \
             i < rows;                                                                                        \
             i = (PARALLEL_INDEX(begin_i, end_i))parallel_tile_left(&chunk, (uint64_t)(i), (uint64_t)(j)),    \
                                            j = (PARALLEL_INDEX(begin_j, end_j))chunk.tile.column_first)      \
            for (; j < columns; ++j)

/* The first header of every loop. What follows `end` is a list of expressions, each followed by a
 * comma. */
#define PARALLEL_LOOP_OPENED(loop, flags, begin, end, ...)                                                    \
    for (parallel_loop loop __attribute__((cleanup(parallel_loop_cleanup))),                                  \
         *parallel_##loop PARALLEL_UNUSED =                                                                   \
             (loop.is_open = 0, /* lest a C++ bound that throws closes it */                                  \
              parallel_loop_init(&loop, PARALLEL_LOOP_KIND(begin, end) | (flags), (uint64_t)(begin),          \
                                 (uint64_t)(end), __FILE__, __LINE__),                                        \
              __VA_ARGS__ parallel_loop_open(&loop, parallel_loop_wishes(&loop)), &loop);                     \
         loop.is_open; parallel_loop_finish(&loop))

#define PARALLEL_OPTION(loop, number, option) (void)(loop.options option),

/* The region. What a thread of a short loop must know goes with the region's captures, by value, so that it looks at no
 * line of the loop. One thread is also said by `if`, for which clang calls the body without the runtime's fork. */
#define PARALLEL_LOOP_REGION(loop, clauses)                                                                   \
    for (uint64_t loop##_dealt = parallel_loop_word(&loop.dealt),                                             \
                  loop##_base = parallel_loop_word(&loop.shared.base), loop##_due = 1;                        \
         loop##_due; loop##_due = 0)                                                                          \
    PARALLEL_OPENMP(parallel num_threads(loop.threads) if (loop.threads > 1)                                  \
                        firstprivate(loop##_dealt, loop##_base) clauses)

/* The header that runs in each thread of the team. */
#define PARALLEL_LOOP_CHUNKS(loop, chunk, first, next)                                                        \
    for (parallel_chunk chunk __attribute__((cleanup(parallel_chunk_cleanup))),                               \
         *parallel_##chunk PARALLEL_UNUSED =                                                                  \
             (parallel_chunk_enter(&chunk, loop##_dealt, loop##_base), first(&loop, &chunk), &chunk);         \
         chunk.unfinished; next(&loop, &chunk))

/* Only thread 0 asks for the number of threads: it stands in a line that thread 0 has just written. */
static inline void parallel_chunk_enter(parallel_chunk *chunk, uint64_t dealt, uint64_t base)
{
    int thread = parallel_openmp_thread();
    if (thread == 0)
        chunk->threads = (uint32_t)parallel_openmp_threads();
    parallel_chunk_init(chunk, thread, dealt, base);
}

/* The loop variable's type. The bitwise or refuses floating-point bounds and pointers. */
#define PARALLEL_INDEX(begin, end) __typeof__(((begin) + (end)) | 0)

#define PARALLEL_IS_SIGNED(type) ((type)-1 < (type)1)

#define PARALLEL_STEP_KIND(step)                                                                              \
    (PARALLEL_IS_SIGNED(__typeof__((step) | 0)) * PARALLEL_LOOP_STEP_SIGNED |                                 \
     (int)(sizeof(char[sizeof(step) <= sizeof(uint64_t) ? 1 : -1]) - 1))

/* The array of size -1 refuses a T of more than 64 bits. */
#define PARALLEL_LOOP_KIND(begin, end)                                                                        \
    (PARALLEL_IS_SIGNED(PARALLEL_INDEX(begin, end)) * PARALLEL_LOOP_SIGNED |                                  \
     PARALLEL_IS_SIGNED(__typeof__((begin) | 0)) * PARALLEL_LOOP_BEGIN_SIGNED |                               \
     PARALLEL_IS_SIGNED(__typeof__((end) | 0)) * PARALLEL_LOOP_END_SIGNED |                                   \
     (parallel_openmp_is_inside() != 0) * PARALLEL_LOOP_ALONE |                                               \
     PARALLEL_USES_OPENMP * PARALLEL_LOOP_OPENMP | (PARALLEL_SERIAL != 0) * PARALLEL_LOOP_SERIAL |            \
     (int)(sizeof(char[sizeof(PARALLEL_INDEX(begin, end)) <= sizeof(uint64_t) ? 1 : -1]) - 1))

#endif
