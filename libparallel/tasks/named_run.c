/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One run of a named loop: the calling thread owns it, and workers of the executor help.
 *
 *     owner:             post -> own part -> close -> outcome
 *     each participant:  scope -> claim -> range(first, last) -> claim -> ... -> nothing left
 *
 * Owner and helpers find each other on the executor's board (docs/protocols/named-loops.md) and share the iterations by
 * claims (docs/protocols/claiming.md); the slots of the claims stay with the post, so a loop allocates nothing and each
 * worker finds its slot and its share where it left them. Slot 0 is the owner's; a helper takes the one of its worker
 * index, or the next one that is free. */
#include "libparallel/tasks/named_run.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/lock.h"
#include "libparallel/executors/board.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/frame.h"
#include "libparallel/executors/scope.h"
#include "libparallel/executors/victims.h"
#include "libparallel/report/progress.h"
#include "libparallel/tasks/pace.h"
#include "libparallel/tasks/reduce.h"
#include "libparallel/tasks/spawn.h"

/* A loop of that length is better off in one thread, and no clock is read in it: four times what it costs two awake threads
 * to meet, two and a half hundred ns. */
enum { INLINE_NS = 1000 };

/* Three centuries: next to what 64 bits of nanoseconds can say. */
#define AGES_NS 0x1p63F

enum {
    IS_TIMED = 1 << 0, /* each participant sizes its claims by their time; the owner remembers the cost */
    IS_FIXED = 1 << 1, /* .grain was given: one unit a claim */
    IS_SHORT = 1 << 2, /* claimed in whole shares; helpers take theirs and look nowhere else */
    IS_SHOWN = 1 << 3, /* there is a display of its progress; the run is timed */
};

/* What a post keeps: the participants' slots, and which of them is somebody's in this loop. */
struct seat {
    _Alignas(PL_CLAIM_SLOT_SIZE) _Atomic uint32_t ticket; /* the post's sequence; else free */
};

struct crew {
    uint32_t count;
    uint32_t epoch;
    _Alignas(PL_CLAIM_SLOT_SIZE) struct pl_claim_slot slots[]; /* [count], then as many seats */
};

/* One run, in its owner's frame. What helpers read in every loop fills the first two lines. */
struct named_loop {
    _Alignas(2 * PL_CACHE_LINE) struct pl_joint_work work;
    const parallel_loop_call *call; /* and arguments of the loop's functions */
    struct pl_claims claims; /* slots NULL: the owner alone */
    uint32_t flags;
    uint32_t grain_shift;
    _Atomic uint64_t stop; /* lowest offset at which an iteration stopped; UINT64_MAX: none; hardly ever written */
    uint64_t count;
    uint64_t unit;
    uint64_t begin;
    const parallel_named_loop *loop;
    const struct pl_scope *outer; /* the owner's; asked whether the loop is cancelled */
    struct seat *seats;
    struct pl_post *post;
    uint32_t ticket;
    _Atomic uint32_t is_cancelled;
    struct pl_progress *progress; /* with IS_SHOWN */
    struct parallel_executor *executor; /* NULL: none */
    const parallel_loop_options *options;
    unsigned char *records; /* of the units, where the loop accumulates */
    struct pl_lock failure_lock; /* guards the two below */
    uint64_t failed_at;
    const parallel_error *failure; /* of the lowest failing iteration so far; freed with the run */
};

_Static_assert(offsetof(struct named_loop, is_cancelled) + sizeof(uint32_t) == 2 * PL_CACHE_LINE,
               "what helpers read in every loop fills two lines");

/* One thread's part of a run, in its frame. */
struct part {
    struct pl_iteration_scope iteration; /* first: found by the scope's address */
    struct named_loop *run;
    const struct pl_frame *frame; /* the thread's at the beginning */
    uint32_t slot;
    uint32_t grain;
    uint32_t cursor; /* the owner alone: the first unit that is left */
    uint64_t first;  /* offset of the claim that runs */
    uint64_t timed_iterations;
    uint64_t timed_ns; /* what they took; 0: not timed */
    struct pl_progress_part counted;
};

/* ---- A participant ---- */

static void lower_stop(struct named_loop *run, uint64_t offset)
{
    uint64_t stop = pl_load_relaxed(&run->stop);
    /* Relaxed: only the number counts; the end of the loop publishes it to the owner. */
    while (offset < stop && !pl_cas_relaxed(&run->stop, &stop, offset))
        continue;
}

static void fail_at(struct named_loop *run, uint64_t offset, const parallel_error *failure)
{
    const parallel_error *loser = failure;
    pl_lock_acquire(&run->failure_lock);
    if (run->failure == NULL || offset < run->failed_at) {
        loser = run->failure;
        run->failure = failure;
        run->failed_at = offset;
    }
    pl_lock_release(&run->failure_lock);
    if (loser != NULL)
        pl_failure_free(loser);
    lower_stop(run, offset);
}

static bool is_asked(const struct pl_iteration_scope *iteration)
{
    const struct part *part = (const struct part *)iteration;
    /* Relaxed: a late answer costs time only. */
    return pl_load_relaxed(&part->run->stop) <= part->first || pl_scope_is_cancelled(part->run->outer);
}

static struct pl_claim_size size_of_next(const struct named_loop *run, const struct part *part)
{
    if (run->flags & IS_FIXED)
        return (struct pl_claim_size){1, 1};
    if (run->flags & IS_SHORT)
        return pl_pace_everything;
    return pl_pace_size(part->grain);
}

/* Near ones first: workers with near numbers are near (placement.h), and slots are in their order. */
static bool claim_from_others(const struct pl_claims *claims, uint32_t k, struct pl_claim_size size,
                              struct pl_claim *claim)
{
    struct pl_counters *counters = pl_counters_of_caller();
    uint32_t step = 0;
    while (step < claims->worker_count - 1 &&
           !pl_claims_steal(claims, k, pl_victims_number(k, step, claims->worker_count), size, claim))
        step++;
    bool has_claimed = step < claims->worker_count - 1;
    if (counters != NULL) {
        pl_count(&counters->failed_steals, step);
        if (has_claimed)
            pl_count_steal(counters, 1); /* the slot */
    }
    return has_claimed;
}

static bool claim_alone(const struct named_loop *run, struct part *part, struct pl_claim_size size,
                        struct pl_claim *claim)
{
    uint32_t rest = run->claims.unit_count - part->cursor;
    claim->first = part->cursor;
    claim->last = part->cursor += rest < size.grain ? rest : size.grain;
    return rest > 0;
}

/* Shares of one unit are taken whole, by those who have joined; if all have, nothing is left to look for, and the others'
 * lines stay where they are used. */
static bool is_all_taken(const struct named_loop *run)
{
    return run->claims.unit_count == run->claims.worker_count && pl_post_places(run->post) == 0;
}

/* In a short loop the owner sees to the shares for which nobody came. */
static bool claim(const struct named_loop *run, struct part *part, struct pl_claim_size size, struct pl_claim *claim)
{
    if (run->claims.slots == NULL)
        return claim_alone(run, part, size, claim);
    if (pl_claims_take(&run->claims, part->slot, size, claim))
        return true;
    return (!(run->flags & IS_SHORT) || part->slot == 0) && !is_all_taken(run) &&
           claim_from_others(&run->claims, part->slot, size, claim);
}

static void heed_cancellation(struct named_loop *run)
{
    if (run->outer != NULL && pl_scope_is_cancelled(run->outer)) {
        pl_store_relaxed(&run->is_cancelled, 1); /* relaxed: published by the end of the loop */
        lower_stop(run, 0);
    }
}

/* The next claim below the stop. What was claimed above it, and what the own slot still has, is dropped. */
static bool claim_next(struct named_loop *run, struct part *part, struct pl_claim *next)
{
    heed_cancellation(run);
    struct pl_claim_size size = size_of_next(run, part);
    while (claim(run, part, size, next)) {
        if (next->first * run->unit < pl_load_relaxed(&run->stop)) /* relaxed: a late look runs too much above it */
            return true;
        struct pl_claim dropped;
        (void)(run->claims.slots != NULL ? pl_claims_take(&run->claims, part->slot, pl_pace_everything, &dropped)
                                         : claim_alone(run, part, pl_pace_everything, &dropped));
    }
    return false;
}

/* Positions are modulo 2^64, as offsets are; `unit` is the one they lie in. Returns where it was left. */
static uint64_t run_piece(struct named_loop *run, struct part *part, uint32_t unit, uint64_t first, uint64_t last)
{
    struct pl_iteration_scope *iteration = &part->iteration;
    const parallel_loop_sums *sums = run->loop->sums;
    int64_t begin = (int64_t)(run->begin + first), end = (int64_t)(run->begin + last);
    part->first = first;
    end = sums == NULL ? run->loop->range(run->call, begin, end)
                       : sums->range(run->call, begin, end, run->records + unit * sums->record_size);
    uint64_t left = (uint64_t)end - run->begin;
    if (pl_scope_has_failed(&iteration->scope))
        fail_at(run, left - 1, pl_scope_release_failure(&iteration->scope));
    else if (iteration->is_stopped)
        lower_stop(run, left - 1);
    iteration->is_stopped = false;
    part->timed_iterations += left - first;
    return left;
}

/* In pieces, or, since bits hang on whole units, unit by unit. */
static void run_claim(struct named_loop *run, struct part *part, struct pl_claim claim)
{
    uint64_t next = claim.first * run->unit;
    uint64_t last = claim.last == run->claims.unit_count ? run->count : claim.last * run->unit;
    for (uint32_t unit = claim.first;; unit++) {
        uint64_t end = pl_pace_piece_end(next, last, run->unit);
        if (run->loop->sums != NULL)
            end = unit + 1 < claim.last ? next + run->unit : last;
        next = run_piece(run, part, unit, next, end);
        if (next >= last)
            return;
        heed_cancellation(run);
        if (next >= pl_load_relaxed(&run->stop)) /* relaxed: a late look runs too much above it */
            return;
    }
}

static void take_part(struct named_loop *run, struct part *part)
{
    struct pl_spawn_frame spawns;
    struct pl_claim claim;
    part->run = run;
    part->frame = pl_frame_innermost;
    part->grain = (uint32_t)1 << run->grain_shift;
    part->iteration.leave = run->loop->leave;
    part->iteration.is_stopped = false;
    part->iteration.is_asked = is_asked;
    pl_scope_enter(&part->iteration.scope, pl_iteration_is_cancelled);
    pl_spawn_frame_enter(&spawns, &part->iteration.scope);
    uint64_t clock_ns = run->flags & IS_TIMED ? pl_clock_now_ns() : 0;
    while (claim_next(run, part, &claim)) {
        uint64_t before = part->timed_iterations;
        run_claim(run, part, claim);
        if (!(run->flags & IS_TIMED))
            continue;
        uint64_t now = pl_clock_now_ns();
        part->grain = pl_pace_next_grain(claim.last - claim.first, now - clock_ns);
        part->timed_ns += now - clock_ns;
        clock_ns = now;
        if (run->flags & IS_SHOWN)
            pl_progress_count(run->progress, &part->counted, part->timed_iterations - before, now);
    }
    if (run->flags & IS_SHOWN)
        pl_progress_publish(run->progress, &part->counted, clock_ns);
    pl_spawn_frame_leave(&spawns, run->loop->name);
    pl_scope_leave(&part->iteration.scope);
}

static uint32_t take_slot(const struct named_loop *run, uint32_t worker)
{
    uint32_t others = run->claims.worker_count - 1;
    for (uint32_t slot = worker % others;; slot = slot + 1 < others ? slot + 1 : 0) {
        _Atomic uint32_t *ticket = &run->seats[slot + 1].ticket;
        uint32_t old = pl_load_relaxed(ticket);
        /* Relaxed: a number; there is one place a helper, so each finds a slot. */
        if (old != run->ticket && pl_cas_relaxed(ticket, &old, run->ticket))
            return slot + 1;
    }
}

static void take_part_as_helper(struct pl_joint_work *work, uint32_t worker)
{
    struct named_loop *run = (struct named_loop *)work; /* its first member */
    struct part part = {.slot = take_slot(run, worker)};
    take_part(run, &part);
}

/* ---- The owner: how many take part ---- */

/* History is shared by all who run the loop. Relaxed throughout: an estimate. */
static float expected_cost(const parallel_named_loop *loop)
{
    uint32_t bits = pl_load_relaxed((_Atomic uint32_t *)&loop->history->ns_per_iteration);
    float cost;
    memcpy(&cost, &bits, sizeof cost);
    return cost;
}

static void remember_cost(const parallel_named_loop *loop, const struct part *part)
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
static float choose_timing(struct named_loop *run)
{
    run->flags = 0;
    run->grain_shift = 0;
    if (run->options->grain != 0) {
        run->flags = run->options->progress ? IS_FIXED | IS_TIMED : IS_FIXED;
        return 0;
    }
    float cost = expected_cost(run->loop);
    float expected_ns = cost * (float)run->count;
    if (expected_ns != 0 && expected_ns < INLINE_NS && !run->options->progress &&
        !is_due_for_timing(run->loop)) {
        run->flags = IS_SHORT;
        return expected_ns;
    }
    run->flags = IS_TIMED;
    run->grain_shift = pl_pace_first_shift(cost * (float)run->unit);
    return expected_ns;
}

/* Inside the threads of an inline loop, which has the cores already; not in a worker, where that loop has one thread. */
static bool is_inside_inline_loop(void)
{
    return pl_frame_innermost == NULL && parallel_scope_current != NULL && pl_iteration_current() == NULL;
}

/* The number of participants. */
static uint32_t choose_workers(const struct named_loop *run, size_t most, float expected_ns)
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
                         sizeof *crew + count * (sizeof(struct pl_claim_slot) + sizeof(struct seat)));
    if (crew == NULL)
        return NULL;
    memset(crew, 0, sizeof *crew + count * (sizeof(struct pl_claim_slot) + sizeof(struct seat)));
    crew->count = count;
    free(post->kept);
    post->kept = crew;
    return crew;
}

/* Takes a post and makes the loop ready for helpers; NULL: there is none, the owner does it all. */
static struct pl_post *prepare_post(struct named_loop *run, uint32_t workers)
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
    run->seats = (struct seat *)(void *)(crew->slots + crew->count);
    run->ticket = pl_post_next_sequence(post);
    return post;
}

static void run_alone(struct named_loop *run, struct part *part)
{
    run->claims.slots = NULL;
    run->claims.worker_count = 1;
    take_part(run, part);
}

static void run_together(struct named_loop *run, struct part *part, uint32_t workers, float expected_ns)
{
    struct pl_post *post = prepare_post(run, workers);
    if (post == NULL) {
        run_alone(run, part);
        return;
    }
    bool is_urgent = expected_ns == 0 || expected_ns >= AGES_NS || names_its_team(run->options);
    run->work.take_part = take_part_as_helper;
    run->work.is_worth_a_wake = is_urgent || expected_ns >= PL_PACE_CHUNK_NS;
    pl_post_open(post, &run->work, run->call + 1, workers - 1); /* its captures follow it */
    run->executor->kind->call_helpers(run->executor, post, workers - 1,
                                      is_urgent ? UINT64_MAX : (uint64_t)(expected_ns / 2));
    take_part(run, part);
    if (run->executor->fork_count != pl_fork_count())
        pl_report_and_abort("a child that was forked inside a loop body returned from it; it has no workers to return "
                            "to, and ends by _exit or exec");
    pl_post_close(post);
    pl_board_give_back(post);
}

/* ---- The owner: outcome ---- */

static int outcome(struct named_loop *run)
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
static int make_records(struct named_loop *run, const parallel_loop_call *call)
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

static void use_records(const struct named_loop *run, const parallel_loop_call *call, int code, void *values)
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
    struct named_loop run;
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
    struct part part;
    part.slot = 0;
    part.cursor = 0;
    part.timed_ns = 0;
    part.timed_iterations = 0;
    part.counted = (struct pl_progress_part){0, 0};
    if (run.options->progress) {
        run.progress = pl_progress_begin(pl_named_label(loop, run.options), run.count, pl_clock_now_ns());
        run.flags |= run.progress != NULL ? IS_SHOWN : 0;
    }
    if (workers > 1)
        run_together(&run, &part, workers, expected_ns);
    else
        run_alone(&run, &part);
    remember_cost(loop, &part);
    if (run.flags & IS_SHOWN)
        pl_progress_end(run.progress, pl_clock_now_ns());
    code = outcome(&run);
    if (loop->sums != NULL)
        use_records(&run, call, code, values);
    return code;
}

struct parallel_executor *pl_named_run_executor(void)
{
    for (const struct pl_scope *scope = parallel_scope_current; scope != NULL; scope = scope->outer) {
        const struct part *part = (const struct part *)scope;
        if (scope->is_cancelled != pl_iteration_is_cancelled || part->iteration.is_asked != is_asked)
            continue;
        if (part->frame == pl_frame_innermost && part->run->executor != NULL)
            return part->run->executor;
        break;
    }
    return pl_frame_innermost != NULL ? pl_frame_innermost->executor : parallel_executor_default();
}
