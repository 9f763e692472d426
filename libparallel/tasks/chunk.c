/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The side of an inline loop that runs in each thread of the region: joins the loop, claims chunk after chunk, notices how
 * each was left, sizes the next by the time it took, and leaves.
 *
 *     next: join -> claim -> (body) -> next: finish -> claim -> (body) -> ... -> next: finish, nothing left, leave */
#include "libparallel/tasks/loop.h"

#include "libparallel/base/clock.h"
#include "libparallel/report/progress.h"
#include "libparallel/tasks/claiming.h"
#include "libparallel/tasks/forked_loop.h"
#include "libparallel/tasks/home.h"
#include "libparallel/tasks/pace.h"
#include "libparallel/tasks/plane.h"
#include "libparallel/tasks/team.h"

bool parallel_chunk_is_cancelled(const struct pl_scope *scope)
{
    const struct parallel_chunk_scope *self = (const struct parallel_chunk_scope *)scope;
    return pl_loop_stop(self->loop) <= pl_loop_offset(self->loop, self->chunk->claim_first) ||
           ((self->loop->shared.flags & PL_LOOP_IS_FORKED) && pl_forked_loop_is_cancelled(self->loop)) ||
           pl_scope_is_cancelled(scope->outer);
}

/* Where this thread last met the loops of the outlined body at `where`. The loop's address comes from the opener's
 * frame, which is in the opener's cache, and so is what it points to: two transfers one after the other, of some 50 ns each.
 * A loop in the source mostly is where it was, so the second one starts early. */
static void look_forward(const parallel_loop *loop, const void *where)
{
    enum { SITES = 8 };
    static _Thread_local const parallel_loop *met[SITES] __attribute__((tls_model("initial-exec")));
    const parallel_loop **site = &met[((uintptr_t)where >> 4) % SITES];
    __builtin_prefetch(*site);
    *site = loop;
}

_Static_assert(sizeof(struct pl_progress_part) <= sizeof((parallel_chunk *)0)->progress, "the public struct has the room");

static struct pl_progress_part *progress_of(parallel_chunk *chunk)
{
    return (struct pl_progress_part *)chunk->progress;
}

static void enter(parallel_loop *loop, parallel_chunk *chunk)
{
    chunk->scope.loop = loop;
    chunk->scope.chunk = chunk;
    pl_scope_enter(pl_chunk_scope(chunk), parallel_chunk_is_cancelled);
    chunk->is_joined = 1;
    chunk->next_share = chunk->thread;
}

static bool join(parallel_loop *loop, parallel_chunk *chunk)
{
    const struct parallel_loop_shared *shared = &loop->shared;
    if (chunk->thread >= shared->worker_count)
        return false;
    const struct pl_claim_slot *slots = shared->slots;
    if (slots != NULL && slots[chunk->thread].home_id != pl_tenant.id)
        pl_homes_move_in(((struct pl_loop_team *)loop->team)->homes, chunk->thread);
    enter(loop, chunk);
    chunk->claimed = 0;
    chunk->grain = (uint32_t)1 << shared->grain_shift;
    if (shared->flags & PL_LOOP_IS_TIMED)
        chunk->clock_ns = pl_clock_now_ns();
    if (shared->flags & PL_LOOP_IS_SHOWN)
        *progress_of(chunk) = (struct pl_progress_part){0, chunk->clock_ns};
    return true;
}

static void leave(parallel_chunk *chunk)
{
    pl_scope_leave(pl_chunk_scope(chunk));
    chunk->is_joined = 0;
}

/* Of the claim at hand. */
static uint64_t iterations_done(const parallel_loop *loop, const parallel_chunk *chunk)
{
    return loop->kind & PARALLEL_LOOP_TILES ? pl_plane_iterations(&loop->plane, chunk->claim_first, chunk->at)
                                            : chunk->at - chunk->claim_first;
}

/* Returns the time since the claim began. */
static uint64_t take_time(parallel_loop *loop, parallel_chunk *chunk)
{
    uint64_t now = pl_clock_now_ns();
    uint64_t elapsed_ns = now - chunk->clock_ns;
    chunk->clock_ns = now;
    if (chunk->thread == 0) {
        loop->timed_ns += elapsed_ns;
        loop->timed_iterations += chunk->at - chunk->claim_first;
    }
    return elapsed_ns;
}

static void end_claim(parallel_loop *loop, parallel_chunk *chunk)
{
    chunk->grain = pl_pace_next_grain(chunk->claimed, take_time(loop, chunk));
    if (loop->shared.flags & PL_LOOP_IS_SHOWN)
        pl_progress_count(loop->progress, progress_of(chunk), iterations_done(loop, chunk), chunk->clock_ns);
}

/* Where the body was left. */
static uint64_t offset_left(const parallel_loop *loop, const parallel_chunk *chunk)
{
    if (!(loop->kind & PARALLEL_LOOP_TILES))
        return chunk->at - loop->shared.base;
    return (chunk->tile.stop_row - loop->begin) * loop->plane.columns + (chunk->tile.stop_column - loop->plane.begin);
}

void pl_chunk_report(parallel_loop *loop, parallel_chunk *chunk)
{
    bool was_left = chunk->at != chunk->last;
    if (chunk->scope.failure != NULL)
        pl_loop_fail_at(loop, was_left ? offset_left(loop, chunk) : pl_loop_offset(loop, chunk->claim_first),
                        pl_scope_release_failure(pl_chunk_scope(chunk)));
    else if (was_left)
        pl_loop_stop_at(loop, offset_left(loop, chunk));
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

static struct pl_claim_size size_of_next(const struct parallel_loop_shared *shared, const parallel_chunk *chunk)
{
    if (shared->flags & PL_LOOP_IS_FIXED)
        return (struct pl_claim_size){1, 1};
    return pl_pace_size(chunk->grain);
}

static void take_units(const struct parallel_loop_shared *shared, parallel_chunk *chunk, struct pl_claim claim)
{
    uint64_t first = claim.first * shared->unit;
    /* The last unit may be cut short; last * unit could overflow only there. */
    uint64_t last = claim.last == shared->unit_count ? shared->count : claim.last * shared->unit;
    uint64_t now = pl_pace_piece_end(first, last, shared->unit);
    if (shared->record_size != 0) {
        now = shared->unit < last - first ? first + shared->unit : last; /* the bits hang on whole units */
        chunk->record = (unsigned char *)shared->records + (claim.first + (size_t)1) * shared->record_size;
    }
    chunk->claimed = claim.last - claim.first;
    chunk->claim_first = shared->base + first;
    chunk->claim_last = shared->base + last;
    chunk->first = chunk->claim_first;
    chunk->last = shared->base + now;
    chunk->at = chunk->first;
    chunk->unfinished = 1;
}

/* Of a loop in one thread that shows its progress: a claim at a time, sized by time. */
static bool take_sized(const parallel_loop *loop, parallel_chunk *chunk)
{
    const struct parallel_loop_shared *shared = &loop->shared;
    uint32_t first = chunk->next_share, rest = shared->unit_count - first;
    if (rest == 0 || pl_loop_offset(loop, shared->base + first * shared->unit) >= pl_loop_stop(loop))
        return false;
    uint32_t count = rest < chunk->grain ? rest : chunk->grain;
    chunk->next_share += count;
    take_units(shared, chunk, (struct pl_claim){first, first + count});
    return true;
}

/* The same of a process that was forked for the loop; there is something to do, or it ends. */
static bool take_in_child(parallel_loop *loop, parallel_chunk *chunk)
{
    struct pl_claim claim;
    uint64_t done = chunk->claimed != 0 ? iterations_done(loop, chunk) : 0;
    pl_forked_loop_claim(loop, done, chunk->clock_ns, size_of_next(&loop->shared, chunk), &claim);
    take_units(&loop->shared, chunk, claim);
    return true;
}

/* Each thread runs the share of its own number, and thread 0 also those of the threads that the runtime was asked for and has
 * not started. */
static uint32_t share_after(const parallel_chunk *chunk, uint32_t share)
{
    if (chunk->thread != 0)
        return UINT32_MAX;
    return share == 0 ? chunk->threads : share + 1;
}

/* Of one worker, or of a loop that is shorter than looking around. */
static bool take_dealt_share(parallel_loop *loop, parallel_chunk *chunk)
{
    const struct parallel_loop_shared *shared = &loop->shared;
    struct pl_claims claims = {NULL, shared->unit_count, shared->worker_count, 0};
    if (shared->flags & (PL_LOOP_IS_SHOWN | PL_LOOP_IS_FORKED))
        return shared->flags & PL_LOOP_IS_FORKED ? take_in_child(loop, chunk) : take_sized(loop, chunk);
    while (chunk->next_share < shared->worker_count) {
        struct pl_claim claim = {pl_claims_share(&claims, chunk->next_share),
                                 pl_claims_share(&claims, chunk->next_share + 1)};
        chunk->next_share = share_after(chunk, chunk->next_share);
        if (pl_loop_offset(loop, shared->base + claim.first * shared->unit) < pl_loop_stop(loop)) {
            take_units(shared, chunk, claim);
            return true;
        }
    }
    return false;
}

static bool claim_among_others(const parallel_loop *loop, parallel_chunk *chunk)
{
    const struct parallel_loop_shared *shared = &loop->shared;
    struct pl_claims claims = {shared->slots, shared->unit_count, shared->worker_count, shared->epoch};
    struct pl_claim_size size = size_of_next(shared, chunk);
    struct pl_claim claim;
    while (pl_claims_take(&claims, chunk->thread, size, &claim) ||
           claim_from_others(&claims, chunk->thread, size, &claim)) {
        if (pl_loop_offset(loop, shared->base + claim.first * shared->unit) < pl_loop_stop(loop)) {
            take_units(shared, chunk, claim);
            return true;
        }
        /* The claim lies above an iteration that stopped the loop, and so does what the own slot still has: dropped. */
        pl_claims_take(&claims, chunk->thread, pl_pace_everything, &claim);
    }
    return false;
}

/* Of a claim of long units (pace.h). */
static void take_next_piece(const struct parallel_loop_shared *shared, parallel_chunk *chunk)
{
    chunk->first = chunk->at = chunk->last;
    chunk->last = pl_pace_piece_end(chunk->first, chunk->claim_last, shared->unit);
    chunk->unfinished = 1;
}

/* The caller's own share, of which it knows without looking at another's line. */
static bool is_sampled(const parallel_loop *loop, const parallel_chunk *chunk)
{
    return chunk->thread == 0 && (loop->shared.flags & PL_LOOP_IS_SAMPLED);
}

static inline void take_share_by_value(parallel_chunk *chunk, const struct pl_claims *claims, uint32_t share)
{
    chunk->next_share = share_after(chunk, share);
    chunk->first = chunk->base + pl_claims_share(claims, share);
    chunk->last = chunk->base + pl_claims_share(claims, share + 1);
    chunk->claim_first = chunk->at = chunk->first;
    chunk->unfinished = 1;
}

static struct pl_claims dealt_claims(const parallel_chunk *chunk)
{
    return (struct pl_claims){NULL, (uint32_t)(chunk->dealt >> 32), (uint32_t)chunk->dealt, 0};
}

/* As parallel_chunk_take_whole(), of thread 0. */
static void take_first_dealt_share(parallel_loop *loop, parallel_chunk *chunk)
{
    struct pl_claims claims = dealt_claims(chunk);
    if (chunk->thread >= claims.worker_count)
        return;
    enter(loop, chunk);
    take_share_by_value(chunk, &claims, chunk->thread);
    if (is_sampled(loop, chunk))
        chunk->clock_ns = pl_clock_now_ns();
}

static void take_next_dealt_share(parallel_loop *loop, parallel_chunk *chunk)
{
    struct pl_claims claims = dealt_claims(chunk);
    pl_chunk_settle(loop, chunk);
    if (is_sampled(loop, chunk))
        take_time(loop, chunk);
    uint32_t share = chunk->next_share;
    if (share >= claims.worker_count || pl_claims_share(&claims, share) >= pl_loop_stop(loop))
        leave(chunk);
    else
        take_share_by_value(chunk, &claims, share);
}

static void take_next_claim(parallel_loop *loop, parallel_chunk *chunk)
{
    if (loop->shared.slots == NULL ? take_dealt_share(loop, chunk) : claim_among_others(loop, chunk))
        return;
    if (loop->shared.flags & PL_LOOP_IS_SHOWN)
        pl_progress_publish(loop->progress, progress_of(chunk), chunk->clock_ns);
    leave(chunk);
}

static void go_on(parallel_loop *loop, parallel_chunk *chunk)
{
    pl_chunk_settle(loop, chunk);
    /* A reduction, which goes on by itself, comes here before its claim has ended only if it was left; then the rest lies
     * above the stop. */
    if (pl_chunk_goes_on(loop, chunk)) {
        take_next_piece(&loop->shared, chunk);
        return;
    }
    if (loop->shared.flags & PL_LOOP_IS_TIMED)
        end_claim(loop, chunk);
    take_next_claim(loop, chunk);
}

void parallel_loop_next(parallel_loop *loop, parallel_chunk *chunk)
{
    if (chunk->dealt != 0) {
        if (chunk->is_joined)
            take_next_dealt_share(loop, chunk);
        else
            take_first_dealt_share(loop, chunk);
        return;
    }
    if (chunk->is_joined) {
        go_on(loop, chunk);
        return;
    }
    look_forward(loop, __builtin_return_address(0));
    if (join(loop, chunk))
        take_next_claim(loop, chunk);
}

void parallel_chunk_abandon(parallel_chunk *chunk)
{
    parallel_loop *loop = chunk->scope.loop;
    if (chunk->scope.failure != NULL)
        pl_loop_fail_at(loop, pl_loop_offset(loop, chunk->claim_first), pl_scope_release_failure(pl_chunk_scope(chunk)));
    if (loop->shared.flags & PL_LOOP_IS_FORKED)
        pl_forked_loop_abandon(loop);
    leave(chunk);
}
