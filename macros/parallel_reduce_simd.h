/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PARALLEL_REDUCE_SIMD: a reduction whose iterations the compiler may also add up beside each other, in vector registers.
 *
 *     double sum = 0;
 *     PARALLEL_REDUCE_SIMD(i, 0, n, (+, sum))      #pragma omp simd reduction(+ : sum)
 *         sum += x[i] * y[i];                      for (int i = 0; i < n; ++i)
 *                                                      sum += x[i] * y[i];
 *
 * Everything that parallel_reduce.h says about ranges, variables and results holds here, except that
 *
 * - within a unit the order of the additions is the compiler's. The result has the same bits for any number of workers of
 *   one program, -DPARALLEL_SERIAL included; another compiler, other flags, and no OpenMP flags may give others;
 * - an item is (operator, variable) or an option: there is no combining function;
 * - the iterations do not depend on each other, and the body has no `break` and no OpenMP construct. A body that fails with
 *   parallel_fail() goes on to the end of its chunk, whose first index counts as the failing one.
 *
 * The expansion is that of PARALLEL_REDUCE with another end:
 *
 *     for (T f = (variables = identities, (T)C.first), l = (T)C.last; C.unfinished;
 *          C.unfinished = 0, C.at = C.last, the unit's record = variables)
 *       #pragma omp simd reduction(operator : variable)...
 *         for (T i = f; i < l; ++i)
 *           body
 */
#ifndef PARALLEL_REDUCE_SIMD_H
#define PARALLEL_REDUCE_SIMD_H

#include "parallel_reduce.h"

#define PARALLEL_REDUCE_SIMD(...) PARALLEL_REDUCE_SIMD_1(__COUNTER__, __VA_ARGS__)
#define PARALLEL_REDUCE_SIMD_1(id, i, begin, ...)                                                             \
    PARALLEL_REDUCE_SIMD_2(PARALLEL_PP_CAT(parallel_loop_, id), PARALLEL_PP_CAT(parallel_chunk_, id),         \
                           PARALLEL_PP_CAT(parallel_first_, id), PARALLEL_PP_CAT(parallel_bound_, id), i,     \
                           begin, PARALLEL_PP_FIRST(__VA_ARGS__), __VA_ARGS__)
#define PARALLEL_REDUCE_SIMD_2(loop, chunk, from, bound, i, begin, end, ...)                                  \
    PARALLEL_REDUCE_UNITS(loop, chunk, PARALLEL_REDUCE_SIMD_SETTING, begin, end, __VA_ARGS__)                 \
    for (PARALLEL_INDEX(begin, end)                                                                           \
             from = (PARALLEL_PP_EACH(PARALLEL_REDUCE_BEGIN, loop, __VA_ARGS__)(                              \
                 PARALLEL_INDEX(begin, end))chunk.first),                                                     \
             bound = (PARALLEL_INDEX(begin, end))chunk.last;                                                  \
         chunk.unfinished; PARALLEL_PP_EACH(PARALLEL_REDUCE_STORE, (loop, chunk), __VA_ARGS__)                \
                               chunk.unfinished = 0,                                                          \
             chunk.at = chunk.last)                                                                           \
        PARALLEL_SIMD(PARALLEL_PP_EACH(PARALLEL_REDUCE_SIMD_CLAUSE, loop, __VA_ARGS__))                       \
        for (PARALLEL_INDEX(begin, end) i = from; i < bound; ++i)

#define PARALLEL_REDUCE_SIMD_SETTING(loop, number, item)                                                      \
    PARALLEL_ITEM(PARALLEL_REDUCE_SIMD_SETTING, loop, number, item)
#define PARALLEL_REDUCE_SIMD_SETTING_OPTION   PARALLEL_REDUCE_SETTING_OPTION
#define PARALLEL_REDUCE_SIMD_SETTING_OPERATOR PARALLEL_REDUCE_SETTING_OPERATOR
/* The compiler says that this name is unknown. */
#define PARALLEL_REDUCE_SIMD_SETTING_FUNCTION(loop, number, ...) PARALLEL_REDUCE_SIMD_takes_no_function,

#define PARALLEL_REDUCE_SIMD_CLAUSE(loop, number, item)                                                       \
    PARALLEL_ITEM(PARALLEL_REDUCE_SIMD_CLAUSE, loop, number, item)
#define PARALLEL_REDUCE_SIMD_CLAUSE_OPTION(loop, number, option)
#define PARALLEL_REDUCE_SIMD_CLAUSE_OPERATOR(loop, number, operator, variable) reduction(operator : variable)
#define PARALLEL_REDUCE_SIMD_CLAUSE_FUNCTION(loop, number, ...)

#endif
