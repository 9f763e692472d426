/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PARALLEL_FN(result, name, parameter...) goes after the declaration of an existing function and makes it callable
 * without blocking. It changes nothing about `name` itself; no semicolon follows it. For
 *
 *     double simulate(double rate, int steps);
 *     PARALLEL_FN(double, simulate, double, int)
 *
 * it generates, as static inline functions that the compiler checks,
 *
 *     parallel_future *simulate_async(double, int);                    submit to the default executor
 *     parallel_future *simulate_on(parallel_executor *, double, int);  submit to this one
 *     parallel_future *simulate_on_with(parallel_executor *, const parallel_call_options *, double, int);
 *                                                                      and there: at a place, near data (future.h)
 *     int simulate_result(parallel_future *, double *out);             wait: 0 and the value, or the error code
 *     int simulate_result_until(parallel_future *, uint64_t deadline_ns, double *out);
 *     double simulate_await(parallel_future *);                        wait, hand over the value, release the future;
 *                                                                      a failure ends the program with one line
 *     int simulate_map(parallel_executor *, size_t n, double out[], const double *, const int *);
 *     int simulate_map_with(parallel_executor *, size_t n, const parallel_map_options *, double out[], ...);
 *
 *
 * and, for fork-join inside a task,
 *
 *     simulate_task t;                                                 the record of one call, in the caller's frame
 *     void simulate_spawn(simulate_task *, double, int);               another worker may run it from now on
 *     double simulate_sync(simulate_task *);                           its result: another worker's, or by calling now
 *
 * Each spawn has its sync in the same activation, on every path, and syncs come in reverse order of spawns. Nothing is
 * allocated, and a call that nobody took is a direct call. Off the workers of a `threads` executor the sync calls; with
 * -DPARALLEL_SERIAL the spawn does, so that a program runs in the order in which it is written. A spawned call that fails
 * fails the enclosing task; its sync then returns a value without meaning. If the task forks in between, its syncs in the
 * child call what had not come back by then.
 *
 * A result of void has no `out`. None to 16 parameters. _async and _on never return NULL: a submission that fails is an
 * already failed future. See future.h for what can be done with a future and who owns it, map.h for maps.
 *
 * A parameter is a type, passed by value, or says what a pointer points to, so that it can be carried to a worker that
 * does not see the caller's memory; the caller keeps that memory alive and unmodified until the future has ended:
 *
 *     PARALLEL_IN(T, n [, m])     const T *: reads as many T as argument n (times argument m) says, counted from 1
 *     PARALLEL_OUT(T, n [, m])    T *: writes them
 *     PARALLEL_INOUT(T, n [, m])  T *: both
 *     PARALLEL_STRING             const char *: zero-terminated
 *
 * PARALLEL_FN_AS(prefix, result, name, parameter...) generates prefix_async and so on, where name_map would clash.
 *
 * In C++ an exception that leaves the function fails its future with PARALLEL_EEXCEPTION and its what().
 *
 * How it is built: the arguments form a struct of their own, filled by aggregate initialisation; a generated thunk takes
 * them out and calls the function; a constant descriptor (function.h) says the rest to the library. All logic is
 * there; this file only makes types. */
#ifndef PARALLEL_FN_H
#define PARALLEL_FN_H

#include <libparallel/future.h>
#include <libparallel/map.h>
#include <libparallel/scope.h>
#include <libparallel/deque.h>

#include <string.h>

#include "parallel_preprocessor.h"
#include "parallel_serial.h"

#ifdef __cplusplus
#include <exception>
#endif

#define PARALLEL_FN(result, ...)            PARALLEL_PP_FN_(PARALLEL_PP_FIRST(__VA_ARGS__), result, __VA_ARGS__)
#define PARALLEL_FN_AS(prefix, result, ...) PARALLEL_PP_FN_(prefix, result, __VA_ARGS__)

/* ---- Parameters: PARALLEL_IN and its kind are never macros themselves; pasting recognises them ---- */

#define PARALLEL_PP_KIND_PARALLEL_IN(...)    ~, IN
#define PARALLEL_PP_KIND_PARALLEL_OUT(...)   ~, OUT
#define PARALLEL_PP_KIND_PARALLEL_INOUT(...) ~, INOUT
#define PARALLEL_PP_KIND_PARALLEL_STRING     ~, STRING
#define PARALLEL_PP_KIND(parameter)          PARALLEL_PP_SECOND(PARALLEL_PP_KIND_##parameter, PLAIN, ~)

#define PARALLEL_PP_TYPE(parameter) PARALLEL_PP_CAT(PARALLEL_PP_TYPE_, PARALLEL_PP_KIND(parameter))(parameter)
#define PARALLEL_PP_TYPE_PLAIN(parameter)  __typeof__(parameter)
#define PARALLEL_PP_TYPE_IN(parameter)     const PARALLEL_PP_ELEMENT_##parameter *
#define PARALLEL_PP_TYPE_OUT(parameter)    PARALLEL_PP_ELEMENT_##parameter *
#define PARALLEL_PP_TYPE_INOUT(parameter)  PARALLEL_PP_ELEMENT_##parameter *
#define PARALLEL_PP_TYPE_STRING(parameter) const char *

#define PARALLEL_PP_ELEMENT_PARALLEL_IN(type, ...)    __typeof__(type)
#define PARALLEL_PP_ELEMENT_PARALLEL_OUT(type, ...)   __typeof__(type)
#define PARALLEL_PP_ELEMENT_PARALLEL_INOUT(type, ...) __typeof__(type)
#define PARALLEL_PP_COUNTS_PARALLEL_IN(type, ...)     {__VA_ARGS__}
#define PARALLEL_PP_COUNTS_PARALLEL_OUT(type, ...)    {__VA_ARGS__}
#define PARALLEL_PP_COUNTS_PARALLEL_INOUT(type, ...)  {__VA_ARGS__}

/* kind, element size and counts of a parameter, as three initializers */
#define PARALLEL_PP_TRAITS(parameter) PARALLEL_PP_CAT(PARALLEL_PP_TRAITS_, PARALLEL_PP_KIND(parameter))(parameter)
/* 5 is pointer_type_class of gcc and clang; the operand is not evaluated. */
#define PARALLEL_PP_TRAITS_PLAIN(parameter)                                                                   \
    __builtin_classify_type(*(__typeof__(parameter) *)0) == 5 ? PARALLEL_PARAMETER_POINTER                    \
                                                              : PARALLEL_PARAMETER_VALUE,                     \
        0, {0, 0}
#define PARALLEL_PP_TRAITS_ARRAY(kind, parameter)                                                             \
    kind, sizeof(PARALLEL_PP_ELEMENT_##parameter), PARALLEL_PP_COUNTS_##parameter
#define PARALLEL_PP_TRAITS_IN(parameter)     PARALLEL_PP_TRAITS_ARRAY(PARALLEL_PARAMETER_IN, parameter)
#define PARALLEL_PP_TRAITS_OUT(parameter)    PARALLEL_PP_TRAITS_ARRAY(PARALLEL_PARAMETER_OUT, parameter)
#define PARALLEL_PP_TRAITS_INOUT(parameter)  PARALLEL_PP_TRAITS_ARRAY(PARALLEL_PARAMETER_INOUT, parameter)
#define PARALLEL_PP_TRAITS_STRING(parameter) PARALLEL_PARAMETER_STRING, 0, {0, 0}

/* ---- One expansion a parameter; c is the prefix, k counts from 1 ---- */

#define PARALLEL_PP_MEMBER(c, k, parameter)  PARALLEL_PP_TYPE(parameter) parallel_##k;
#define PARALLEL_PP_DECLARE(c, k, parameter) , PARALLEL_PP_TYPE(parameter) parallel_##k
#define PARALLEL_PP_DECLARE_FIRST(c, k, parameter) PARALLEL_PP_TYPE(parameter) parallel_##k
#define PARALLEL_PP_PASS(c, k, parameter)    , parallel_##k
#define PARALLEL_PP_NAME(c, k, parameter)    parallel_##k
#define PARALLEL_PP_UNPACK(c, k, parameter)  parallel_arguments->parallel_##k
#define PARALLEL_PP_COLUMN(c, k, parameter)  , PARALLEL_PP_TYPE(parameter) const *parallel_##k
#define PARALLEL_PP_COLUMN_POINTER(c, k, parameter) (const void *)parallel_##k,
#define PARALLEL_PP_ELEMENT_OF(c, k, parameter)                                                               \
    ((PARALLEL_PP_TYPE(parameter) const *)parallel_range->columns[k - 1])[parallel_i]
#define PARALLEL_PP_PARAMETER(c, k, parameter)                                                                \
    {PARALLEL_PP_TRAITS_KIND(parameter), sizeof(PARALLEL_PP_TYPE(parameter)),                                 \
     offsetof(struct c##_parallel_arguments, parallel_##k), PARALLEL_PP_TRAITS_REST(parameter)},
#define PARALLEL_PP_TRAITS_KIND_(kind, ...) kind
#define PARALLEL_PP_TRAITS_REST_(kind, ...) __VA_ARGS__
#define PARALLEL_PP_APPLY(M, ...)           M(__VA_ARGS__)
#define PARALLEL_PP_TRAITS_KIND(parameter)                                                                    \
    PARALLEL_PP_APPLY(PARALLEL_PP_TRAITS_KIND_, PARALLEL_PP_TRAITS(parameter))
#define PARALLEL_PP_TRAITS_REST(parameter)                                                                    \
    PARALLEL_PP_APPLY(PARALLEL_PP_TRAITS_REST_, PARALLEL_PP_TRAITS(parameter))

/* ---- void or not: a function-like probe, so that `void *` is not void ---- */

#define PARALLEL_PP_VOID_PROBE_void() ~, VOID
#define PARALLEL_PP_RESULT(result)    PARALLEL_PP_SECOND(PARALLEL_PP_VOID_PROBE_##result(), VALUE, ~)

/* ---- C++: no exception crosses the library ---- */

#ifdef __cpp_exceptions
#define PARALLEL_PP_TRY try {
#define PARALLEL_PP_CATCH                                                                                     \
    }                                                                                                         \
    catch (const std::exception &parallel_exception)                                                          \
    {                                                                                                         \
        (void)parallel_fail(PARALLEL_EEXCEPTION, "%s", parallel_exception.what());                            \
    }                                                                                                         \
    catch (...)                                                                                               \
    {                                                                                                         \
        (void)parallel_fail(PARALLEL_EEXCEPTION, "an exception that is not a std::exception");                \
    }
#else
#define PARALLEL_PP_TRY {
#define PARALLEL_PP_CATCH }
#endif

#define PARALLEL_PP_INLINE PARALLEL_UNUSED static inline

/* ---- The parts that differ with the result ---- */

#define PARALLEL_PP_STORE_VALUE(result_type, call)                                                            \
    PARALLEL_PP_TRY *(__typeof__(result_type) *)parallel_result = call;                                       \
    PARALLEL_PP_CATCH
#define PARALLEL_PP_STORE_VOID(result_type, call)                                                             \
    (void)parallel_result;                                                                                    \
    PARALLEL_PP_TRY call;                                                                                     \
    PARALLEL_PP_CATCH

#define PARALLEL_PP_STORE_AT_VALUE(result_type, call)                                                         \
    PARALLEL_PP_TRY __typeof__(result_type) parallel_value = call;                                            \
    if (*parallel_range->failure == NULL)                                                                          \
        ((__typeof__(result_type) *)parallel_range->results)[parallel_i] = parallel_value;                    \
    PARALLEL_PP_CATCH
#define PARALLEL_PP_STORE_AT_VOID(result_type, call)                                                          \
    PARALLEL_PP_TRY call;                                                                                     \
    PARALLEL_PP_CATCH

#define PARALLEL_PP_SIZES_VALUE(result) sizeof(__typeof__(result)), __alignof__(__typeof__(result))
#define PARALLEL_PP_SIZES_VOID(result)  0, 1

#define PARALLEL_PP_RESULTS_VALUE(prefix, result)                                                             \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK int prefix##_result_until(                                         \
        parallel_future *parallel_f, uint64_t parallel_deadline_ns, __typeof__(result) *parallel_out)         \
    {                                                                                                         \
        return parallel_future_result(parallel_f, &prefix##_parallel_function, parallel_deadline_ns,          \
                                      parallel_out);                                                          \
    }                                                                                                         \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK int prefix##_result(parallel_future *parallel_f,                   \
                                                               __typeof__(result) *parallel_out)              \
    {                                                                                                         \
        return parallel_future_result(parallel_f, &prefix##_parallel_function, PARALLEL_NEVER, parallel_out); \
    }                                                                                                         \
    PARALLEL_PP_INLINE __typeof__(result) prefix##_await(parallel_future *parallel_f)                         \
    {                                                                                                         \
        __typeof__(result) parallel_value;                                                                    \
        parallel_future_await(parallel_f, &prefix##_parallel_function, &parallel_value);                      \
        return parallel_value;                                                                                \
    }

#define PARALLEL_PP_RESULTS_VOID(prefix, result)                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK int prefix##_result_until(parallel_future *parallel_f,             \
                                                                     uint64_t parallel_deadline_ns)           \
    {                                                                                                         \
        return parallel_future_result(parallel_f, &prefix##_parallel_function, parallel_deadline_ns, NULL);   \
    }                                                                                                         \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK int prefix##_result(parallel_future *parallel_f)                   \
    {                                                                                                         \
        return parallel_future_result(parallel_f, &prefix##_parallel_function, PARALLEL_NEVER, NULL);         \
    }                                                                                                         \
    PARALLEL_PP_INLINE void prefix##_await(parallel_future *parallel_f)                                       \
    {                                                                                                         \
        parallel_future_await(parallel_f, &prefix##_parallel_function, NULL);                                 \
    }

#define PARALLEL_PP_OUT_DECLARE_VALUE(result) , __typeof__(result) parallel_out[]
#define PARALLEL_PP_OUT_DECLARE_VOID(result)
#define PARALLEL_PP_OUT_VALUE parallel_out
#define PARALLEL_PP_OUT_VOID  NULL

/* ---- Fork-join: the record of a spawned call, and what runs it on another worker ---- */

#define PARALLEL_PP_TASK_RESULT_VALUE(result) __typeof__(result) parallel_value;
#define PARALLEL_PP_TASK_RESULT_VOID(result)

#define PARALLEL_PP_TASK(prefix, result, R, name, ...)                                                        \
    typedef struct prefix##_task {                                                                            \
        struct parallel_spawn parallel_record; /* first: the library knows no more */                         \
        struct prefix##_parallel_arguments parallel_packed;                                                   \
        PARALLEL_PP_CAT(PARALLEL_PP_TASK_RESULT_, R)(result)                                                  \
    } prefix##_task;                                                                                          \
                                                                                                              \
    PARALLEL_PP_INLINE void prefix##_parallel_spawned_body(struct parallel_spawn *parallel_record)            \
    {                                                                                                         \
        prefix##_task *parallel_t = (prefix##_task *)parallel_record;                                         \
        prefix##_parallel_call(&parallel_t->parallel_packed,                                                  \
                               PARALLEL_PP_CAT(PARALLEL_PP_TASK_VALUE_POINTER_, R));                          \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE void prefix##_parallel_spawned(struct parallel_spawn *parallel_record)                 \
    {                                                                                                         \
        parallel_spawn_run(parallel_record, prefix##_parallel_spawned_body);                                  \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE void prefix##_spawn(                                                                   \
        prefix##_task *parallel_t PARALLEL_PP_EACH(PARALLEL_PP_DECLARE, prefix, __VA_ARGS__))                 \
    {                                                                                                         \
        if (PARALLEL_SERIAL) {                                                                                \
            PARALLEL_PP_CAT(PARALLEL_PP_TASK_KEEP_, R)(                                                       \
                name(PARALLEL_PP_LIST(PARALLEL_PP_NAME, prefix, __VA_ARGS__)));                               \
        } else {                                                                                              \
            const struct prefix##_parallel_arguments parallel_packed = {                                      \
                PARALLEL_PP_IF_NONE(0, , __VA_ARGS__)                                                         \
                PARALLEL_PP_LIST(PARALLEL_PP_NAME, prefix, __VA_ARGS__)};                                     \
            memcpy((void *)&parallel_t->parallel_packed, &parallel_packed, sizeof parallel_packed);           \
            parallel_t->parallel_record.call = prefix##_parallel_spawned;                                     \
            parallel_spawn_push(&parallel_t->parallel_record);                                                \
        }                                                                                                     \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_CAT(PARALLEL_PP_SYNC_, R)(prefix, result, name, __VA_ARGS__)

#define PARALLEL_PP_TASK_KEEP_VALUE(call) parallel_t->parallel_value = call
#define PARALLEL_PP_TASK_KEEP_VOID(call)  call

#define PARALLEL_PP_TASK_VALUE_POINTER_VALUE &parallel_t->parallel_value
#define PARALLEL_PP_TASK_VALUE_POINTER_VOID  NULL

#define PARALLEL_PP_UNPACK_TASK(c, k, parameter) parallel_t->parallel_packed.parallel_##k

#define PARALLEL_PP_SYNC_VALUE(prefix, result, name, ...)                                                     \
    PARALLEL_PP_INLINE __typeof__(result) prefix##_sync(prefix##_task *parallel_t)                            \
    {                                                                                                         \
        if (!PARALLEL_SERIAL &&                                                                               \
            __builtin_expect(parallel_spawn_pop(&parallel_t->parallel_record, PARALLEL_PP_STRING(name)), 1))  \
            return name(PARALLEL_PP_LIST(PARALLEL_PP_UNPACK_TASK, prefix, __VA_ARGS__));                      \
        return parallel_t->parallel_value;                                                                    \
    }

#define PARALLEL_PP_SYNC_VOID(prefix, result, name, ...)                                                      \
    PARALLEL_PP_INLINE void prefix##_sync(prefix##_task *parallel_t)                                          \
    {                                                                                                         \
        if (!PARALLEL_SERIAL &&                                                                               \
            __builtin_expect(parallel_spawn_pop(&parallel_t->parallel_record, PARALLEL_PP_STRING(name)), 1))  \
            name(PARALLEL_PP_LIST(PARALLEL_PP_UNPACK_TASK, prefix, __VA_ARGS__));                             \
    }

/* ---- The whole ---- */

#define PARALLEL_PP_FN_(prefix, result, ...)                                                                  \
    PARALLEL_PP_FN__(prefix, result, PARALLEL_PP_RESULT(result), PARALLEL_PP_FIRST(__VA_ARGS__), __VA_ARGS__)

#define PARALLEL_PP_FN__(prefix, result, R, name, ...)                                                        \
    struct prefix##_parallel_arguments {                                                                      \
        PARALLEL_PP_IF_NONE(char parallel_none;, , __VA_ARGS__)                                               \
        PARALLEL_PP_EACH(PARALLEL_PP_MEMBER, prefix, __VA_ARGS__)                                             \
    };                                                                                                        \
                                                                                                              \
    PARALLEL_PP_INLINE void prefix##_parallel_call(const void *parallel_packed, void *parallel_result)        \
    {                                                                                                         \
        const struct prefix##_parallel_arguments *parallel_arguments =                                        \
            (const struct prefix##_parallel_arguments *)parallel_packed;                                      \
        (void)parallel_arguments;                                                                             \
        PARALLEL_PP_CAT(PARALLEL_PP_STORE_, R)                                                                \
        (result, name(PARALLEL_PP_LIST(PARALLEL_PP_UNPACK, prefix, __VA_ARGS__)))                             \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE size_t prefix##_parallel_call_range(const struct parallel_range_call *parallel_range)  \
    {                                                                                                         \
        size_t parallel_i = parallel_range->first;                                                            \
        while (parallel_i < parallel_range->last && *parallel_range->failure == NULL) {                            \
            PARALLEL_PP_CAT(PARALLEL_PP_STORE_AT_, R)                                                         \
            (result, name(PARALLEL_PP_LIST(PARALLEL_PP_ELEMENT_OF, prefix, __VA_ARGS__)))                     \
            parallel_i++;                                                                                     \
        }                                                                                                     \
        return parallel_i;                                                                                    \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_UNUSED static const parallel_parameter prefix##_parallel_parameters[] = {                        \
        PARALLEL_PP_EACH(PARALLEL_PP_PARAMETER, prefix, __VA_ARGS__){PARALLEL_PARAMETER_VALUE, 0, 0, 0, {0, 0}}}; \
                                                                                                              \
    PARALLEL_UNUSED static const parallel_function prefix##_parallel_function = {                             \
        PARALLEL_PP_STRING(name),                                                                                              \
        (void (*)(void))name,                                                                                 \
        prefix##_parallel_call,                                                                               \
        prefix##_parallel_call_range,                                                                         \
        PARALLEL_PP_IF_NONE(0, sizeof(struct prefix##_parallel_arguments), __VA_ARGS__),                      \
        __alignof__(struct prefix##_parallel_arguments),                                                      \
        PARALLEL_PP_CAT(PARALLEL_PP_SIZES_, R)(result),                                                       \
        (int)(sizeof prefix##_parallel_parameters / sizeof prefix##_parallel_parameters[0]) - 1,              \
        prefix##_parallel_parameters};                                                                        \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK parallel_future *prefix##_on(                                      \
        parallel_executor *parallel_ex PARALLEL_PP_EACH(PARALLEL_PP_DECLARE, prefix, __VA_ARGS__))            \
    {                                                                                                         \
        const struct prefix##_parallel_arguments parallel_packed = {                                          \
            PARALLEL_PP_IF_NONE(0, , __VA_ARGS__) PARALLEL_PP_LIST(PARALLEL_PP_NAME, prefix, __VA_ARGS__)};   \
        return parallel_submit(parallel_ex, &prefix##_parallel_function, &parallel_packed);                   \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK parallel_future *prefix##_on_with(                                 \
        parallel_executor *parallel_ex, const parallel_call_options *parallel_options                         \
            PARALLEL_PP_EACH(PARALLEL_PP_DECLARE, prefix, __VA_ARGS__))                                       \
    {                                                                                                         \
        const struct prefix##_parallel_arguments parallel_packed = {                                          \
            PARALLEL_PP_IF_NONE(0, , __VA_ARGS__) PARALLEL_PP_LIST(PARALLEL_PP_NAME, prefix, __VA_ARGS__)};   \
        return parallel_submit_with(parallel_ex, &prefix##_parallel_function, parallel_options,               \
                                    &parallel_packed);                                                        \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK parallel_future *prefix##_async(                                   \
        PARALLEL_PP_IF_NONE(void, , __VA_ARGS__)                                                              \
            PARALLEL_PP_LIST(PARALLEL_PP_DECLARE_FIRST, prefix, __VA_ARGS__))                                 \
    {                                                                                                         \
        return prefix##_on(NULL PARALLEL_PP_EACH(PARALLEL_PP_PASS, prefix, __VA_ARGS__));                     \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_CAT(PARALLEL_PP_RESULTS_, R)(prefix, result)                                                  \
                                                                                                              \
    PARALLEL_PP_TASK(prefix, result, R, name, __VA_ARGS__)                                                    \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK int prefix##_map_with(                                             \
        parallel_executor *parallel_ex, size_t parallel_count, const parallel_map_options *parallel_options   \
            PARALLEL_PP_CAT(PARALLEL_PP_OUT_DECLARE_, R)(result)                                              \
                PARALLEL_PP_EACH(PARALLEL_PP_COLUMN, prefix, __VA_ARGS__))                                    \
    {                                                                                                         \
        const void *const parallel_columns[] = {                                                              \
            PARALLEL_PP_EACH(PARALLEL_PP_COLUMN_POINTER, prefix, __VA_ARGS__) NULL};                          \
        return parallel_map(parallel_ex, &prefix##_parallel_function, parallel_count, parallel_options,       \
                            PARALLEL_PP_CAT(PARALLEL_PP_OUT_, R), parallel_columns);                          \
    }                                                                                                         \
                                                                                                              \
    PARALLEL_PP_INLINE PARALLEL_MUST_CHECK int prefix##_map(                                                  \
        parallel_executor *parallel_ex, size_t parallel_count PARALLEL_PP_CAT(PARALLEL_PP_OUT_DECLARE_, R)(   \
            result) PARALLEL_PP_EACH(PARALLEL_PP_COLUMN, prefix, __VA_ARGS__))                                \
    {                                                                                                         \
        return prefix##_map_with(parallel_ex, parallel_count, NULL PARALLEL_PP_CAT(PARALLEL_PP_PASS_OUT_, R)  \
                                     PARALLEL_PP_EACH(PARALLEL_PP_PASS, prefix, __VA_ARGS__));                \
    }

#define PARALLEL_PP_PASS_OUT_VALUE , parallel_out
#define PARALLEL_PP_PASS_OUT_VOID

#endif
