/* SPDX-License-Identifier: BSD-3-Clause
 *
 * parallel_map(): one record, and as many runners (tasks) as there are workers to use. Each runner takes chunks of
 * calls from a shared counter until none are left, so a map costs a few tasks however many calls it has, and one shared
 * atomic a chunk.
 *
 * A call that fails lowers `stop` to its index: chunks above are not started, chunks below go on, so in the end `stop` is
 * the lowest failing index and every call below it has been made.
 *
 * The record is freed by its last runner: a runner's queue position may outlive the map when the waiter ran it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/lock.h"
#include "libparallel/executors/deque.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/frame.h"
#include "libparallel/executors/portion.h"
#include "libparallel/tasks/future.h"
#include "libparallel/executors/scope.h"
#include <libparallel/map.h>

/* Chunks a worker takes, on average: enough to even out calls of different length, few enough not to matter. */
enum { CHUNKS_PER_WORKER = 8 };

#define LARGEST_CHUNK (UINT64_C(1) << 48)

struct map;

struct runner {
    struct pl_task task;
    struct map *map;
};

struct map {
    const parallel_function *function;
    const void *const *columns; /* borrowed: the map does not outlive the call that owns them */
    void *results;
    size_t count;
    size_t chunk;
    uint64_t deadline_ns;
    _Atomic size_t live_runners; /* the last one frees the record */
    _Alignas(PL_CACHE_LINE) _Atomic size_t next; /* first call that nobody has taken */
    _Alignas(PL_CACHE_LINE) _Atomic size_t stop; /* calls from here on are not wanted; `count` at first */
    _Atomic uint32_t is_late;                    /* the deadline has passed */
    struct pl_lock failure_lock;                 /* guards failure and failed_index */
    size_t failed_index;                         /* lowest so far; SIZE_MAX: none */
    parallel_error failure;                      /* of that call, or why a runner could not run */
    struct runner runners[];
};

struct map_scope {
    struct pl_scope scope;
    struct map *map;
    size_t first;
};

static bool is_cancelled(const struct pl_scope *scope)
{
    const struct map_scope *here = (const struct map_scope *)scope;
    /* Relaxed: a request, no data. */
    return pl_load_relaxed(&here->map->stop) <= here->first || pl_load_relaxed(&here->map->is_late) != 0;
}

static void lower_stop(struct map *map, size_t index)
{
    size_t stop = pl_load_relaxed(&map->stop); /* relaxed: a bound for those who start chunks, no data */
    while (index < stop && !pl_cas_relaxed(&map->stop, &stop, index))
        continue;
}

static void record_failure(struct map *map, size_t index, const parallel_error *error)
{
    pl_lock_acquire(&map->failure_lock);
    if (index < map->failed_index) {
        map->failed_index = index;
        map->failure = *error;
    }
    pl_lock_release(&map->failure_lock);
    lower_stop(map, index);
}

static void run_chunk(struct map *map, size_t first, size_t last)
{
    struct map_scope here = {.map = map, .first = first};
    struct parallel_range_call range = {.columns = map->columns,
                                        .results = map->results,
                                        .first = first,
                                        .last = last,
                                        .failure = &here.scope.failure};
    struct pl_section section;
    pl_section_enter(&section, &here.scope, is_cancelled);
    size_t end = map->function->call_range(&range);
    pl_section_leave(&section, map->function->name);
    if (pl_scope_has_failed(&here.scope)) {
        parallel_error error;
        pl_scope_take_failure(&here.scope, &error);
        record_failure(map, end - 1, &error);
    }
}

/* All calls that are wanted have been taken by somebody. */
static bool is_taken(struct map *map)
{
    size_t next = pl_load_relaxed(&map->next); /* relaxed, as below: bounds, no data */
    return next >= map->count || next >= pl_load_relaxed(&map->stop);
}

static bool take_chunk(struct map *map, size_t *first, size_t *last)
{
    if (is_taken(map)) /* before the clock: who has nothing left to do is not late */
        return false;
    if (map->deadline_ns != PARALLEL_NEVER && pl_deadline_passed(map->deadline_ns)) {
        pl_store_relaxed(&map->is_late, 1); /* read after the latch is open */
        return false;
    }
    *first = pl_add_relaxed(&map->next, map->chunk); /* the number is all there is to hand out */
    if (*first >= map->count || *first >= pl_load_relaxed(&map->stop))
        return false;
    *last = map->count - *first < map->chunk ? map->count : *first + map->chunk;
    return true;
}

static void runner_run(struct pl_task *task)
{
    struct map *map = ((struct runner *)task)->map;
    size_t first, last;
    while (take_chunk(map, &first, &last))
        run_chunk(map, first, last);
    pl_task_complete(task, PL_TASK_DONE);
}

static void runner_fail(struct pl_task *task, const parallel_error *error)
{
    struct map *map = ((struct runner *)task)->map;
    /* No call has failed; the map has, unless other runners make all the calls. The error of a call goes before. */
    pl_lock_acquire(&map->failure_lock);
    if (map->failed_index == SIZE_MAX)
        map->failure = *error;
    pl_lock_release(&map->failure_lock);
    pl_task_complete(task, PL_TASK_FAILED);
}

static void runner_cancel(struct pl_task *task)
{
    (void)pl_task_cancel(task);
}

static void runner_destroy(struct pl_task *task)
{
    struct map *map = ((struct runner *)task)->map;
    if (pl_sub_acq_rel(&map->live_runners, 1) == 1) /* everybody's last access happens before the last one's free */
        free(map);
}

/* ---- In another process: a portion a chunk ---- */

static void runner_look(struct pl_task *task, struct pl_portion *all)
{
    const struct map *map = ((struct runner *)task)->map;
    *all = (struct pl_portion){.function = map->function,
                               .columns = map->columns,
                               .results = map->results,
                               .first = 0,
                               .last = map->count};
}

static bool runner_next(struct pl_task *task, int worker, struct pl_portion *portion)
{
    (void)worker;
    struct map *map = ((struct runner *)task)->map;
    runner_look(task, portion);
    if (!take_chunk(map, &portion->first, &portion->last)) {
        pl_task_complete(task, PL_TASK_DONE);
        return false;
    }
    if (map->results != NULL)
        portion->results = (char *)map->results + portion->first * map->function->result_size;
    return true;
}

static void runner_end(struct pl_task *task, const struct pl_portion *portion, const struct pl_outcome *outcome)
{
    (void)portion;
    if (outcome->failure == NULL)
        return;
    parallel_error error = {.code = outcome->failure->code, .system_errno = outcome->failure->system_errno};
    memcpy(error.message, outcome->failure->message, sizeof error.message);
    record_failure(((struct runner *)task)->map, outcome->index, &error);
}

static const struct pl_carriage runner_carriage = {.next = runner_next, .end = runner_end, .look = runner_look};

static const struct pl_task_class runner_class = {
    .run = runner_run,
    .fail = runner_fail,
    .cancel = runner_cancel,
    .destroy = runner_destroy,
    .carriage = &runner_carriage,
};

/* ---- The caller's side ---- */

static int check(const parallel_function *function, size_t count, const parallel_map_options *options,
                 const void *results, const void *const *columns)
{
    if (function == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_map: the function is NULL");
    if (options->chunk > LARGEST_CHUNK || options->window > LARGEST_CHUNK)
        return pl_error_set(PARALLEL_EINVALID, 0, "%s_map: %s=%zu is more than 2^48", function->name,
                            options->chunk > LARGEST_CHUNK ? "chunk" : "window",
                            options->chunk > LARGEST_CHUNK ? options->chunk : options->window);
    if (count > LARGEST_CHUNK)
        return pl_error_set(PARALLEL_EINVALID, 0, "%s_map: %zu calls are more than 2^48", function->name, count);
    if (count > 0 && results == NULL && function->result_size > 0)
        return pl_error_set(PARALLEL_EINVALID, 0, "%s_map: the array of results is NULL", function->name);
    for (int k = 0; count > 0 && k < function->parameter_count; k++)
        if (columns[k] == NULL)
            return pl_error_set(PARALLEL_EINVALID, 0, "%s_map: the array of argument %d is NULL", function->name,
                                k + 1);
    return 0;
}

static size_t divide_up(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

/* Chooses how many calls a chunk has, and returns how many runners there are. */
static size_t plan(struct map *map, const parallel_map_options *options, size_t worker_count)
{
    map->chunk = options->chunk;
    if (map->chunk == 0)
        map->chunk = divide_up(map->count, worker_count * CHUNKS_PER_WORKER);
    if (options->window > 0 && map->chunk > options->window)
        map->chunk = options->window;
    size_t runners = divide_up(map->count, map->chunk);
    if (runners > worker_count)
        runners = worker_count;
    if (options->window > 0 && runners > options->window / map->chunk)
        runners = options->window / map->chunk;
    return runners;
}

/* Waits for a runner, or takes it back; runs it here if this is a worker of its executor and nobody has begun. */
static void finish(struct runner *runner, struct parallel_executor *executor)
{
    struct pl_task *task = &runner->task;
    struct map *map = runner->map;
    if (pl_latch_is_open(&task->state))
        return;
    if (is_taken(map) && pl_task_cancel(task)) /* nothing is left for it */
        return;
    if (pl_executor_runs_here(executor) && pl_task_claim(task)) {
        pl_executor_run_here(task);
        return;
    }
    pl_executor_wait_enter();
    if (!pl_latch_wait(&task->state, map->deadline_ns, 0)) {
        pl_store_relaxed(&map->is_late, 1); /* a request */
        if (!pl_task_cancel(task))
            (void)pl_latch_wait(&task->state, PARALLEL_NEVER, 0); /* it writes to the caller's memory */
    }
    pl_executor_wait_leave();
}

static int outcome(struct map *map)
{
    if (map->failed_index != SIZE_MAX) {
        parallel_error *failure = &map->failure;
        return pl_error_set(failure->code, 0, "call %zu of %s: %s", map->failed_index, map->function->name,
                            failure->message);
    }
    /* Relaxed: all runners have ended, their latches published it. */
    if (pl_load_relaxed(&map->is_late) != 0) {
        size_t begun = pl_load_relaxed(&map->next);
        return pl_error_set(PARALLEL_ETIMEDOUT, 0, "%s_map: the deadline passed with %zu of %zu calls begun",
                            map->function->name, begun < map->count ? begun : map->count, map->count);
    }
    if (pl_load_relaxed(&map->next) < map->count && map->failure.code != 0)
        return pl_error_set(map->failure.code, 0, "%s_map: %s", map->function->name,
                            map->failure.message);
    if (pl_load_relaxed(&map->next) < map->count)
        return pl_error_set(PARALLEL_ECANCELLED, 0, "%s_map: the executor was shut down before all calls were made",
                            map->function->name);
    return 0;
}

int parallel_map(parallel_executor *executor, const parallel_function *function, size_t count,
                 const parallel_map_options *options, void *results, const void *const *columns)
{
    static const parallel_map_options defaults;
    if (options == NULL)
        options = &defaults;
    int code = check(function, count, options, results, columns);
    if (code != 0 || count == 0)
        return code;
    if (pl_callback_depth > 0)
        return pl_error_set(PARALLEL_EDEADLK, 0, "%s_map in a callback", function->name);
    if (executor == NULL && (executor = parallel_executor_default()) == NULL)
        return parallel_last_error()->code;
    if (executor->fork_count != pl_fork_count())
        return pl_error_set(PARALLEL_EFORKED, 0, "%s_map on an executor of the parent process", function->name);
    parallel_executor_info info;
    executor->kind->describe(executor, &info);

    size_t size = sizeof(struct map) + info.worker_count * sizeof(struct runner);
    struct map *map = aligned_alloc(PL_CACHE_LINE, divide_up(size, PL_CACHE_LINE) * PL_CACHE_LINE);
    if (map == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for %s_map", function->name);
    *map = (struct map){.function = function,
                        .columns = columns,
                        .results = results,
                        .count = count,
                        .deadline_ns = options->deadline_ns != 0 ? options->deadline_ns : PARALLEL_NEVER,
                        .failed_index = SIZE_MAX};
    size_t runner_count = plan(map, options, info.worker_count);
    atomic_init(&map->stop, count);
    atomic_init(&map->live_runners, runner_count);
    for (size_t i = 0; i < runner_count; i++) {
        pl_task_init(&map->runners[i].task, &runner_class, executor, 2); /* the executor's and this call's */
        map->runners[i].task.next = i + 1 < runner_count ? &map->runners[i + 1].task : NULL;
        map->runners[i].map = map;
    }
    code = pl_executor_submit(executor, &map->runners[0].task, &map->runners[runner_count - 1].task, runner_count);
    if (code != 0) {
        free(map);
        return code;
    }
    for (size_t i = 0; i < runner_count; i++)
        finish(&map->runners[i], executor);
    code = outcome(map);
    for (size_t i = 0; i < runner_count; i++)
        pl_task_release(&map->runners[i].task);
    return code;
}
