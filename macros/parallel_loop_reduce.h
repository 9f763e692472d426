/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PARALLEL_LOOP_REDUCE: a loop with a name that accumulates. For
 *
 *     PARALLEL_LOOP_REDUCE(dot, (const double *, x, const double *, y), i, (+, double, sum))
 *     {
 *         *sum += x[i] * y[i];
 *     }
 *
 * it generates, as static inline functions that the compiler checks,
 *
 *     struct dot_values { double sum; };
 *     int dot_run(int64_t begin, int64_t end, const double *x, const double *y, double *sum);
 *         for (int64_t i = begin; i < end; i++) *sum += x[i] * y[i];         waits; 0, or the error
 *     parallel_future *dot_async(begin, end, x, y, double sum);              returns at once; sum is the value before the loop
 *     parallel_future *dot_on(parallel_executor *, begin, end, x, y, double sum);
 *     int dot_result(parallel_future *, struct dot_values *out);             waits: 0 and the values; the future stays
 *     int dot_result_until(parallel_future *, uint64_t deadline_ns, struct dot_values *out);
 *     struct dot_values dot_await(parallel_future *);                        waits, releases; a failure ends the program
 *     dot_run_with, dot_async_with, dot_on_with:                             the same with options before `begin`
 *
 * Captures, body, executors, options, stopping, failing and cancelling are those of PARALLEL_LOOP (parallel_loop.h). What
 * is accumulated follows `i`, one to sixteen items, each one of
 *
 *     (operator, type, name)                  operator is one of + * & | ^ && || min max
 *     (function, type, name, identity)        void function(type *into, const type *from)
 *
 * - In the body, name is a pointer to the value that belongs to this unit of iterations; it begins with the operator's
 *   identity, for min and max with the value before the loop.
 * - The result has the same bits for any number of workers, on any executor, and as the same body in PARALLEL_REDUCE
 *   (parallel_reduce.h): units depend on the range alone, or on .grain, and their values are combined in the order of the
 *   range, beginning with the value before the loop.
 * - After parallel_loop_stop(), what was accumulated in units below, and in the stopping unit up to the stop, counts. After
 *   a failure _run leaves the variables as they were.
 * - On processes the values travel back; a type that has pointers in it is the caller's affair. */
#ifndef PARALLEL_LOOP_REDUCE_H
#define PARALLEL_LOOP_REDUCE_H

#include <libparallel/reduce.h>

#include "parallel_loop.h"

#define PARALLEL_LOOP_REDUCE(name, captures, i, ...)                                                          \
    PARALLEL_SUMS_STRUCT(name, __VA_ARGS__)                                                                   \
    PARALLEL_SUMS_LOOP(name, i, (__VA_ARGS__), PARALLEL_PP_OPENED captures)

/* ---- One expansion an item; c is the loop's name ---- */

#define PARALLEL_SUM(M, c, number, item) PARALLEL_SUM_1(M, c, PARALLEL_PP_OPENED item)
#define PARALLEL_SUM_1(...)              PARALLEL_SUM_2(__VA_ARGS__)
#define PARALLEL_SUM_2(M, c, ...)                                                                             \
    PARALLEL_PP_CAT(M, PARALLEL_SUM_KIND(__VA_ARGS__, F, F, F, F, F, F, F, F, F, F, F, O, ))(c, __VA_ARGS__)
#define PARALLEL_SUM_KIND(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, kind, ...) kind

#define PARALLEL_SUM_MEMBER(c, number, item)   PARALLEL_SUM(PARALLEL_SUM_MEMBER_, c, number, item)
#define PARALLEL_SUM_POINTER(c, number, item)  PARALLEL_SUM(PARALLEL_SUM_POINTER_, c, number, item)
#define PARALLEL_SUM_BEFORE(c, number, item)   PARALLEL_SUM(PARALLEL_SUM_BEFORE_, c, number, item)
#define PARALLEL_SUM_PASS(c, number, item)     PARALLEL_SUM(PARALLEL_SUM_PASS_, c, number, item)
#define PARALLEL_SUM_ADDRESS(c, number, item)  PARALLEL_SUM(PARALLEL_SUM_ADDRESS_, c, number, item)
#define PARALLEL_SUM_READ(c, number, item)     PARALLEL_SUM(PARALLEL_SUM_READ_, c, number, item)
#define PARALLEL_SUM_WRITE(c, number, item)    PARALLEL_SUM(PARALLEL_SUM_WRITE_, c, number, item)
#define PARALLEL_SUM_IDENTITY(c, number, item) PARALLEL_SUM(PARALLEL_SUM_IDENTITY_, c, number, item)
#define PARALLEL_SUM_COMBINE(c, number, item)  PARALLEL_SUM(PARALLEL_SUM_COMBINE_, c, number, item)

/* Of the struct of values; parameters; arguments. */
#define PARALLEL_SUM_MEMBER_O(c, operator, type, name)       __typeof__(type) name;
#define PARALLEL_SUM_MEMBER_F(c, function, type, name, ...)  __typeof__(type) name;
#define PARALLEL_SUM_POINTER_O(c, operator, type, name)      , __typeof__(type) *name
#define PARALLEL_SUM_POINTER_F(c, function, type, name, ...) , __typeof__(type) *name
#define PARALLEL_SUM_BEFORE_O(c, operator, type, name)       , __typeof__(type) name
#define PARALLEL_SUM_BEFORE_F(c, function, type, name, ...)  , __typeof__(type) name
#define PARALLEL_SUM_PASS_O(c, operator, type, name)         , name
#define PARALLEL_SUM_PASS_F(c, function, type, name, ...)    , name
#define PARALLEL_SUM_ADDRESS_O(c, operator, type, name)      , &parallel_values.name
#define PARALLEL_SUM_ADDRESS_F(c, function, type, name, ...) , &parallel_values.name

/* _run's variables: before the loop, and after it. */
#define PARALLEL_SUM_READ_O(c, operator, type, name)       , *name
#define PARALLEL_SUM_READ_F(c, function, type, name, ...)  , *name
#define PARALLEL_SUM_WRITE_O(c, operator, type, name)      *name = parallel_values.name;
#define PARALLEL_SUM_WRITE_F(c, function, type, name, ...) *name = parallel_values.name;

#define PARALLEL_SUM_IDENTITY_O(c, operator, type, name)                                                      \
    parallel_values.name = PARALLEL_OPERATOR_IDENTITY(#operator, __typeof__(type), parallel_packed->parallel_before.name);
#define PARALLEL_SUM_IDENTITY_F(c, function, type, name, ...) parallel_values.name = __VA_ARGS__;

#define PARALLEL_SUM_COMBINE_O(c, operator, type, name)                                                       \
    (void)(0 + PARALLEL_OPERATOR_CHECK(#operator, parallel_a->name));                                         \
    parallel_a->name = PARALLEL_OPERATOR_COMBINE(#operator, __typeof__(type), parallel_a->name, parallel_b->name);
#define PARALLEL_SUM_COMBINE_F(c, function, type, name, ...) function(&parallel_a->name, &parallel_b->name);

/* ---- The whole ---- */

#define PARALLEL_SUMS_STRUCT(name, ...)                                                                       \
    struct name##_values {                                                                                    \
        PARALLEL_PP_EACH(PARALLEL_SUM_MEMBER, name, ~, __VA_ARGS__)                                           \
    };

/* All items once more, in parentheses. */
#define PARALLEL_SUMS(M, name, items) PARALLEL_SUMS_1(M, name, PARALLEL_PP_OPENED items)
#define PARALLEL_SUMS_1(M, name, ...) PARALLEL_PP_EACH(M, name, ~, __VA_ARGS__)

#define PARALLEL_SUMS_LOOP(name, i, items, ...)                                                               \
    PARALLEL_PP_INLINE void name##_parallel_body(                                                             \
        int64_t PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__)                                   \
            PARALLEL_SUMS(PARALLEL_SUM_POINTER, name, items));                                                \
                                                                                                              \
    struct name##_parallel_arguments {                                                                        \
        parallel_loop_call parallel_call;                                                                     \
        PARALLEL_PAIRS(PARALLEL_CAPTURE_MEMBER, name, __VA_ARGS__)                                            \
        struct name##_values parallel_before;                                                                 \
    };                                                                                                        \
                                                                                                              \
    static __thread int name##_parallel_is_left;                                                              \
                                                                                                              \
    PARALLEL_UNUSED static void name##_parallel_leave(void)                                                   \
    {                                                                                                         \
        name##_parallel_is_left = 1;                                                                          \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_UNUSED static int64_t name##_parallel_range(const void *parallel_arguments,                      \
                                                         int64_t parallel_first, int64_t parallel_last,       \
                                                         void *parallel_record)                               \
    {                                                                                                         \
        const struct name##_parallel_arguments *const parallel_packed =                                       \
            (const struct name##_parallel_arguments *)parallel_arguments;                                     \
        const int parallel_outer = name##_parallel_is_left; /* of the run of this loop that this one is in */ \
        struct name##_values parallel_values;                                                                 \
        int64_t parallel_i = parallel_first;                                                                  \
        PARALLEL_SUMS(PARALLEL_SUM_IDENTITY, name, items)                                                     \
        name##_parallel_is_left = 0;                                                                          \
        PARALLEL_ITERATION_TRY                                                                                \
        for (; parallel_i < parallel_last && !name##_parallel_is_left; ++parallel_i)                          \
            name##_parallel_body(parallel_i PARALLEL_PAIRS(PARALLEL_CAPTURE_UNPACK, name, __VA_ARGS__)        \
                                     PARALLEL_SUMS(PARALLEL_SUM_ADDRESS, name, items));                       \
        PARALLEL_ITERATION_CATCH                                                                              \
        name##_parallel_is_left = parallel_outer;                                                             \
        *(struct name##_values *)parallel_record = parallel_values;                                           \
        return parallel_i;                                                                                    \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_UNUSED static void name##_parallel_combine(void *parallel_into, const void *parallel_from)       \
    {                                                                                                         \
        struct name##_values *const parallel_a = (struct name##_values *)parallel_into;                       \
        const struct name##_values *const parallel_b = (const struct name##_values *)parallel_from;           \
        PARALLEL_SUMS(PARALLEL_SUM_COMBINE, name, items)                                                      \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_UNUSED static const char *const name##_parallel_capture_names[] = {                              \
        PARALLEL_PAIRS(PARALLEL_CAPTURE_NAME, name, __VA_ARGS__) NULL};                                       \
    PARALLEL_UNUSED static parallel_loop_history name##_parallel_history;                                     \
    PARALLEL_UNUSED static const parallel_loop_sums name##_parallel_sums = {                                  \
        sizeof(struct name##_values), offsetof(struct name##_parallel_arguments, parallel_before),            \
        name##_parallel_range, name##_parallel_combine};                                                      \
    PARALLEL_UNUSED static const parallel_named_loop name##_parallel_loop = {                                 \
        PARALLEL_PP_STRING(name),                                                                             \
        __FILE__,                                                                                             \
        __LINE__,                                                                                             \
        PARALLEL_SERIAL,                                                                                      \
        NULL,                                                                                                 \
        name##_parallel_leave,                                                                                \
        name##_parallel_capture_names,                                                                        \
        &name##_parallel_history,                                                                             \
        &name##_parallel_sums};                                                                               \
                                                                                                              \
    PARALLEL_UNUSED static void name##_parallel_perform(const void *parallel_arguments,                       \
                                                        void *parallel_result)                                \
    {                                                                                                         \
        parallel_named_loop_perform(&name##_parallel_loop, parallel_arguments, parallel_result);              \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_UNUSED static const parallel_parameter name##_parallel_parameters[] = {                          \
        {PARALLEL_PARAMETER_VALUE, sizeof(parallel_loop_call), 0, 0, {0, 0}},                                 \
        PARALLEL_PAIRS(PARALLEL_CAPTURE_PARAMETER, name, __VA_ARGS__){                                        \
            PARALLEL_PARAMETER_VALUE, sizeof(struct name##_values),                                           \
            offsetof(struct name##_parallel_arguments, parallel_before), 0, {0, 0}}};                         \
                                                                                                              \
    PARALLEL_UNUSED static const parallel_function name##_parallel_function = {                               \
        PARALLEL_PP_STRING(name),                                                                             \
        (void (*)(void))name##_parallel_range,                                                                \
        name##_parallel_perform,                                                                              \
        NULL,                                                                                                 \
        sizeof(struct name##_parallel_arguments),                                                             \
        __alignof__(struct name##_parallel_arguments),                                                        \
        sizeof(struct name##_values),                                                                         \
        __alignof__(struct name##_values),                                                                    \
        (int)(sizeof name##_parallel_parameters / sizeof name##_parallel_parameters[0]),                      \
        name##_parallel_parameters};                                                                          \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK parallel_future *name##_on_with(                                   \
        parallel_executor *parallel_ex, const parallel_loop_options *parallel_options,                        \
        int64_t parallel_begin,                                                                               \
        int64_t parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__)                      \
            PARALLEL_SUMS(PARALLEL_SUM_BEFORE, name, items))                                                  \
    {                                                                                                         \
        const struct name##_parallel_arguments parallel_packed = {                                            \
            parallel_loop_call_make(parallel_begin, parallel_end, parallel_options)                           \
                PARALLEL_PAIRS(PARALLEL_CAPTURE_PASS, name, __VA_ARGS__),                                     \
            {PARALLEL_SUMS_LIST(PARALLEL_SUMS(PARALLEL_SUM_PASS, name, items))}};                             \
        return parallel_named_loop_submit(parallel_ex, &name##_parallel_loop, &name##_parallel_function,      \
                                          &parallel_packed.parallel_call);                                    \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK parallel_future *name##_on(                                        \
        parallel_executor *parallel_ex, int64_t parallel_begin,                                               \
        int64_t parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__)                      \
            PARALLEL_SUMS(PARALLEL_SUM_BEFORE, name, items))                                                  \
    {                                                                                                         \
        return name##_on_with(parallel_ex, NULL, parallel_begin,                                              \
                              parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_PASS, name, __VA_ARGS__)           \
                                  PARALLEL_SUMS(PARALLEL_SUM_PASS, name, items));                             \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK parallel_future *name##_async_with(                                \
        const parallel_loop_options *parallel_options, int64_t parallel_begin,                                \
        int64_t parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__)                      \
            PARALLEL_SUMS(PARALLEL_SUM_BEFORE, name, items))                                                  \
    {                                                                                                         \
        return name##_on_with(NULL, parallel_options, parallel_begin,                                         \
                              parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_PASS, name, __VA_ARGS__)           \
                                  PARALLEL_SUMS(PARALLEL_SUM_PASS, name, items));                             \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK parallel_future *name##_async(                                     \
        int64_t parallel_begin,                                                                               \
        int64_t parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__)                      \
            PARALLEL_SUMS(PARALLEL_SUM_BEFORE, name, items))                                                  \
    {                                                                                                         \
        return name##_on_with(NULL, NULL, parallel_begin,                                                     \
                              parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_PASS, name, __VA_ARGS__)           \
                                  PARALLEL_SUMS(PARALLEL_SUM_PASS, name, items));                             \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK int name##_run_with(                                               \
        const parallel_loop_options *parallel_options, int64_t parallel_begin,                                \
        int64_t parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__)                      \
            PARALLEL_SUMS(PARALLEL_SUM_POINTER, name, items))                                                 \
    {                                                                                                         \
        const struct name##_parallel_arguments parallel_packed = {                                            \
            parallel_loop_call_make(parallel_begin, parallel_end, parallel_options)                           \
                PARALLEL_PAIRS(PARALLEL_CAPTURE_PASS, name, __VA_ARGS__),                                     \
            {PARALLEL_SUMS_LIST(PARALLEL_SUMS(PARALLEL_SUM_READ, name, items))}};                             \
        struct name##_values parallel_values;                                                                 \
        int parallel_code = parallel_named_loop_reduce(&name##_parallel_loop, &name##_parallel_function,      \
                                                       &parallel_packed.parallel_call, &parallel_values);     \
        if (parallel_code == 0) {                                                                             \
            PARALLEL_SUMS(PARALLEL_SUM_WRITE, name, items)                                                    \
        }                                                                                                     \
        return parallel_code;                                                                                 \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK int name##_run(                                                    \
        int64_t parallel_begin,                                                                               \
        int64_t parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__)                      \
            PARALLEL_SUMS(PARALLEL_SUM_POINTER, name, items))                                                 \
    {                                                                                                         \
        return name##_run_with(NULL, parallel_begin,                                                          \
                               parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_PASS, name, __VA_ARGS__)          \
                                   PARALLEL_SUMS(PARALLEL_SUM_PASS, name, items));                            \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_RESULTS_VALUE(name, struct name##_values)                                                     \
                                                                                                              \
    PARALLEL_PP_INLINE void name##_parallel_body(                                                             \
        PARALLEL_UNUSED int64_t i PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__)                 \
            PARALLEL_SUMS(PARALLEL_SUM_POINTER, name, items))

/* `, a, b` without its first comma. */
#define PARALLEL_SUMS_LIST(...)           PARALLEL_SUMS_LIST_1(__VA_ARGS__)
#define PARALLEL_SUMS_LIST_1(nothing, ...) __VA_ARGS__

#endif
