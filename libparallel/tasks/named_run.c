/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One run of a named loop: the calling thread owns it, and workers of the executor help. What owner and helpers do alike is
 * named_part.c's.
 *
 *     owner:  post -> own part -> close -> outcome
 *
 * Owner and helpers find each other on the executor's board (docs/protocols/named-loops.md) and share the iterations by
 * claims (docs/protocols/claiming.md); the slots of the claims stay with the post, so a loop allocates nothing and each
 * worker finds its slot and its share where it left them. Slot 0 is the owner's; a helper takes the one of its worker
 * index, or the next one that is free. */
#include "libparallel/tasks/named_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/frame.h"
#include "libparallel/tasks/named_part.h"
#include "libparallel/tasks/pace.h"
#include "libparallel/tasks/reduce.h"

/* A loop of that length is better off in one thread, and no clock is read in it: four times what it costs two awake threads
 * to meet, two and a half hundred ns. */
enum { INLINE_NS = 1000 };

/* Three centuries: next to what 64 bits of nanoseconds can say. */
#define AGES_NS 0x1p63F

/* What a post keeps: the participants' slots, and which of them is somebody's in this loop. */
struct crew {
    uint32_t count;
    uint32_t epoch;
    _Alignas(PL_CLAIM_SLOT_SIZE) struct pl_claim_slot slots[]; /* [count], then as many seats */
};

/* ---- How many take part ---- */

/* History is shared by all who run the loop. Relaxed throughout: an estimate. */
static float expected_cost(const parallel_named_loop *loop)
{
    uint32_t bits = pl_load_relaxed((_Atomic uint32_t *)&loop->history->ns_per_iteration);
    float cost;
    memcpy(&cost, &bits, sizeof cost);
    return cost;
}

static void remember_cost(const parallel_named_loop *loop, const struct pl_named_part *part)
{
    if (part->timed_ns == 0 || part->timed_iterations == 0)
        return;
    /* One more nanosecond, so that a loop that was measured never looks as if it was not. */
    float cost = (float)(part->timed_ns + 1) / (float)part->timed_iterations;
    uint32_t bits;
    memcpy(&bits, &cost, sizeof bits);
    pl_store_relaxed((_Atomic uint32_t *)&loop->history->ns_per_iteration, bits);
}

static bool is_due_for_timing(const parallel_named_loop *loop)
{
    _Atomic uint32_t *runs = (_Atomic uint32_t *)&loop->history->untimed_runs;
    uint32_t count = pl_load_relaxed(runs) + 1;
    pl_store_relaxed(runs, count < PL_PACE_RESAMPLED ? count : 0);
    return count >= PL_PACE_RESAMPLED;
}

static bool names_its_team(const parallel_loop_options *options)
{
    return options->workers != 0 || options->grain != 0;
}

/* Flags, and the size of the first claims. Returns what the loop is expected to take; 0: unknown. */
static float choose_timing(struct pl_named_run *run)
{
    run->flags = 0;
    run->grain_shift = 0;
    if (run->options->grain != 0) {
        run->flags = run->options->progress ? PL_NAMED_IS_FIXED | PL_NAMED_IS_TIMED : PL_NAMED_IS_FIXED;
        return 0;
    }
    float cost = expected_cost(run->loop);
    float expected_ns = cost * (float)run->count;
    if (expected_ns != 0 && expected_ns < INLINE_NS && !run->options->progress &&
        !is_due_for_timing(run->loop)) {
        run->flags = PL_NAMED_IS_SHORT;
        return expected_ns;
    }
    run->flags = PL_NAMED_IS_TIMED;
    run->grain_shift = pl_pace_first_shift(cost * (float)run->unit);
    return expected_ns;
}

/* Inside the threads of an inline loop, which has the cores already; not in a worker, where that loop has one thread. */
static bool is_inside_inline_loop(void)
{
    return pl_frame_innermost == NULL && parallel_scope_current != NULL && pl_iteration_current() == NULL;
}

/* The number of participants. */
static uint32_t choose_workers(const struct pl_named_run *run, size_t most, float expected_ns)
{
    const parallel_loop_options *options = run->options;
    if (run->executor == NULL || run->executor->kind->board == NULL || run->count < options->inline_below ||
        pl_callback_depth > 0 || is_inside_inline_loop())
        return 1;
    if (expected_ns != 0 && expected_ns < INLINE_NS && !names_its_team(options))
        return 1;
    if (options->workers != 0 && options->workers < most)
        most = options->workers;
    if (run->claims.unit_count < most)
        most = run->claims.unit_count;
    if (most > PL_POST_LARGEST_PLACES)
        most = PL_POST_LARGEST_PLACES;
    return expected_ns == 0 || names_its_team(options) ? (uint32_t)most : pl_pace_team(expected_ns, (uint32_t)most);
}

/* The post's slots for so many participants; NULL: no memory. */
static struct crew *fit_crew(struct pl_post *post, uint32_t count)
{
    struct crew *crew = post->kept;
    if (crew != NULL && crew->count >= count)
        return crew;
    crew = aligned_alloc(PL_CLAIM_SLOT_SIZE,
                         sizeof *crew + count * (sizeof(struct pl_claim_slot) + sizeof(struct pl_named_seat)));
    if (crew == NULL)
        return NULL;
    memset(crew, 0, sizeof *crew + count * (sizeof(struct pl_claim_slot) + sizeof(struct pl_named_seat)));
    crew->count = count;
    free(post->kept);
    post->kept = crew;
    return crew;
}

/* Takes a post and makes the loop ready for helpers; NULL: there is none, the owner does it all. */
static struct pl_post *prepare_post(struct pl_named_run *run, uint32_t workers)
{
    struct pl_post *post = pl_board_take(run->executor->kind->board(run->executor));
    if (post == NULL)
        return NULL;
    struct crew *crew = fit_crew(post, workers);
    if (crew == NULL) {
        pl_board_give_back(post);
        return NULL;
    }
    if (crew->epoch == PL_CLAIM_LARGEST_EPOCH) {
        pl_claim_slots_reset(crew->slots, crew->count);
        crew->epoch = 0;
    }
    run->claims.slots = crew->slots;
    run->claims.worker_count = workers;
    run->claims.epoch = ++crew->epoch;
    run->post = post;
    run->seats = (struct pl_named_seat *)(void *)(crew->slots + crew->count);
    run->ticket = pl_post_next_sequence(post);
    return post;
}

static void run_alone(struct pl_named_run *run, struct pl_named_part *part)
{
    run->claims.slots = NULL;
    run->claims.worker_count = 1;
    pl_named_part_take(run, part);
}

static void run_together(struct pl_named_run *run, struct pl_named_part *part, uint32_t workers, float expected_ns)
{
    struct pl_post *post = prepare_post(run, workers);
    if (post == NULL) {
        run_alone(run, part);
        return;
    }
    bool is_urgent = expected_ns == 0 || expected_ns >= AGES_NS || names_its_team(run->options);
    run->work.take_part = pl_named_part_help;
    run->work.is_worth_a_wake = is_urgent || expected_ns >= PL_PACE_CHUNK_NS;
    pl_post_open(post, &run->work, run->call + 1, workers - 1); /* its captures follow it */
    run->executor->kind->call_helpers(run->executor, post, workers - 1,
                                      is_urgent ? UINT64_MAX : (uint64_t)(expected_ns / 2));
    pl_named_part_take(run, part);
    if (run->executor->fork_count != pl_fork_count())
        pl_report_and_abort("a child that was forked inside a loop body returned from it; it has no workers to return "
                            "to, and ends by _exit or exec");
    pl_post_close(post);
    pl_board_give_back(post);
}

/* ---- Outcome ---- */

static int outcome(struct pl_named_run *run)
{
    uint64_t stop = pl_load_relaxed(&run->stop); /* relaxed, here and below: all participants have ended */
    const parallel_loop_options *options = run->options;
    int code = 0;
    if (pl_load_relaxed(&run->is_cancelled) != 0)
        code = pl_error_set(PARALLEL_ECANCELLED, 0, "loop %s was cancelled", pl_named_label(run->loop, options));
    else if (run->failure != NULL && run->failed_at == stop) /* else the serial loop would not have met it */
        code = pl_error_set(run->failure->code, run->failure->system_errno, "loop %s at index %" PRId64 ": %s",
                            pl_named_label(run->loop, options), (int64_t)(run->begin + stop), run->failure->message);
    if (options->stopped_at != NULL && code != PARALLEL_ECANCELLED)
        *options->stopped_at = (int64_t)(run->begin + (stop < run->count ? stop : run->count));
    if (run->failure != NULL)
        pl_failure_free(run->failure);
    return code;
}

/* ---- Reductions ---- */

uint32_t pl_named_cut(const parallel_named_loop *loop, const parallel_loop_options *options, uint64_t count, uint64_t *unit)
{
    uint64_t least = options->grain;
    if (least == 0)
        least = loop->sums != NULL ? pl_reduce_unit(count, loop->sums->record_size) : 1;
    return pl_pace_cut(count, least, unit);
}

void pl_named_combine(const parallel_named_loop *loop, const parallel_loop_call *call, const void *records,
                      uint32_t unit_count, uint64_t unit, uint64_t stop, void *values)
{
    const parallel_loop_sums *sums = loop->sums;
    uint64_t complete = stop == UINT64_MAX ? unit_count : stop / unit + 1;
    memcpy(values, (const char *)call + sums->before_offset, sums->record_size);
    for (uint64_t k = 0; k < complete; k++)
        sums->combine(values, (const char *)records + k * sums->record_size);
}

/* Room for the records of all units, unless the caller has it. */
static int make_records(struct pl_named_run *run, const parallel_loop_call *call)
{
    size_t size;
    run->records = call->records;
    if (run->loop->sums == NULL || run->records != NULL)
        return 0;
    if (!__builtin_mul_overflow(run->loop->sums->record_size, (size_t)run->claims.unit_count, &size) &&
        size <= SIZE_MAX - PL_CACHE_LINE)
        run->records = aligned_alloc(PL_CACHE_LINE, (size + PL_CACHE_LINE - 1) / PL_CACHE_LINE * PL_CACHE_LINE);
    if (run->records == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "loop %s: no memory for %" PRIu32 " records of %zu bytes",
                            pl_named_label(run->loop, run->options), run->claims.unit_count,
                            run->loop->sums->record_size);
    return 0;
}

static void use_records(const struct pl_named_run *run, const parallel_loop_call *call, int code, void *values)
{
    uint64_t stop = pl_load_relaxed(&run->stop); /* relaxed: all participants have ended */
    if (call->records != NULL) {
        *call->stop = stop;
        memcpy(values, (const char *)call + run->loop->sums->before_offset, run->loop->sums->record_size);
    } else if (code == 0) {
        pl_named_combine(run->loop, call, run->records, run->claims.unit_count, run->unit, stop, values);
    }
    if (call->records == NULL)
        free(run->records);
}

int pl_named_run(struct parallel_executor *executor, size_t most, const parallel_named_loop *loop,
                 const parallel_loop_call *call, void *values)
{
    if (call->begin >= call->end) {
        if (call->options.stopped_at != NULL)
            *call->options.stopped_at = call->begin;
        if (loop->sums != NULL)
            pl_named_combine(loop, call, NULL, 0, 1, UINT64_MAX, values);
        return 0;
    }
    struct pl_named_run run;
    run.call = call;
    run.loop = loop;
    run.options = &call->options;
    run.executor = executor;
    run.outer = parallel_scope_current;
    run.begin = (uint64_t)call->begin;
    run.count = (uint64_t)call->end - (uint64_t)call->begin;
    run.failure = NULL;
    atomic_init(&run.stop, UINT64_MAX);
    atomic_init(&run.is_cancelled, 0);
    atomic_init(&run.failure_lock.word, 0);
    run.claims.unit_count = pl_named_cut(loop, run.options, run.count, &run.unit);
    int code = make_records(&run, call);
    if (code != 0)
        return code;
    float expected_ns = choose_timing(&run);
    uint32_t workers = choose_workers(&run, most, expected_ns);
    struct pl_named_part part;
    part.slot = 0;
    part.cursor = 0;
    part.timed_ns = 0;
    part.timed_iterations = 0;
    part.counted = (struct pl_progress_part){0, 0};
    if (run.options->progress) {
        run.progress = pl_progress_begin(pl_named_label(loop, run.options), run.count, pl_clock_now_ns());
        run.flags |= run.progress != NULL ? PL_NAMED_IS_SHOWN : 0;
    }
    if (workers > 1)
        run_together(&run, &part, workers, expected_ns);
    else
        run_alone(&run, &part);
    remember_cost(loop, &part);
    if (run.flags & PL_NAMED_IS_SHOWN)
        pl_progress_end(run.progress, pl_clock_now_ns());
    code = outcome(&run);
    if (loop->sums != NULL)
        use_records(&run, call, code, values);
    return code;
}

struct parallel_executor *pl_named_run_executor(void)
{
    const struct pl_named_part *part = pl_named_part_innermost();
    if (part != NULL && part->frame == pl_frame_innermost && part->run->executor != NULL)
        return part->run->executor;
    return pl_frame_innermost != NULL ? pl_frame_innermost->executor : parallel_executor_default();
}
