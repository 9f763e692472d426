/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The side of an inline loop that runs in its caller: checks bounds and options, chooses how many workers take part, opens
 * the loop, and closes it with its result. The threads of the region are chunk.c's; plan.c spares short loops the choice.
 *
 *     PARALLEL_FOR header:  init -> options -> open: is_open -> (region) -> close
 *                                                    not: empty range, or the loop cannot begin
 *
 * How many threads. Starting a region of several threads costs one to two microseconds, so the caller remembers for each
 * loop in the source what an iteration costs, and a loop that will take less than INLINE_NS runs in one
 * thread. Clocks are not read in loops that are known to take less than UNTIMED_NS, but for one in PL_PACE_RESAMPLED
 * runs. */
#include "libparallel/tasks/loop.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/settings.h"
#include "libparallel/executors/executor.h"
#include "libparallel/report/progress.h"
#include "libparallel/tasks/claiming.h"
#include "libparallel/tasks/forked_loop.h"
#include "libparallel/tasks/pace.h"
#include "libparallel/tasks/plane.h"
#include "libparallel/tasks/reduce.h"
#include "libparallel/tasks/team.h"

enum {
    /* Twice the cost of a region of two threads, which is 0.6 to 1.7 us here: below it two threads gain nothing. */
    INLINE_NS = 3000,
    /* Two readings of the clock are 40 to 50 ns: 5 % of this. */
    UNTIMED_NS = 1000,
    /* Of long double and of SSE vectors, the most that ordinary types ask for. */
    RECORD_ALIGNMENT = 16,
};

static pthread_mutex_t failure_lock = PTHREAD_MUTEX_INITIALIZER;

void pl_loop_stop_at(parallel_loop *loop, uint64_t offset)
{
    _Atomic uint64_t *stop = pl_loop_stop_word(loop);
    uint64_t old = pl_load_relaxed(stop);
    /* Relaxed: only the number counts, and the end of the region publishes it to the caller. */
    while (offset < old && !pl_cas_relaxed(stop, &old, offset))
        ;
}

void pl_loop_fail_at(parallel_loop *loop, uint64_t offset, const parallel_error *failure)
{
    /* A child could find the lock held by a thread that it does not have. */
    if ((loop->shared.flags & PL_LOOP_IS_FORKED) && pl_forked_loop_tell_failure(loop, offset, failure))
        return;
    pthread_mutex_lock(&failure_lock);
    const parallel_error *loser = failure;
    if (loop->failure == NULL || offset < loop->failed_at) {
        loser = loop->failure;
        loop->failure = failure;
        loop->failed_at = offset;
    }
    pthread_mutex_unlock(&failure_lock);
    if (loser != NULL)
        pl_failure_free(loser);
    pl_loop_stop_at(loop, offset);
}

/* Where loops run, by the settings, which do not change once read. */
enum mode { UNKNOWN, THREADS, SERIAL };

static int read_mode(enum mode *mode)
{
    /* Relaxed: the number says everything. */
    static _Atomic int known;
    *mode = (enum mode)pl_load_relaxed(&known);
    if (*mode != UNKNOWN)
        return 0;
    int code = parallel_settings_check();
    if (code != 0)
        return code;
    const char *executor = pl_setting_text(PL_SETTING_EXECUTOR);
    *mode = executor != NULL && strcmp(executor, "serial") == 0 ? SERIAL : THREADS;
    pl_store_relaxed(&known, (int)*mode);
    return 0;
}

static bool is_negative(int kind, int bound_is_signed, uint64_t bound)
{
    return (kind & bound_is_signed) && (int64_t)bound < 0;
}

/* `which` is "", or "second " in PARALLEL_FOR_2D. */
static int check_bounds(int kind, uint64_t begin, uint64_t end, const char *which)
{
    if (kind & PARALLEL_LOOP_SIGNED)
        return 0;
    if (is_negative(kind, PARALLEL_LOOP_BEGIN_SIGNED, begin))
        return pl_error_set(PARALLEL_ERANGE, 0, "%sbegin: %" PRId64 " is negative and the loop variable is unsigned",
                            which, (int64_t)begin);
    if (is_negative(kind, PARALLEL_LOOP_END_SIGNED, end))
        return pl_error_set(PARALLEL_ERANGE, 0, "%send: %" PRId64 " is negative and the loop variable is unsigned",
                            which, (int64_t)end);
    return 0;
}

/* How many workers the executor has that the loop names. */
static int count_workers_of_executor(struct parallel_executor *executor, size_t *out)
{
    if (executor->fork_count != pl_fork_count())
        return pl_error_set(PARALLEL_EFORKED, 0, ".executor: it belongs to the parent process");
    parallel_executor_info info;
    executor->kind->describe(executor, &info);
    if (info.is_shut_down)
        return pl_error_set(PARALLEL_ESHUTDOWN, 0, ".executor: the %s executor is shut down", executor->kind->name);
    *out = info.worker_count;
    return 0;
}

static int check(const parallel_loop *loop)
{
    if ((loop->kind & PARALLEL_LOOP_STEPS) && loop->step == 0)
        return pl_error_set(PARALLEL_EINVALID, 0, "step: 0 leads nowhere");
    if (loop->options.workers > PL_LARGEST_COUNT)
        return pl_error_set(PARALLEL_EINVALID, 0, ".workers: %zu is more than %d", loop->options.workers,
                            PL_LARGEST_COUNT);
    int code = check_bounds(loop->kind, loop->begin, loop->end, "");
    if (code == 0 && (loop->kind & PARALLEL_LOOP_TILES))
        code = check_bounds(loop->plane.kind, loop->plane.begin, loop->plane.end, "second ");
    return code;
}

static uint64_t count_values(int kind, uint64_t from, uint64_t to)
{
    bool is_empty = kind & PARALLEL_LOOP_SIGNED ? (int64_t)from >= (int64_t)to : from >= to;
    return is_empty ? 0 : to - from;
}

static uint64_t count_iterations(const parallel_loop *loop)
{
    if (!(loop->kind & PARALLEL_LOOP_STEPS))
        return count_values(loop->kind, loop->begin, loop->end);
    bool is_downward = (loop->kind & PARALLEL_LOOP_STEP_SIGNED) && (int64_t)loop->step < 0;
    uint64_t distance = is_downward ? count_values(loop->kind, loop->end, loop->begin)
                                    : count_values(loop->kind, loop->begin, loop->end);
    uint64_t stride = is_downward ? 0 - loop->step : loop->step;
    return distance == 0 ? 0 : (distance - 1) / stride + 1;
}

/* Counts the positions: iterations, or tiles. */
static int count_positions(parallel_loop *loop)
{
    if (!(loop->kind & PARALLEL_LOOP_TILES)) {
        loop->shared.count = count_iterations(loop);
        return 0;
    }
    parallel_plane *plane = &loop->plane;
    plane->rows = count_iterations(loop);
    plane->columns = count_values(plane->kind, plane->begin, plane->end);
    return pl_plane_cut(plane, loop->options.grain, &loop->shared.count);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool is_below(const parallel_loop *loop, uint64_t iterations)
{
    uint64_t count = loop->kind & PARALLEL_LOOP_TILES ? loop->plane.rows * loop->plane.columns : loop->shared.count;
    return count < iterations;
}

static bool must_run_alone(const parallel_loop *loop, enum mode mode)
{
    return (loop->kind & PARALLEL_LOOP_ALONE) || loop->shared.unit_count == 1 || parallel_scope_current != NULL ||
           is_below(loop, loop->options.inline_below) || mode == SERIAL;
}

/* A loop that names its workers or its grain gets them. */
static bool is_worth_a_team(const parallel_loop *loop, float expected_ns)
{
    return expected_ns == 0 || expected_ns >= INLINE_NS || loop->options.workers != 0 || loop->options.grain != 0;
}

/* Can its threads get by value all that they must know? */
static bool can_be_dealt(const parallel_loop *loop)
{
    return loop->shared.unit == 1 && !(loop->kind & (PARALLEL_LOOP_TILES | PARALLEL_LOOP_REDUCES));
}

/* A loop that is known to be short, and not due to be measured again, reads no clock. */
static void choose_timing(parallel_loop *loop, struct pl_loop_site *site, float expected_ns)
{
    struct parallel_loop_shared *shared = &loop->shared;
    bool is_short = expected_ns != 0 && expected_ns < UNTIMED_NS;
    if (is_short && ++site->untimed_runs < PL_PACE_RESAMPLED)
        return;
    site->untimed_runs = 0;
    if (is_short && can_be_dealt(loop)) {
        shared->flags |= PL_LOOP_IS_SAMPLED;
        return;
    }
    shared->flags |= PL_LOOP_IS_TIMED;
    shared->grain_shift = (uint8_t)pl_pace_first_shift(site->ns_per_iteration * (float)shared->unit);
}

static void set_alone(parallel_loop *loop)
{
    loop->threads = 1;
    loop->shared.slots = NULL;
    loop->shared.worker_count = 1;
    loop->shared.flags = 0;
    loop->shared.grain_shift = 0;
}

static int set_team(parallel_loop *loop, struct pl_loop_team *team, uint32_t workers)
{
    uint32_t threads;
    int code = pl_loop_team_fit(team, workers, &threads);
    if (code != 0)
        return code;
    loop->threads = (int)threads;
    loop->shared.worker_count = workers;
    if (!(loop->shared.flags & PL_LOOP_IS_TIMED))
        return 0; /* short, or told so: its shares are dealt out */
    loop->shared.slots = team->slots;
    loop->shared.epoch = (uint8_t)pl_loop_team_next_epoch(team);
    if (loop->options.grain != 0)
        loop->shared.flags |= PL_LOOP_IS_FIXED;
    return 0;
}

static int set_children(parallel_loop *loop, uint32_t workers)
{
    int code = pl_forked_loop_prepare(loop, (uint32_t)smaller(workers, loop->shared.unit_count));
    if (code != 0)
        return code;
    loop->shared.flags |= PL_LOOP_IS_FORKED | PL_LOOP_IS_TIMED;
    if (loop->options.grain != 0)
        loop->shared.flags |= PL_LOOP_IS_FIXED;
    return 0;
}

static int choose_workers(parallel_loop *loop, enum mode mode, const void *where)
{
    set_alone(loop);
    int code = 0;
    uint32_t workers = (uint32_t)loop->options.workers;
    if (loop->options.executor != NULL) {
        size_t of_executor = 0;
        code = count_workers_of_executor(loop->options.executor, &of_executor);
        if (code == 0 && (workers == 0 || of_executor < workers))
            workers = (uint32_t)of_executor;
        if (code == 0 && pl_forked_loop_is_wanted(loop))
            return set_children(loop, workers);
    }
    if (code != 0 || must_run_alone(loop, mode))
        return code;
    code = workers != 0 ? 0 : pl_loop_worker_limit(&workers);
    if (code != 0)
        return code;
    workers = (uint32_t)smaller(workers, loop->shared.unit_count);
    struct pl_loop_team *team = workers > 1 ? pl_loop_team_of_caller() : NULL;
    if (team == NULL)
        return 0;
    struct pl_loop_site *site = pl_loop_team_site(team, where);
    float expected_ns = site->ns_per_iteration * (float)loop->shared.count;
    loop->team = team;
    loop->site = site;
    loop->timed_ns = 0;
    loop->timed_iterations = 0;
    bool has_own_shares = (loop->kind & PARALLEL_LOOP_OWN_SHARES) != 0;
    if (!has_own_shares)
        choose_timing(loop, site, loop->options.progress ? 0 : expected_ns);
    return has_own_shares || is_worth_a_team(loop, expected_ns) ? set_team(loop, team, workers) : 0;
}

/* `stop` is UINT64_MAX if the loop was not stopped. */
static void report_value(parallel_loop *loop, uint64_t stop)
{
    int64_t *out = loop->options.stopped_at;
    if (out == NULL)
        return;
    if (!(loop->kind & PARALLEL_LOOP_TILES)) {
        out[0] = (int64_t)parallel_loop_value(loop, smaller(stop, loop->shared.count));
    } else if (stop == UINT64_MAX) {
        out[0] = (int64_t)(loop->begin + loop->plane.rows);
        out[1] = (int64_t)loop->plane.begin;
    } else {
        out[0] = (int64_t)(loop->begin + stop / loop->plane.columns);
        out[1] = (int64_t)(loop->plane.begin + stop % loop->plane.columns);
    }
}

static void succeed(parallel_loop *loop)
{
    if (loop->options.status != NULL) {
        loop->options.status->code = 0;
        loop->options.status->system_errno = 0;
        loop->options.status->message[0] = '\0';
    }
}

/* `where` is "" or says at which iteration. */
static void fail(const parallel_loop *loop, const parallel_error *failure, const char *where)
{
    if (loop->options.status == NULL)
        pl_report_and_abort("%s:%d: loop%s%s failed%s: %s (%s)", loop->file, loop->line,
                            loop->options.label != NULL ? " " : "",
                            loop->options.label != NULL ? loop->options.label : "", where, failure->message,
                            pl_error_code_words(failure->code).text);
    pl_error_set_copy(failure);
    *loop->options.status = *failure;
}

void pl_loop_print_value(char text[PL_LOOP_VALUE_SIZE], int kind, uint64_t value)
{
    if (kind & PARALLEL_LOOP_SIGNED)
        snprintf(text, PL_LOOP_VALUE_SIZE, "%" PRId64, (int64_t)value);
    else
        snprintf(text, PL_LOOP_VALUE_SIZE, "%" PRIu64, value);
}

static void fail_at(parallel_loop *loop)
{
    char where[80], row[PL_LOOP_VALUE_SIZE], column[PL_LOOP_VALUE_SIZE];
    if (loop->kind & PARALLEL_LOOP_TILES) {
        pl_loop_print_value(row, loop->kind, loop->begin + loop->failed_at / loop->plane.columns);
        pl_loop_print_value(column, loop->plane.kind, loop->plane.begin + loop->failed_at % loop->plane.columns);
        snprintf(where, sizeof where, " at indexes %s and %s", row, column);
    } else {
        pl_loop_print_value(row, loop->kind, parallel_loop_value(loop, loop->failed_at));
        snprintf(where, sizeof where, " at index %s", row);
    }
    fail(loop, loop->failure, where);
}

static void begin_progress(parallel_loop *loop)
{
    const struct parallel_loop_shared *shared = &loop->shared;
    const char *name = strrchr(loop->file, '/');
    char label[64];
    if (loop->options.label != NULL)
        snprintf(label, sizeof label, "%s", loop->options.label);
    else
        snprintf(label, sizeof label, "%s:%d", name != NULL ? name + 1 : loop->file, loop->line);
    uint64_t total = loop->kind & PARALLEL_LOOP_TILES ? loop->plane.rows * loop->plane.columns : shared->count;
    loop->progress = pl_progress_begin(label, total, pl_clock_now_ns());
    if (loop->progress == NULL)
        return;
    loop->shared.flags |= PL_LOOP_IS_SHOWN | PL_LOOP_IS_TIMED;
    if (loop->team == NULL) {
        loop->timed_ns = 0;
        loop->timed_iterations = 0;
    }
}

static void end_progress(const parallel_loop *loop)
{
    if (loop->shared.flags & PL_LOOP_IS_SHOWN)
        pl_progress_end(loop->progress, pl_clock_now_ns());
}

static void remember_cost(parallel_loop *loop)
{
    if (!(loop->shared.flags & (PL_LOOP_IS_TIMED | PL_LOOP_IS_SAMPLED)) || loop->team == NULL ||
        loop->timed_iterations == 0)
        return;
    struct pl_loop_site *site = loop->site;
    /* One more nanosecond, so that a loop that was measured never looks as if it was not. */
    site->ns_per_iteration = (float)(loop->timed_ns + 1) / (float)loop->timed_iterations;
}

static void release(parallel_loop *loop)
{
    loop->is_open = 0;
    if (loop->shared.flags & PL_LOOP_IS_FORKED)
        pl_forked_loop_release(loop);
    else if (loop->shared.records != NULL)
        pl_loop_team_return_records(loop->team, loop->shared.records);
    if (loop->failure != NULL)
        pl_failure_free(loop->failure);
    loop->failure = NULL;
}

void parallel_loop_close(parallel_loop *loop)
{
    uint64_t stop = pl_loop_stop(loop);
    remember_cost(loop);
    end_progress(loop);
    report_value(loop, stop);
    /* A failure above the lowest `break` is one that the serial loop would not have met. */
    if (loop->failure != NULL && loop->failed_at == stop)
        fail_at(loop);
    else
        succeed(loop);
    release(loop);
}

/* What threads get by value, if that says everything. */
static uint64_t deal(const parallel_loop *loop)
{
    const struct parallel_loop_shared *shared = &loop->shared;
    if (shared->slots != NULL || (shared->flags & PL_LOOP_IS_TIMED) || !can_be_dealt(loop))
        return 0;
    return (uint64_t)shared->unit_count << 32 | shared->worker_count;
}

static int make_records(parallel_loop *loop)
{
    struct parallel_loop_shared *shared = &loop->shared;
    /* Whole lines would waste a few bytes' records; what alignment a variable can ask for divides this. */
    size_t record_size = (shared->record_size + RECORD_ALIGNMENT - 1) / RECORD_ALIGNMENT * RECORD_ALIGNMENT;
    size_t size;
    if (!__builtin_mul_overflow(record_size, (size_t)shared->unit_count + 1, &size))
        shared->records = shared->flags & PL_LOOP_IS_FORKED ? pl_forked_loop_lend_records(loop, size)
                                                            : pl_loop_team_borrow_records(loop->team, size);
    if (shared->records == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "reduction: no memory for %" PRIu32 " records of %zu bytes",
                            shared->unit_count, record_size);
    shared->record_size = (uint32_t)record_size;
    return 0;
}

/* `code` is what has come of the preparations. */
static int run_children(parallel_loop *loop, int code)
{
    if (code == 0)
        code = pl_forked_loop_run(loop);
    if (code == 0)
        return 0;
    end_progress(loop);
    pl_forked_loop_release(loop);
    return code;
}

static int begin(parallel_loop *loop, const void *where)
{
    struct parallel_loop_shared *shared = &loop->shared;
    enum mode mode;
    int code = read_mode(&mode);
    if (code == 0)
        code = check(loop);
    if (code != 0)
        return code;
    shared->stop = UINT64_MAX;
    shared->base = loop->kind & (PARALLEL_LOOP_STEPS | PARALLEL_LOOP_TILES) ? 0 : loop->begin;
    code = count_positions(loop);
    if (code != 0 || shared->count == 0)
        return code;
    uint64_t unit = loop->kind & PARALLEL_LOOP_TILES ? 1 : loop->options.grain;
    if (unit == 0)
        unit = loop->kind & PARALLEL_LOOP_REDUCES ? pl_reduce_unit(shared->count, shared->record_size) : 1;
    shared->unit_count = pl_pace_cut(shared->count, unit, &shared->unit);
    code = choose_workers(loop, mode, where);
    if (code == 0 && (loop->kind & PARALLEL_LOOP_REDUCES))
        code = make_records(loop);
    if (code == 0 && loop->options.progress)
        begin_progress(loop);
    loop->dealt = deal(loop);
    return shared->flags & PL_LOOP_IS_FORKED ? run_children(loop, code) : code;
}

void pl_loop_open_anew(parallel_loop *loop, const void *where)
{
    if (begin(loop, where) != 0) {
        fail(loop, parallel_last_error(), "");
    } else if (loop->shared.count == 0) {
        report_value(loop, UINT64_MAX);
        succeed(loop);
    } else {
        loop->is_open = 1;
    }
}

void parallel_loop_abandon(parallel_loop *loop)
{
    end_progress(loop);
    if (loop->failure != NULL)
        fail_at(loop);
    else if (loop->options.status != NULL)
        pl_error_fill(loop->options.status, PARALLEL_EABANDONED, 0, "%s:%d: the body was left by return or goto",
                      loop->file, loop->line);
    release(loop);
}
