/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PARALLEL_REDUCE: a loop that accumulates.
 *
 *     double sum = 0;
 *     PARALLEL_REDUCE(i, 0, n, (+, sum))           for (int i = 0; i < n; ++i)
 *         sum += x[i] * y[i];                          sum += x[i] * y[i];
 *
 *     PARALLEL_REDUCE(i, begin, end, item...)      an item is one of
 *         body                                         (operator, variable)             + * & | ^ && || min max
 *                                                      (function, variable, identity)   void function(T *into, const T *from)
 *                                                      .option = value                  as in parallel_for.h
 *
 * Everything that parallel_for.h says about bounds, body, `break` and failure holds here. Beyond that:
 *
 * - The result has the same bits for any number of workers, and without OpenMP. The range is cut into units by its
 *   length alone (or by .grain); each unit begins with the operator's identity and runs in source order; and the units' values are
 *   combined in the order of the range, beginning with the value that the variable had before the loop. So
 *   a sum of floating-point numbers is not that of one long serial loop, but always the same.
 *   (parallel_reduce_simd.h: sums that may be vectorised; libparallel/sum.h: sums that lose nothing to rounding.)
 * - In the body the variable is the unit's own: it says what has been accumulated in this unit. With min and max it
 *   begins with the value before the loop.
 * - A variable is a plain identifier of the function around: a local variable or a parameter. Its type is any arithmetic
 *   type up to 64 bits, a floating-point or complex type, and with a function any that can be copied by assignment.
 *   The identity is an expression, evaluated at the start of every unit; function(&a, &identity) must leave a as it is.
 * - `break`: what was accumulated in units below, and in the breaking unit up to the break, counts; nothing else.
 * - After a failure the variables are as they were before the loop.
 * - The value of a variable in the body is not that of the whole loop so far, so `if (sum > limit) break;` stops where the
 *   sum of one unit exceeds the limit.
 *
 * The expansion (L, C and l stand for hidden names, `records` are those of libparallel/reduce.h):
 *
 *     for (parallel_loop L = ...; as in parallel_for.h; )
 *       for (the first record = variables; parallel_reduce_walk(&L); the first record ? restore variables : combine)
 *         for (; parallel_reduce_region(&L); )                                     runs once
 *           #pragma omp parallel num_threads(L.threads) if (L.threads > 1) private(variables)
 *             for (parallel_chunk C = ...; C.unfinished; parallel_reduce_next(&L, &C))         a unit at a time
 *               for (T i = (variables = identities, (T)C.first), l = (T)C.last; C.unfinished;
 *                    C.unfinished = 0, C.at = (uint64_t)i, the unit's record = variables)
 *                 for (; i < l; ++i)
 *                   body
 */
#ifndef PARALLEL_REDUCE_H
#define PARALLEL_REDUCE_H

#include <libparallel/reduce.h>

#include "parallel_for.h"

#define PARALLEL_REDUCE(...) PARALLEL_REDUCE_1(__COUNTER__, __VA_ARGS__)
#define PARALLEL_REDUCE_1(id, i, begin, ...)                                                                  \
    PARALLEL_REDUCE_2(PARALLEL_PP_CAT(parallel_loop_, id), PARALLEL_PP_CAT(parallel_chunk_, id),              \
                      PARALLEL_PP_CAT(parallel_bound_, id), i, begin, PARALLEL_PP_FIRST(__VA_ARGS__),         \
                      __VA_ARGS__)
#define PARALLEL_REDUCE_2(loop, chunk, bound, i, begin, end, ...)                                             \
    PARALLEL_REDUCE_UNITS(loop, chunk, PARALLEL_REDUCE_SETTING, begin, end, __VA_ARGS__)                      \
    for (PARALLEL_INDEX(begin, end)                                                                           \
             i = (PARALLEL_PP_EACH(PARALLEL_REDUCE_BEGIN, loop, __VA_ARGS__)(                                 \
                 PARALLEL_INDEX(begin, end))chunk.first),                                                     \
             bound = (PARALLEL_INDEX(begin, end))chunk.last;                                                  \
         chunk.unfinished; PARALLEL_PP_EACH(PARALLEL_REDUCE_STORE, (loop, chunk), __VA_ARGS__)                \
                               chunk.unfinished = 0,                                                          \
             chunk.at = (uint64_t)i)                                                                          \
        for (; i < bound; ++i)

/* The headers of every reduction, down to the one that turns once for each unit. */
#define PARALLEL_REDUCE_UNITS(loop, chunk, setting, begin, end, ...)                                          \
    PARALLEL_LOOP_OPENED(loop, PARALLEL_LOOP_REDUCES, begin, end, PARALLEL_PP_EACH(setting, loop, __VA_ARGS__)) \
    for (PARALLEL_PP_EACH(PARALLEL_REDUCE_SAVE, loop, __VA_ARGS__)(void) 0; parallel_reduce_walk(&loop);      \
         PARALLEL_PP_EACH(PARALLEL_REDUCE_COMBINE, loop, __VA_ARGS__)(void) 0)                                \
        for (; parallel_reduce_region(&loop);)                                                                \
            PARALLEL_LOOP_REGION(loop, PARALLEL_PP_EACH(PARALLEL_REDUCE_PRIVATE, loop, __VA_ARGS__))          \
            PARALLEL_LOOP_CHUNKS(loop, chunk, parallel_reduce_next, parallel_reduce_next)

/* Each of the following is applied to each item; its expansion for an item that is an option, (operator, variable) or
 * (function, variable, identity) has the corresponding ending. Expressions end with a comma. */
#define PARALLEL_REDUCE_SETTING(loop, number, item) PARALLEL_ITEM(PARALLEL_REDUCE_SETTING, loop, number, item)
#define PARALLEL_REDUCE_SAVE(loop, number, item)    PARALLEL_ITEM(PARALLEL_REDUCE_SAVE, loop, number, item)
#define PARALLEL_REDUCE_COMBINE(loop, number, item) PARALLEL_ITEM(PARALLEL_REDUCE_COMBINE, loop, number, item)
#define PARALLEL_REDUCE_PRIVATE(loop, number, item) PARALLEL_ITEM(PARALLEL_REDUCE_PRIVATE, loop, number, item)
#define PARALLEL_REDUCE_BEGIN(loop, number, item)   PARALLEL_ITEM(PARALLEL_REDUCE_BEGIN, loop, number, item)
#define PARALLEL_REDUCE_STORE(names, number, item)  PARALLEL_ITEM(PARALLEL_REDUCE_STORE, names, number, item)

/* Sets an option, or makes room for the variable. */
#define PARALLEL_REDUCE_SETTING_OPTION(loop, number, option) (void)(loop.options option),
#define PARALLEL_REDUCE_SETTING_OPERATOR(loop, number, operator, variable)                                    \
    (void)(0 + PARALLEL_OPERATOR_CHECK(#operator, variable)),                                                 \
        PARALLEL_REDUCE_SETTING_FUNCTION(loop, number, , variable, )
#define PARALLEL_REDUCE_SETTING_FUNCTION(loop, number, function, variable, ...)                               \
    parallel_reduce_variable(&loop, number, sizeof(PARALLEL_VARIABLE_TYPE(variable)),                         \
                             __alignof__(PARALLEL_VARIABLE_TYPE(variable))),

#define PARALLEL_RECORDED(loop, number, record, variable)                                                     \
    (*(PARALLEL_VARIABLE_TYPE(variable) *)(void *)((record) + loop.record_offset[number]))

#define PARALLEL_RECORDED_BEFORE(loop, number, variable)                                                      \
    PARALLEL_RECORDED(loop, number, (unsigned char *)loop.shared.records, variable)

/* Keeps the value before the loop. */
#define PARALLEL_REDUCE_SAVE_OPTION(loop, number, option)
#define PARALLEL_REDUCE_SAVE_OPERATOR(loop, number, operator, variable)                                       \
    (void)(PARALLEL_RECORDED_BEFORE(loop, number, variable) = variable),
#define PARALLEL_REDUCE_SAVE_FUNCTION(loop, number, function, variable, ...)                                  \
    (void)(PARALLEL_RECORDED_BEFORE(loop, number, variable) = variable),

/* Restores the value before the loop (where there is no OpenMP the body has used the variable itself), or combines the
 * variable with a record. */
#define PARALLEL_REDUCE_COMBINE_OPTION(loop, number, option)
#define PARALLEL_REDUCE_COMBINE_OPERATOR(loop, number, operator, variable)                                    \
    (void)(variable = parallel_reduce_is_before(&loop)                                                        \
                          ? PARALLEL_RECORDED(loop, number, loop.record, variable)                            \
                          : PARALLEL_OPERATOR_COMBINE(#operator, PARALLEL_VARIABLE_TYPE(variable), variable,  \
                                                      PARALLEL_RECORDED(loop, number, loop.record, variable))),
#define PARALLEL_REDUCE_COMBINE_FUNCTION(loop, number, function, variable, ...)                               \
    (parallel_reduce_is_before(&loop)                                                                         \
         ? (void)(variable = PARALLEL_RECORDED(loop, number, loop.record, variable))                          \
         : (void)function(&variable, (const PARALLEL_VARIABLE_TYPE(variable) *)&PARALLEL_RECORDED(            \
                                         loop, number, loop.record, variable))),

#define PARALLEL_REDUCE_PRIVATE_OPTION(loop, number, option)
#define PARALLEL_REDUCE_PRIVATE_OPERATOR(loop, number, operator, variable)      private(variable)
#define PARALLEL_REDUCE_PRIVATE_FUNCTION(loop, number, function, variable, ...) private(variable)

/* Begins a unit. */
#define PARALLEL_REDUCE_BEGIN_OPTION(loop, number, option)
#define PARALLEL_REDUCE_BEGIN_OPERATOR(loop, number, operator, variable)                                      \
    (void)(variable = PARALLEL_OPERATOR_IDENTITY(#operator, PARALLEL_VARIABLE_TYPE(variable),                 \
                                                 PARALLEL_RECORDED_BEFORE(loop, number, variable))),
#define PARALLEL_REDUCE_BEGIN_FUNCTION(loop, number, function, variable, ...) (void)(variable = __VA_ARGS__),

/* Ends a unit. */
#define PARALLEL_REDUCE_STORE_OPTION(names, number, option)
#define PARALLEL_REDUCE_STORE_OPERATOR(names, number, operator, variable)                                     \
    PARALLEL_REDUCE_STORED(PARALLEL_PP_OPENED names, number, variable)
#define PARALLEL_REDUCE_STORE_FUNCTION(names, number, function, variable, ...)                                \
    PARALLEL_REDUCE_STORED(PARALLEL_PP_OPENED names, number, variable)
#define PARALLEL_REDUCE_STORED(...) PARALLEL_REDUCE_STORED_1(__VA_ARGS__)
#define PARALLEL_REDUCE_STORED_1(loop, chunk, number, variable)                                               \
    (void)(PARALLEL_RECORDED(loop, number, chunk.record, variable) = variable),

/* PARALLEL_ITEM(M, x, number, item) is M_OPTION(x, number, item), M_OPERATOR(x, number, operator, variable) or
 * M_FUNCTION(x, number, function, variable, identity). */
#define PARALLEL_ITEM(m, x, number, item)                                                                     \
    PARALLEL_PP_CAT(PARALLEL_ITEM_, PARALLEL_PP_IS_TUPLE(item))(m, x, number, item)
#define PARALLEL_ITEM_0(m, x, number, option)   m##_OPTION(x, number, option)
#define PARALLEL_ITEM_1(m, x, number, tuple)    PARALLEL_ITEM_2(m, x, number, PARALLEL_PP_OPENED tuple)
#define PARALLEL_ITEM_2(m, x, number, ...)                                                                    \
    PARALLEL_PP_CAT(m, PARALLEL_ITEM_KIND(__VA_ARGS__))(x, number, __VA_ARGS__)
#define PARALLEL_ITEM_KIND(...)                                                                               \
    PARALLEL_ITEM_KIND_1(__VA_ARGS__, _FUNCTION, _FUNCTION, _FUNCTION, _FUNCTION, _FUNCTION, _FUNCTION,       \
                         _FUNCTION, _FUNCTION, _OPERATOR, _OPERATOR, )
#define PARALLEL_ITEM_KIND_1(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, kind, ...) kind

#endif
