/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What each participant of a run of a named loop does, its owner and the helpers alike: claims iterations, runs them, notices
 * how each claim was left, and sizes the next by the time it took. */
#include "libparallel/tasks/named_part.h"

#include "libparallel/base/clock.h"
#include "libparallel/executors/frame.h"
#include "libparallel/executors/victims.h"
#include "libparallel/tasks/pace.h"

static void lower_stop(struct pl_named_run *run, uint64_t offset)
{
    uint64_t stop = pl_load_relaxed(&run->stop);
    /* Relaxed: only the number counts; the end of the loop publishes it to the owner. */
    while (offset < stop && !pl_cas_relaxed(&run->stop, &stop, offset))
        continue;
}

static void fail_at(struct pl_named_run *run, uint64_t offset, const parallel_error *failure)
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
    const struct pl_named_part *part = (const struct pl_named_part *)iteration;
    /* Relaxed: a late answer costs time only. */
    return pl_load_relaxed(&part->run->stop) <= part->first || pl_scope_is_cancelled(part->run->outer);
}

static struct pl_claim_size size_of_next(const struct pl_named_run *run, const struct pl_named_part *part)
{
    if (run->flags & PL_NAMED_IS_FIXED)
        return (struct pl_claim_size){1, 1};
    if (run->flags & PL_NAMED_IS_SHORT)
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

static bool claim_alone(const struct pl_named_run *run, struct pl_named_part *part, struct pl_claim_size size,
                        struct pl_claim *claim)
{
    uint32_t rest = run->claims.unit_count - part->cursor;
    claim->first = part->cursor;
    claim->last = part->cursor += rest < size.grain ? rest : size.grain;
    return rest > 0;
}

/* Shares of one unit are taken whole, by those who have joined; if all have, nothing is left to look for, and the others'
 * lines stay where they are used. */
static bool is_all_taken(const struct pl_named_run *run)
{
    return run->claims.unit_count == run->claims.worker_count && pl_post_places(run->post) == 0;
}

/* In a short loop the owner sees to the shares for which nobody came. */
static bool claim(const struct pl_named_run *run, struct pl_named_part *part, struct pl_claim_size size, struct pl_claim *claim)
{
    if (run->claims.slots == NULL)
        return claim_alone(run, part, size, claim);
    if (pl_claims_take(&run->claims, part->slot, size, claim))
        return true;
    return (!(run->flags & PL_NAMED_IS_SHORT) || part->slot == 0) && !is_all_taken(run) &&
           claim_from_others(&run->claims, part->slot, size, claim);
}

static void heed_cancellation(struct pl_named_run *run)
{
    if (run->outer != NULL && pl_scope_is_cancelled(run->outer)) {
        pl_store_relaxed(&run->is_cancelled, 1); /* relaxed: published by the end of the loop */
        lower_stop(run, 0);
    }
}

/* The next claim below the stop. What was claimed above it, and what the own slot still has, is dropped. */
static bool claim_next(struct pl_named_run *run, struct pl_named_part *part, struct pl_claim *next)
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
static uint64_t run_piece(struct pl_named_run *run, struct pl_named_part *part, uint32_t unit, uint64_t first, uint64_t last)
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
static void run_claim(struct pl_named_run *run, struct pl_named_part *part, struct pl_claim claim)
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

void pl_named_part_take(struct pl_named_run *run, struct pl_named_part *part)
{
    struct pl_section section;
    struct pl_claim claim;
    part->run = run;
    part->frame = pl_frame_innermost;
    part->grain = (uint32_t)1 << run->grain_shift;
    part->iteration.leave = run->loop->leave;
    part->iteration.is_stopped = false;
    part->iteration.is_asked = is_asked;
    pl_section_enter(&section, &part->iteration.scope, pl_iteration_is_cancelled);
    uint64_t clock_ns = run->flags & PL_NAMED_IS_TIMED ? pl_clock_now_ns() : 0;
    while (claim_next(run, part, &claim)) {
        uint64_t before = part->timed_iterations;
        run_claim(run, part, claim);
        if (!(run->flags & PL_NAMED_IS_TIMED))
            continue;
        uint64_t now = pl_clock_now_ns();
        part->grain = pl_pace_next_grain(claim.last - claim.first, now - clock_ns);
        part->timed_ns += now - clock_ns;
        clock_ns = now;
        if (run->flags & PL_NAMED_IS_SHOWN)
            pl_progress_count(run->progress, &part->counted, part->timed_iterations - before, now);
    }
    if (run->flags & PL_NAMED_IS_SHOWN)
        pl_progress_publish(run->progress, &part->counted, clock_ns);
    pl_section_leave(&section, run->loop->name);
}

static uint32_t take_slot(const struct pl_named_run *run, uint32_t worker)
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

void pl_named_part_help(struct pl_joint_work *work, uint32_t worker)
{
    struct pl_named_run *run = (struct pl_named_run *)work; /* its first member */
    struct pl_named_part part = {.slot = take_slot(run, worker)};
    pl_named_part_take(run, &part);
}

const struct pl_named_part *pl_named_part_innermost(void)
{
    for (const struct pl_scope *scope = parallel_scope_current; scope != NULL; scope = scope->outer) {
        const struct pl_named_part *part = (const struct pl_named_part *)scope;
        if (scope->is_cancelled == pl_iteration_is_cancelled && part->iteration.is_asked == is_asked)
            return part;
    }
    return NULL;
}
