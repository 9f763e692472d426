/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Named loops: what PARALLEL_LOOP (macros/parallel_loop.h) tells the library about a loop, and calls. A program uses the
 * functions that the macro generates, and of this header parallel_loop_stop(). */
#ifndef LIBPARALLEL_NAMED_LOOP_H
#define LIBPARALLEL_NAMED_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include <libparallel/compiler.h>
#include <libparallel/future.h>
#include <libparallel/loop.h>

PARALLEL_BEGIN_C

/* Stops the named loop whose body the caller is in, as `break` would; the caller then returns from the body:
 *
 *     PARALLEL_LOOP(find, (const int *, x, int, wanted), i)
 *     {
 *         if (x[i] == wanted) {
 *             parallel_loop_stop();
 *             return;
 *         }
 *     }
 *
 * Every iteration below the lowest one that stops has run; of those above it some may have. .stopped_at receives that
 * index. The loop has not failed. 0; PARALLEL_EMISUSE: not in the body of a named loop, or in a task or another loop
 * inside of it. */
PARALLEL_API int parallel_loop_stop(void);

/* ---- What follows belongs to the macro; members are private to the library. ---- */

/* The first part of a loop's arguments; its captures follow. */
typedef struct parallel_loop_call {
    int64_t begin;
    int64_t end;
    parallel_loop_options options;
    void *records;  /* a part of a reduction leaves the values of its units here; NULL: they are combined */
    uint64_t *stop; /* with records: and the offset in this part at which it was stopped; else UINT64_MAX */
} parallel_loop_call;

static inline parallel_loop_call parallel_loop_call_make(int64_t begin, int64_t end,
                                                         const parallel_loop_options *options)
{
    parallel_loop_call call;
    if (options != NULL)
        call.options = *options;
    else
        __builtin_memset(&call.options, 0, sizeof call.options);
    call.begin = begin;
    call.end = end;
    call.records = NULL;
    call.stop = NULL;
    return call;
}

/* What is known about what a loop costs: written by those who run it. */
typedef struct parallel_loop_history {
    float ns_per_iteration; /* 0: not measured yet */
    uint32_t untimed_runs;  /* since it was last measured */
} parallel_loop_history;

/* What a loop accumulates: a record is a value of each variable. */
typedef struct parallel_loop_sums {
    size_t record_size;
    size_t before_offset; /* in the arguments: the record before the loop */
    /* As the loop's range(), with what these iterations have accumulated. */
    int64_t (*range)(const void *arguments, int64_t first, int64_t last, void *record);
    void (*combine)(void *into, const void *from);
} parallel_loop_sums;

typedef struct parallel_named_loop {
    const char *name;
    const char *file;
    int line;
    int is_serial; /* -DPARALLEL_SERIAL: it runs in one thread, and in the caller if that starts it */
    /* Runs the iterations first .. last-1, or up to the one that has called leave(); returns the index after it. */
    int64_t (*range)(const void *arguments, int64_t first, int64_t last);
    void (*leave)(void);
    const char *const *capture_names; /* of the function's parameters from the second on */
    parallel_loop_history *history;
    const parallel_loop_sums *sums; /* NULL: it accumulates nothing; else there is no range() */
} parallel_named_loop;

/* Runs the loop and waits; the calling thread takes part. 0, or the error: see parallel_loop.h. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_named_loop_run(const parallel_named_loop *loop,
                                                             const parallel_function *function,
                                                             const parallel_loop_call *call);

/* The same, of a loop that accumulates: `values` receives its record, if the loop has not failed. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_named_loop_reduce(const parallel_named_loop *loop,
                                                                const parallel_function *function,
                                                                const parallel_loop_call *call, void *values);

/* Submits the loop to `executor` (NULL: the default one). Never NULL. */
PARALLEL_API PARALLEL_MUST_CHECK parallel_future *parallel_named_loop_submit(parallel_executor *executor,
                                                                            const parallel_named_loop *loop,
                                                                            const parallel_function *function,
                                                                            const parallel_loop_call *call);

/* What the submitted call does: runs the loop on the executor of the calling task, which fails as the loop does. `values`:
 * the record of a loop that accumulates, else NULL. */
PARALLEL_API void parallel_named_loop_perform(const parallel_named_loop *loop, const void *arguments, void *values);

PARALLEL_END_C

#endif
