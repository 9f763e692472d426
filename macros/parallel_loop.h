/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PARALLEL_LOOP: a loop whose body has a name, at file scope. For
 *
 *     PARALLEL_LOOP(saxpy, (float, a, const float *, x, float *, y), i)
 *     {
 *         y[i] = a * x[i] + y[i];
 *     }
 *
 * it generates, as static inline functions that the compiler checks,
 *
 *     int saxpy_run(int64_t begin, int64_t end, float a, const float *x, float *y);
 *         for (int64_t i = begin; i < end; i++) y[i] = a * x[i] + y[i];      waits; 0, or the error
 *     parallel_future *saxpy_async(begin, end, a, x, y);                     returns at once: on the default executor
 *     parallel_future *saxpy_on(parallel_executor *, begin, end, a, x, y);   on this one
 *     int saxpy_result(parallel_future *);                                   waits: 0 or the error; the future stays
 *     int saxpy_result_until(parallel_future *, uint64_t deadline_ns);
 *     void saxpy_await(parallel_future *);                                   waits, releases; a failure ends the program
 *     saxpy_run_with, saxpy_async_with, saxpy_on_with:                       the same with options before `begin`
 *
 * The options are a const parallel_loop_options * (loop.h; NULL: none), which is copied, so
 *
 *     saxpy_run_with(&(parallel_loop_options){.grain = 64, .stopped_at = &where}, 0, n, a, x, y)
 *
 * - Captures are a flat list of type, name, at most 16 pairs, or (); they are passed by value, once for the loop. A type is
 *   one that can stand before a name, or any in __typeof__(). The variable i is an int64_t. An empty or reversed range
 *   runs zero times.
 * - The body is that of a function of one iteration: `return;` ends the iteration. parallel_loop_stop() and then `return;`
 *   stops the loop, as `break` would; parallel_fail() and then `return;` fails it with the error of the lowest failing
 *   index, which is the one that the serial loop would have met first. No further iteration of that thread begins.
 *   In C++ an exception that leaves the body fails it with PARALLEL_EEXCEPTION and its what().
 * - Iterations run in any order, so they must not depend on each other.
 * - It runs on the workers of an executor, and needs no OpenMP: _run on those of the task or named loop that it is called in,
 *   else of the default executor, and the calling thread takes part. So loops nest, in loops and in tasks, on the same
 *   workers. As many threads take part as the executor has workers, those that do other work excepted.
 * - A loop that is known to be over sooner than two threads could meet runs in the caller, unless the options name workers
 *   or grain.
 * - Cancelling the future, or the task around the loop, stops it: PARALLEL_ECANCELLED.
 * - On an executor whose workers are processes a capture that is a bare pointer is refused with PARALLEL_EARGUMENT, which
 *   names it, unless it points to shared memory.
 * - With -DPARALLEL_SERIAL it runs in the calling thread, also if it is started with _async or _on.
 *
 * The expansion of the part that runs a claim of iterations; `saxpy_parallel_is_left` is set, between two iterations,
 * by parallel_fail() and parallel_loop_stop() through saxpy_parallel_leave(). Nothing but a call of a function can change
 * it, so in a body that calls none the compiler takes the test out of the loop, and vectorises it:
 *
 *     for (; i < last && !saxpy_parallel_is_left; ++i)
 *         saxpy_parallel_body(i, a, x, y);
 */
#ifndef PARALLEL_LOOP_H
#define PARALLEL_LOOP_H

#include <libparallel/named_loop.h>
#include <libparallel/scope.h>

#include "parallel_fn.h"
#include "parallel_preprocessor.h"
#include "parallel_serial.h"

#define PARALLEL_LOOP(name, captures, i) PARALLEL_NAMED_LOOP(name, i, PARALLEL_PP_OPENED captures)

/* PARALLEL_PAIRS(M, c, type, name, ...) is M(c, type, name) for each pair; nothing without any. */
#define PARALLEL_PAIRS(M, c, ...)                                                                             \
    PARALLEL_PP_CAT(PARALLEL_PAIRS_, PARALLEL_PAIRS_COUNT(__VA_ARGS__))(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_COUNT(...)                                                                             \
    PARALLEL_PAIRS_COUNT_(__VA_ARGS__, 16, ODD, 15, ODD, 14, ODD, 13, ODD, 12, ODD, 11, ODD, 10, ODD, 9, ODD, \
                          8, ODD, 7, ODD, 6, ODD, 5, ODD, 4, ODD, 3, ODD, 2, ODD, 1, 0, ~)
#define PARALLEL_PAIRS_COUNT_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, n, ...) n
#define PARALLEL_PAIRS_0(M, c, none)            PARALLEL_PAIRS_NONE_##none
#define PARALLEL_PAIRS_NONE_
#define PARALLEL_PAIRS_1(M, c, type, name)      M(c, type, name)
#define PARALLEL_PAIRS_2(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_1(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_3(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_2(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_4(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_3(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_5(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_4(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_6(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_5(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_7(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_6(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_8(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_7(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_9(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_8(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_10(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_9(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_11(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_10(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_12(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_11(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_13(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_12(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_14(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_13(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_15(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_14(M, c, __VA_ARGS__)
#define PARALLEL_PAIRS_16(M, c, type, name, ...) M(c, type, name) PARALLEL_PAIRS_15(M, c, __VA_ARGS__)

/* ---- One expansion a capture; c is the loop's name ---- */

#define PARALLEL_CAPTURE_MEMBER(c, type, name)   __typeof__(type) name;
#define PARALLEL_CAPTURE_DECLARE(c, type, name)  , __typeof__(type) name
#define PARALLEL_CAPTURE_PASS(c, type, name)     , name
#define PARALLEL_CAPTURE_UNPACK(c, type, name)   , parallel_packed->name
#define PARALLEL_CAPTURE_NAME(c, type, name)     PARALLEL_PP_STRING(name),
#define PARALLEL_CAPTURE_PARAMETER(c, type, name)                                                             \
    {PARALLEL_PP_TRAITS_KIND(type), sizeof(__typeof__(type)), offsetof(struct c##_parallel_arguments, name),  \
     PARALLEL_PP_TRAITS_REST(type)},

/* ---- The whole ---- */

#define PARALLEL_NAMED_LOOP(name, i, ...)                                                                     \
    PARALLEL_PP_INLINE void name##_parallel_body(                                                             \
        int64_t PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__));                                 \
                                                                                                              \
    struct name##_parallel_arguments {                                                                        \
        parallel_loop_call parallel_call;                                                                     \
        PARALLEL_PAIRS(PARALLEL_CAPTURE_MEMBER, name, __VA_ARGS__)                                            \
    };                                                                                                        \
                                                                                                              \
    static __thread int name##_parallel_is_left;                                                              \
                                                                                                              \
    PARALLEL_UNUSED static void name##_parallel_leave(void)                                                   \
    {                                                                                                         \
        name##_parallel_is_left = 1;                                                                          \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE int64_t name##_parallel_iterate(                                                       \
        int64_t parallel_first,                                                                               \
        int64_t parallel_last PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__))                    \
    {                                                                                                         \
        const int parallel_outer = name##_parallel_is_left; /* of the run of this loop that this one is in */ \
        int64_t parallel_i = parallel_first;                                                                  \
        name##_parallel_is_left = 0;                                                                          \
        PARALLEL_ITERATION_TRY                                                                                \
        for (; parallel_i < parallel_last && !name##_parallel_is_left; ++parallel_i)                          \
            name##_parallel_body(parallel_i PARALLEL_PAIRS(PARALLEL_CAPTURE_PASS, name, __VA_ARGS__));        \
        PARALLEL_ITERATION_CATCH                                                                              \
        name##_parallel_is_left = parallel_outer;                                                             \
        return parallel_i;                                                                                    \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_UNUSED static int64_t name##_parallel_range(const void *parallel_arguments,                      \
                                                         int64_t parallel_first, int64_t parallel_last)       \
    {                                                                                                         \
        const struct name##_parallel_arguments *parallel_packed =                                             \
            (const struct name##_parallel_arguments *)parallel_arguments;                                     \
        (void)parallel_packed;                                                                                \
        return name##_parallel_iterate(                                                                       \
            parallel_first,                                                                                   \
            parallel_last PARALLEL_PAIRS(PARALLEL_CAPTURE_UNPACK, name, __VA_ARGS__));                        \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_UNUSED static const char *const name##_parallel_capture_names[] = {                              \
        PARALLEL_PAIRS(PARALLEL_CAPTURE_NAME, name, __VA_ARGS__) NULL};                                       \
    PARALLEL_UNUSED static parallel_loop_history name##_parallel_history;                                     \
    PARALLEL_UNUSED static const parallel_named_loop name##_parallel_loop = {                                 \
        PARALLEL_PP_STRING(name),                                                                             \
        __FILE__,                                                                                             \
        __LINE__,                                                                                             \
        PARALLEL_SERIAL,                                                                                      \
        name##_parallel_range,                                                                                \
        name##_parallel_leave,                                                                                \
        name##_parallel_capture_names,                                                                        \
        &name##_parallel_history,                                                                             \
        NULL};                                                                            \
                                                                                                              \
    PARALLEL_UNUSED static void name##_parallel_perform(const void *parallel_arguments,                       \
                                                        void *parallel_result)                                \
    {                                                                                                         \
        (void)parallel_result;                                                                                \
        parallel_named_loop_perform(&name##_parallel_loop, parallel_arguments, NULL);                               \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_UNUSED static const parallel_parameter name##_parallel_parameters[] = {                          \
        {PARALLEL_PARAMETER_VALUE, sizeof(parallel_loop_call), 0, 0, {0, 0}},                                 \
        PARALLEL_PAIRS(PARALLEL_CAPTURE_PARAMETER, name, __VA_ARGS__)};                                       \
                                                                                                              \
    PARALLEL_UNUSED static const parallel_function name##_parallel_function = {                               \
        PARALLEL_PP_STRING(name),                                                                             \
        (void (*)(void))name##_parallel_range,                                                                \
        name##_parallel_perform,                                                                              \
        NULL,                                                                                                 \
        sizeof(struct name##_parallel_arguments),                                                             \
        __alignof__(struct name##_parallel_arguments),                                                        \
        0,                                                                                                    \
        1,                                                                                                    \
        (int)(sizeof name##_parallel_parameters / sizeof name##_parallel_parameters[0]),                      \
        name##_parallel_parameters};                                                                          \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK parallel_future *name##_on_with(                                   \
        parallel_executor *parallel_ex, const parallel_loop_options *parallel_options,                        \
        int64_t parallel_begin,                                                                               \
        int64_t parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__))                     \
    {                                                                                                         \
        const struct name##_parallel_arguments parallel_packed = {                                            \
            parallel_loop_call_make(parallel_begin, parallel_end, parallel_options)                           \
                PARALLEL_PAIRS(PARALLEL_CAPTURE_PASS, name, __VA_ARGS__)};                                    \
        return parallel_named_loop_submit(parallel_ex, &name##_parallel_loop, &name##_parallel_function,      \
                                          &parallel_packed.parallel_call);                                    \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK parallel_future *name##_on(                                        \
        parallel_executor *parallel_ex, int64_t parallel_begin,                                               \
        int64_t parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__))                     \
    {                                                                                                         \
        return name##_on_with(parallel_ex, NULL, parallel_begin,                                              \
                              parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_PASS, name, __VA_ARGS__));         \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK parallel_future *name##_async_with(                                \
        const parallel_loop_options *parallel_options, int64_t parallel_begin,                                \
        int64_t parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__))                     \
    {                                                                                                         \
        return name##_on_with(NULL, parallel_options, parallel_begin,                                         \
                              parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_PASS, name, __VA_ARGS__));         \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK parallel_future *name##_async(                                     \
        int64_t parallel_begin,                                                                               \
        int64_t parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__))                     \
    {                                                                                                         \
        return name##_on_with(NULL, NULL, parallel_begin,                                                     \
                              parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_PASS, name, __VA_ARGS__));         \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK int name##_run_with(                                               \
        const parallel_loop_options *parallel_options, int64_t parallel_begin,                                \
        int64_t parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__))                     \
    {                                                                                                         \
        const struct name##_parallel_arguments parallel_packed = {                                            \
            parallel_loop_call_make(parallel_begin, parallel_end, parallel_options)                           \
                PARALLEL_PAIRS(PARALLEL_CAPTURE_PASS, name, __VA_ARGS__)};                                    \
        return parallel_named_loop_run(&name##_parallel_loop, &name##_parallel_function,                      \
                                       &parallel_packed.parallel_call);                                       \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK int name##_run(                                                    \
        int64_t parallel_begin,                                                                               \
        int64_t parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__))                     \
    {                                                                                                         \
        return name##_run_with(NULL, parallel_begin,                                                          \
                               parallel_end PARALLEL_PAIRS(PARALLEL_CAPTURE_PASS, name, __VA_ARGS__));        \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_RESULTS_VOID(name, void)                                                                      \
                                                                                                              \
    PARALLEL_PP_INLINE void name##_parallel_body(                                                             \
        PARALLEL_UNUSED int64_t i PARALLEL_PAIRS(PARALLEL_CAPTURE_DECLARE, name, __VA_ARGS__))

/* An exception fails the iteration that it leaves, and ends the claim as parallel_fail() does. */
#ifdef __cpp_exceptions
#define PARALLEL_ITERATION_TRY try {
#define PARALLEL_ITERATION_CATCH                                                                              \
    }                                                                                                         \
    catch (const std::exception &parallel_exception)                                                          \
    {                                                                                                         \
        (void)parallel_fail(PARALLEL_EEXCEPTION, "%s", parallel_exception.what());                            \
        ++parallel_i;                                                                                         \
    }                                                                                                         \
    catch (...)                                                                                               \
    {                                                                                                         \
        (void)parallel_fail(PARALLEL_EEXCEPTION, "an exception that is not a std::exception");                \
        ++parallel_i;                                                                                         \
    }
#else
#define PARALLEL_ITERATION_TRY
#define PARALLEL_ITERATION_CATCH
#endif

#endif
