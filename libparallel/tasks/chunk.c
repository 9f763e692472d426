/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The side of an inline loop that runs in each thread of the region: joins the loop, claims chunk after chunk, notices how
 * each was left, sizes the next by the time it took, and leaves.
 *
 *     next: join -> claim -> (body) -> next: finish -> claim -> (body) -> ... -> next: finish, nothing left, leave
 *
 * The size of claims. A chunk should take CHUNK_NS. A loop whose cost is unknown begins with one unit, and each claim has
 * at most GROWTH times the units of the one before, so a body that turns out to be long is held only once. Towards the
 * end of a slot claims shrink (struct pl_claim_size). */
#include "libparallel/tasks/loop.h"

#include "libparallel/base/clock.h"
#include "libparallel/tasks/claiming.h"
#include "libparallel/tasks/home.h"
#include "libparallel/tasks/team.h"

enum {
    /* A claim costs 50 to 100 ns with its clock; at 20 us that is half a percent, and at the end of a loop
     * at most so much is waited for. */
    CHUNK_NS = 20000,
    /* From 1 ns an iteration to 20 us a chunk in eight claims. */
    GROWTH = 4,
    /* The smallest claims, at the end of a slot: CHUNK_NS / 16 is about 1 us, above the cost of stealing. */
    FINEST_SHARE = 16,
};

static bool loop_is_cancelled(const struct pl_scope *scope)
{
    /* The scope is the first member of struct pl_loop_scope. */
    const struct pl_loop_scope *self = (const struct pl_loop_scope *)scope;
    const struct parallel_loop_shared *shared = self->chunk->shared;
    return pl_loop_stop(shared) <= self->chunk->claim_first - shared->base || pl_scope_is_cancelled(scope->outer);
}

/* The loop's shared part: the one of the team that this thread serves, if that is the loop's. */
static struct parallel_loop_shared *find_shared(parallel_loop *loop, uint32_t k)
{
    const struct pl_tenant *tenant = &pl_tenant;
    if (tenant->shared != NULL && pl_shared_is_of(tenant->shared, loop, tenant->home_id) && tenant->worker == k)
        return tenant->shared;
    if (loop->shared != &loop->own)
        pl_homes_move_in(((struct pl_loop_team *)loop->team)->homes, loop->shared, k);
    return loop->shared;
}

static bool join(parallel_loop *loop, parallel_chunk *chunk)
{
    struct parallel_loop_shared *shared = find_shared(loop, chunk->thread);
    if (chunk->thread >= shared->worker_count)
        return false;
    struct pl_loop_scope *self = (struct pl_loop_scope *)chunk->scope;
    self->loop = loop;
    self->chunk = chunk;
    pl_scope_enter(&self->scope, loop_is_cancelled);
    chunk->is_joined = 1;
    chunk->shared = shared;
    chunk->claimed = 0;
    chunk->grain = (uint32_t)1 << shared->grain_shift;
    if (shared->flags & PL_LOOP_IS_TIMED)
        chunk->clock_ns = pl_clock_now_ns();
    return true;
}

static void leave(parallel_chunk *chunk)
{
    pl_scope_leave(&((struct pl_loop_scope *)chunk->scope)->scope);
    chunk->is_joined = 0;
}

static uint32_t next_grain(uint32_t units, uint64_t elapsed_ns)
{
    uint64_t right = (uint64_t)units * CHUNK_NS / (elapsed_ns + 1);
    uint64_t most = (uint64_t)units * GROWTH;
    right = right < most ? right : most;
    right = right < PL_CLAIM_LARGEST_UNIT_COUNT ? right : PL_CLAIM_LARGEST_UNIT_COUNT;
    return right > 0 ? (uint32_t)right : 1;
}

static void take_time(parallel_loop *loop, parallel_chunk *chunk)
{
    uint64_t now = pl_clock_now_ns();
    uint64_t elapsed_ns = now - chunk->clock_ns;
    chunk->clock_ns = now;
    chunk->grain = next_grain(chunk->claimed, elapsed_ns);
    if (chunk->thread == 0) {
        loop->timed_ns += elapsed_ns;
        loop->timed_iterations += chunk->at - chunk->claim_first;
    }
}

/* What became of the claim that was run. */
static void finish(parallel_loop *loop, parallel_chunk *chunk)
{
    struct pl_loop_scope *self = (struct pl_loop_scope *)chunk->scope;
    bool was_left = chunk->at != chunk->last;
    uint64_t offset = (was_left ? chunk->at : chunk->claim_first) - chunk->shared->base;
    if (pl_scope_has_failed(&self->scope))
        pl_loop_fail_at(loop, offset, pl_scope_release_failure(&self->scope));
    else if (was_left)
        pl_loop_stop_at(chunk->shared, offset);
    if (chunk->shared->flags & PL_LOOP_IS_TIMED)
        take_time(loop, chunk);
}

static bool claim_from_others(const struct pl_claims *claims, uint32_t k, struct pl_claim_size size,
                              struct pl_claim *claim)
{
    /* The thread lives in the loop's homes since it joined; of their workers the loop may use fewer. */
    const uint32_t *victims = pl_tenant.victims;
    for (uint32_t looked = 0, i = 0; looked < claims->worker_count - 1; i++) {
        uint32_t victim = victims != NULL ? victims[i] : i < k ? i : i + 1;
        if (victim >= claims->worker_count)
            continue;
        if (pl_claims_steal(claims, k, victim, size, claim))
            return true;
        looked++;
    }
    return false;
}

static const struct pl_claim_size everything = {PL_CLAIM_LARGEST_UNIT_COUNT, PL_CLAIM_LARGEST_UNIT_COUNT};

static struct pl_claim_size size_of_next(const struct parallel_loop_shared *shared, const parallel_chunk *chunk)
{
    if (shared->flags & PL_LOOP_IS_SHORT)
        return everything;
    if (shared->flags & PL_LOOP_IS_FIXED)
        return (struct pl_claim_size){1, 1};
    uint32_t finest = chunk->grain / FINEST_SHARE;
    return (struct pl_claim_size){chunk->grain, finest > 0 ? finest : 1};
}

/* A share that is too short to look around is left to its worker, if it is sure to come: the runtime may have started
 * fewer threads than it was asked for. */
static bool may_steal(const struct parallel_loop_shared *shared, const parallel_chunk *chunk)
{
    return !(shared->flags & PL_LOOP_IS_SHORT) || chunk->threads < shared->worker_count;
}

static void take_units(const struct parallel_loop_shared *shared, parallel_chunk *chunk, struct pl_claim claim)
{
    uint64_t first = claim.first * shared->unit;
    /* The last unit may be cut short; last * unit could overflow only there. */
    uint64_t last = claim.last == shared->unit_count ? shared->count : claim.last * shared->unit;
    uint64_t now = last;
    if (shared->record_size != 0) {
        now = shared->unit < last - first ? first + shared->unit : last;
        chunk->record = shared->records + (claim.first + (size_t)1) * shared->record_size;
    }
    chunk->claimed = claim.last - claim.first;
    chunk->claim_first = shared->base + first;
    chunk->claim_last = shared->base + last;
    chunk->first = chunk->claim_first;
    chunk->last = shared->base + now;
    chunk->at = chunk->first;
    chunk->unfinished = 1;
}

/* One worker: the whole range is its only claim. */
static bool claim_everything(const struct parallel_loop_shared *shared, parallel_chunk *chunk)
{
    if (chunk->claimed != 0)
        return false;
    take_units(shared, chunk, (struct pl_claim){0, shared->unit_count});
    return true;
}

static bool claim_among_others(const struct parallel_loop_shared *shared, parallel_chunk *chunk)
{
    struct pl_claims claims = {shared->slots, shared->unit_count, shared->worker_count, shared->epoch};
    struct pl_claim_size size = size_of_next(shared, chunk);
    struct pl_claim claim;
    while (pl_claims_take(&claims, chunk->thread, size, &claim) ||
           (may_steal(shared, chunk) && claim_from_others(&claims, chunk->thread, size, &claim))) {
        if (claim.first * shared->unit < pl_loop_stop(shared)) {
            take_units(shared, chunk, claim);
            return true;
        }
        /* The claim lies above an iteration that stopped the loop, and so does what the own slot still has: dropped. */
        pl_claims_take(&claims, chunk->thread, everything, &claim);
    }
    return false;
}

int parallel_loop_next(parallel_loop *loop, parallel_chunk *chunk)
{
    if (chunk->is_joined)
        finish(loop, chunk);
    else if (!join(loop, chunk))
        return 0;
    const struct parallel_loop_shared *shared = chunk->shared;
    if (shared->slots == NULL ? claim_everything(shared, chunk) : claim_among_others(shared, chunk))
        return 1;
    leave(chunk);
    return 0;
}

void parallel_chunk_abandon(parallel_chunk *chunk)
{
    struct pl_loop_scope *self = (struct pl_loop_scope *)chunk->scope;
    if (pl_scope_has_failed(&self->scope))
        pl_loop_fail_at(self->loop, chunk->claim_first - chunk->shared->base,
                        pl_scope_release_failure(&self->scope));
    leave(chunk);
}
