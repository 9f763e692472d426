/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Named loops: a loop whose body has a name runs on the workers of an executor, without OpenMP. This file chooses where.
 *
 *     run:     in the calling thread, which owns it, and in workers that help (named_run.c)
 *     submit:  a call whose body is `run` on the executor's worker that takes it
 *
 * An executor without a board runs the loop as calls: a serial one as one, in the caller, an executor of processes as a few
 * for each worker. */
#include <libparallel/named_loop.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libparallel/shared.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/atomics.h"
#include "libparallel/base/settings.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/frame.h"
#include "libparallel/executors/scope.h"
#include "libparallel/report/progress.h"
#include "libparallel/tasks/future.h"
#include "libparallel/tasks/named_run.h"

/* Calls that a loop becomes, for each worker, on workers that cannot share claims. */
enum { PIECES_PER_WORKER = 4 };

static int hand_over(const parallel_loop_options *options, int code)
{
    if (options->status != NULL && code != 0)
        *options->status = *parallel_last_error();
    else if (options->status != NULL)
        *options->status = (parallel_error){.code = 0};
    return code;
}

static int check(const parallel_named_loop *loop, const parallel_loop_options *options)
{
    if (options->workers > PL_LARGEST_COUNT)
        return pl_error_set(PARALLEL_EINVALID, 0, "loop %s: .workers: %zu is more than %d", pl_named_label(loop, options),
                            options->workers, PL_LARGEST_COUNT);
    return 0;
}

/* Whether the workers of an executor of processes see what they would read and write. */
static int check_carriage(const struct parallel_executor *executor, const parallel_named_loop *loop,
                          const parallel_function *function, const parallel_loop_call *call)
{
    const char *label = pl_named_label(loop, &call->options);
    if (call->options.stopped_at != NULL)
        return pl_error_set(PARALLEL_EARGUMENT, 0, "loop %s: .stopped_at is not seen by the workers of a %s executor",
                            label, executor->kind->name);
    for (int k = 1; k < function->parameter_count; k++) {
        if (function->parameters[k].kind != PARALLEL_PARAMETER_POINTER)
            continue;
        const void *pointer;
        memcpy(&pointer, (const char *)call + function->parameters[k].offset, sizeof pointer);
        if (pointer != NULL && !parallel_shared_contains(pointer))
            return pl_error_set(PARALLEL_EARGUMENT, 0,
                                "loop %s: the capture %s is a bare pointer; what it points to is not seen by the "
                                "workers of a %s executor, unless it is shared memory",
                                label, loop->capture_names[k - 1], executor->kind->name);
    }
    return 0;
}

/* A loop as calls: each makes a piece, of about as many units as the others. */
struct pieces {
    const parallel_named_loop *loop;
    const parallel_function *function;
    const parallel_loop_call *call;
    parallel_future **futures;
    size_t count;
    uint64_t range;
    uint64_t unit;
    uint32_t unit_count;
    unsigned char *records; /* of a loop that accumulates: in shared memory, behind the pieces' stops; else NULL */
    uint64_t *stops;
    struct pl_progress *progress;
};

static uint32_t first_unit(const struct pieces *pieces, size_t k)
{
    return (uint32_t)((uint64_t)pieces->unit_count * k / pieces->count);
}

static uint64_t first_offset(const struct pieces *pieces, size_t k)
{
    return k < pieces->count ? first_unit(pieces, k) * pieces->unit : pieces->range;
}

/* The worst that the calls have come to, in the order of the range; gives them back. */
static int await_pieces(struct pieces *pieces, void *values)
{
    parallel_error first = {.code = 0};
    struct pl_progress_part counted = {0, 0};
    bool is_over = false; /* what is above a failure or a stop is not needed */
    for (size_t k = 0; k < pieces->count; k++) {
        if (is_over)
            (void)parallel_future_cancel(pieces->futures[k]);
        if (parallel_future_result(pieces->futures[k], pieces->function, PARALLEL_NEVER, values) != 0) {
            if (!is_over)
                first = *parallel_last_error();
            is_over = true;
        } else if (pieces->progress != NULL) {
            pl_progress_count(pieces->progress, &counted, first_offset(pieces, k + 1) - first_offset(pieces, k),
                              pl_clock_now_ns());
        }
        is_over = is_over || (pieces->stops != NULL && pieces->stops[k] != UINT64_MAX);
        parallel_future_release(pieces->futures[k]);
    }
    if (pieces->progress != NULL)
        pl_progress_publish(pieces->progress, &counted, pl_clock_now_ns());
    return first.code != 0 ? pl_error_set_copy(&first) : 0;
}
/* Where pieces that run elsewhere leave their records, and where each was stopped. */
static int share_records(struct pieces *pieces)
{
    size_t size, stops_size = (pieces->count * sizeof *pieces->stops + PL_CACHE_LINE - 1) / PL_CACHE_LINE * PL_CACHE_LINE;
    if (__builtin_mul_overflow(pieces->loop->sums->record_size, (size_t)pieces->unit_count, &size) ||
        __builtin_add_overflow(size, stops_size, &size))
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "loop %s: no memory for %" PRIu32 " records of %zu bytes",
                            pl_named_label(pieces->loop, &pieces->call->options), pieces->unit_count,
                            pieces->loop->sums->record_size);
    pieces->stops = parallel_shared_alloc(size);
    if (pieces->stops == NULL)
        return parallel_last_error()->code;
    for (size_t k = 0; k < pieces->count; k++)
        pieces->stops[k] = UINT64_MAX;
    pieces->records = (unsigned char *)pieces->stops + stops_size;
    return 0;
}

static void combine_pieces(const struct pieces *pieces, void *values)
{
    uint64_t stop = UINT64_MAX;
    for (size_t k = 0; k < pieces->count && stop == UINT64_MAX; k++)
        if (pieces->stops[k] != UINT64_MAX)
            stop = first_offset(pieces, k) + pieces->stops[k];
    pl_named_combine(pieces->loop, pieces->call, pieces->records, pieces->unit_count, pieces->unit, stop, values);
}

static int submit_pieces(struct pieces *pieces, struct parallel_executor *executor)
{
    const parallel_function *function = pieces->function;
    parallel_loop_call *piece = aligned_alloc(function->argument_alignment, function->argument_size);
    if (piece == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for loop %s",
                            pl_named_label(pieces->loop, &pieces->call->options));
    memcpy(piece, pieces->call, function->argument_size);
    piece->options.status = NULL; /* the caller's to fill */
    if (pieces->progress != NULL)
        piece->options.progress = false;
    for (size_t k = 0; k < pieces->count; k++) {
        piece->begin = (int64_t)((uint64_t)pieces->call->begin + first_offset(pieces, k));
        piece->end = (int64_t)((uint64_t)pieces->call->begin + first_offset(pieces, k + 1));
        if (pieces->records != NULL) {
            piece->options.grain = pieces->unit; /* the same units */
            piece->records = pieces->records + first_unit(pieces, k) * pieces->loop->sums->record_size;
            piece->stop = &pieces->stops[k];
        }
        pieces->futures[k] = parallel_named_loop_submit(executor, pieces->loop, function, piece);
    }
    free(piece);
    return 0;
}

/* As calls of an executor that has no board: a few for each worker, so that they even out. */
static int run_as_calls(struct parallel_executor *executor, const parallel_named_loop *loop,
                        const parallel_function *function, const parallel_loop_call *call, void *values)
{
    parallel_executor_info info;
    executor->kind->describe(executor, &info);
    struct pieces pieces = {.loop = loop, .function = function, .call = call, .count = 1, .unit = 1};
    pieces.range = call->begin < call->end ? (uint64_t)call->end - (uint64_t)call->begin : 0;
    bool is_cut = executor->kind->runs_elsewhere && pieces.range > 0;
    if (is_cut) {
        size_t workers = call->options.workers != 0 && call->options.workers < info.worker_count ? call->options.workers
                                                                                                  : info.worker_count;
        pieces.unit_count = pl_named_cut(loop, &call->options, pieces.range, &pieces.unit);
        pieces.count = PIECES_PER_WORKER * workers < pieces.unit_count ? PIECES_PER_WORKER * workers : pieces.unit_count;
    }
    pieces.futures = calloc(pieces.count, sizeof(parallel_future *));
    int code = 0;
    if (pieces.futures == NULL)
        code = pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for loop %s", pl_named_label(loop, &call->options));
    if (code == 0 && is_cut && loop->sums != NULL)
        code = share_records(&pieces);
    if (code == 0 && is_cut && call->options.progress)
        pieces.progress = pl_progress_begin(pl_named_label(loop, &call->options), pieces.range, pl_clock_now_ns());
    if (code == 0)
        code = submit_pieces(&pieces, executor);
    if (code == 0)
        code = await_pieces(&pieces, values);
    if (code == 0 && pieces.records != NULL)
        combine_pieces(&pieces, values);
    if (pieces.progress != NULL)
        pl_progress_end(pieces.progress, pl_clock_now_ns());
    if (pieces.stops != NULL)
        parallel_shared_free(pieces.stops);
    free(pieces.futures);
    return code;
}

static int run_on(struct parallel_executor *executor, const parallel_named_loop *loop,
                  const parallel_function *function, const parallel_loop_call *call, void *values)
{
    if (executor->fork_count != pl_fork_count())
        return pl_error_set(PARALLEL_EFORKED, 0, "loop %s: the executor belongs to the parent process",
                            pl_named_label(loop, &call->options));
    if (executor->kind->board == NULL) {
        bool is_inside = pl_frame_innermost != NULL && pl_frame_innermost->executor == executor;
        return is_inside ? pl_named_run(executor, 1, loop, call, values)
                         : run_as_calls(executor, loop, function, call, values);
    }
    parallel_executor_info info;
    executor->kind->describe(executor, &info);
    if (info.is_shut_down && !pl_frame_is_inside(executor))
        return pl_error_set(PARALLEL_ESHUTDOWN, 0, "loop %s on a %s executor after its shutdown",
                            pl_named_label(loop, &call->options), executor->kind->name);
    return pl_named_run(executor, info.worker_count, loop, call, values);
}

int parallel_named_loop_reduce(const parallel_named_loop *loop, const parallel_function *function,
                               const parallel_loop_call *call, void *values)
{
    int code = check(loop, &call->options);
    if (code != 0)
        return hand_over(&call->options, code);
    if (loop->is_serial)
        return hand_over(&call->options, pl_named_run(NULL, 1, loop, call, values));
    struct parallel_executor *executor = call->options.executor != NULL ? call->options.executor : pl_named_run_executor();
    if (executor == NULL)
        return hand_over(&call->options, parallel_last_error()->code);
    return hand_over(&call->options, run_on(executor, loop, function, call, values));
}

int parallel_named_loop_run(const parallel_named_loop *loop, const parallel_function *function,
                            const parallel_loop_call *call)
{
    return parallel_named_loop_reduce(loop, function, call, NULL);
}

/* To workers that do not see this memory, without what they could not use. */
static parallel_future *submit_elsewhere(struct parallel_executor *executor, const parallel_named_loop *loop,
                                         const parallel_function *function, const parallel_loop_call *call)
{
    parallel_loop_call *carried = NULL;
    int code = check_carriage(executor, loop, function, call);
    if (code == 0 && call->options.status != NULL)
        code = pl_error_set(PARALLEL_EARGUMENT, 0, "loop %s: .status is not seen by the workers of a %s executor",
                            pl_named_label(loop, &call->options), executor->kind->name);
    if (code == 0 && (carried = aligned_alloc(function->argument_alignment, function->argument_size)) == NULL)
        code = pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for loop %s", pl_named_label(loop, &call->options));
    if (code != 0)
        return pl_future_create_failed(NULL, parallel_last_error());
    memcpy(carried, call, function->argument_size);
    carried->options.label = NULL;
    carried->options.executor = NULL;
    parallel_future *future = parallel_submit(executor, function, carried);
    free(carried);
    return future;
}

/* -DPARALLEL_SERIAL: a call that has ended when it is handed out. */
static parallel_future *perform_at_once(const parallel_function *function, const parallel_loop_call *call)
{
    parallel_future *future = pl_future_create(&pl_call_class, function, function->result_size, NULL, 1);
    if (future == NULL) {
        pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for a call");
        return pl_future_create_failed(function->name, parallel_last_error());
    }
    memcpy(pl_future_arguments(future), call, function->argument_size);
    (void)pl_task_claim(&future->task); /* nobody else knows it */
    future->task.class->run(&future->task);
    return future;
}

parallel_future *parallel_named_loop_submit(parallel_executor *executor, const parallel_named_loop *loop,
                                            const parallel_function *function, const parallel_loop_call *call)
{
    if (check(loop, &call->options) != 0)
        return pl_future_create_failed(NULL, parallel_last_error());
    if (loop->is_serial)
        return perform_at_once(function, call);
    if (executor == NULL)
        executor = call->options.executor != NULL ? call->options.executor : parallel_executor_default();
    if (executor != NULL && executor->kind->runs_elsewhere)
        return submit_elsewhere(executor, loop, function, call);
    return parallel_submit(executor, function, call);
}

void parallel_named_loop_perform(const parallel_named_loop *loop, const void *arguments, void *values)
{
    const parallel_loop_call *call = arguments;
    struct parallel_executor *executor = pl_frame_innermost != NULL ? pl_frame_innermost->executor : NULL;
    size_t most = 1;
    if (executor != NULL && executor->kind->board != NULL && !loop->is_serial) {
        parallel_executor_info info;
        executor->kind->describe(executor, &info);
        most = info.worker_count;
    }
    int code = hand_over(&call->options, pl_named_run(executor, most, loop, call, values));
    if (code != 0)
        (void)parallel_fail(code, "%s", parallel_last_error()->message);
}

int parallel_loop_stop(void)
{
    struct pl_iteration_scope *iteration = pl_iteration_current();
    if (iteration == NULL)
        return pl_error_set(PARALLEL_EMISUSE, 0, "parallel_loop_stop: called outside of the body of a named loop");
    iteration->is_stopped = true;
    iteration->leave();
    return 0;
}
