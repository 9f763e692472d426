/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The child's side of a loop in forked children: it becomes a worker, claims, tells what has come of it, and ends.
 *
 * It may be killed at any instruction. So it says which units it takes before it takes them, and that it has done them after
 * it has: at its death the program knows, at worst, a unit too many. */
#include "libparallel/tasks/forked_loop.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "libparallel/base/error.h"
#include "libparallel/machine/binding.h"
#include "libparallel/tasks/forked_loop_state.h"
#include "libparallel/workers/memory_limit.h"

/* A claim takes at most such a part of what one worker would get of the rest, so that the last ones even out. */
enum { CLAIM_DIVISOR = 4 };

static _Noreturn void leave(struct pl_forked_loop *forked)
{
    /* Release: pairs with look_after(); publishes all that the child has told. */
    pl_store_release(&forked->self->is_done, 1);
    fflush(stdout);
    _exit(0);
}

void pl_forked_loop_claim(parallel_loop *loop, uint64_t done, uint64_t now_ns, struct pl_claim_size size,
                          struct pl_claim *claim)
{
    struct pl_forked_loop *forked = pl_forked_of(loop);
    struct pl_forked_loop_child *self = forked->self;
    uint32_t unit_count = loop->shared.unit_count;
    /* Relaxed, the numbers: for the program to show, and to know how long the child has been at it. */
    pl_store_relaxed(&self->done, pl_load_relaxed(&self->done) + done);
    pl_store_relaxed(&self->since_ns, now_ns);
    if (forked->piece != 0 && !forked->has_claimed) {
        uint64_t given = pl_load_relaxed(&self->claim); /* written before the fork */
        *claim = (struct pl_claim){(uint32_t)(given >> 32), (uint32_t)given};
        forked->has_claimed = true;
        return;
    }
    /* Release: what was done there is done before it is said. */
    pl_store_release(&self->claim, 0);
    if (forked->piece != 0)
        leave(forked);
    uint32_t next = pl_load_relaxed(&forked->head->next);
    for (;;) {
        if (next >= unit_count || pl_forked_offset_of_unit(loop, next) >= pl_loop_stop(loop))
            leave(forked); /* later claims are higher still */
        uint32_t rest = unit_count - next;
        uint32_t most = rest / (CLAIM_DIVISOR * forked->count);
        uint32_t wanted = size.grain < most ? size.grain : most > size.finest ? most : size.finest;
        *claim = (struct pl_claim){next, next + (wanted < rest ? wanted : rest)};
        pl_store_relaxed(&self->claim, pl_forked_pack(*claim)); /* relaxed: ordered by the next line */
        /* Release: the claim is told before it is made. Its partner is the kernel, which ends the process after it. */
        if (pl_cas_release(&forked->head->next, &next, claim->last))
            return;
    }
}

/* A child that dies at any moment leaves a whole failure or none: the index comes last. */
bool pl_forked_loop_tell_failure(parallel_loop *loop, uint64_t offset, const parallel_error *failure)
{
    struct pl_forked_loop_child *self = pl_forked_of(loop)->self;
    if (self == NULL)
        return false;
    uint32_t told = pl_load_relaxed(&self->failure); /* the child's own */
    if (told == 0 || offset < self->failed_at[told - 1]) {
        uint32_t spare = told == 1 ? 1 : 0;
        self->failures[spare] = *failure;
        self->failed_at[spare] = offset;
        pl_store_release(&self->failure, spare + 1); /* pairs with look_after() */
    }
    pl_failure_free(failure);
    pl_loop_stop_at(loop, offset);
    return true;
}

void pl_forked_loop_abandon(parallel_loop *loop)
{
    struct pl_forked_loop *forked = pl_forked_of(loop);
    /* Relaxed: the child's own. A failure of this chunk has been told. */
    struct pl_claim claim = {(uint32_t)(pl_load_relaxed(&forked->self->claim) >> 32), 0};
    parallel_error *failure = malloc(sizeof *failure);
    if (failure == NULL)
        abort(); /* a crash like any other */
    pl_error_fill(failure, PARALLEL_EABANDONED, 0, "%s:%d: the body was left by return or goto", loop->file, loop->line);
    (void)pl_forked_loop_tell_failure(loop, pl_forked_offset_of_unit(loop, claim.first), failure);
    leave(forked);
}

void pl_forked_loop_begin_child(struct pl_forked_loop *forked)
{
    parallel_loop *loop = forked->loop;
    const struct pl_child_terms *terms = &forked->terms;
    uint32_t place = forked->children->current;
    forked->self = &forked->shared[place];
    pl_crash_install(&forked->self->crash);
    loop->shared.flags &= (uint16_t)~PL_LOOP_IS_SHOWN; /* the program shows it */
    loop->shared.worker_count = 1;
    pthread_setcancelstate(forked->cancel_state, NULL);
    if (forked->limit_openmp != NULL)
        forked->limit_openmp(0); /* the team that the thread may have has no threads here, and libgomp would wait for them */
    if (pl_binding_enter(&forked->places[place].home) != 0)
        pl_report("loop: a process stays unbound: %s", parallel_last_error()->message);
    if (pl_executor_become_worker((int)place) != 0)
        abort(); /* no memory for a few bytes: a crash like any other */
    int error = terms->memory_limit > 0 ? pl_memory_limit_enter(terms->memory_limit) : 0;
    if (error != 0)
        pl_report("a loop runs without its memory limit: errno %d", error);
    if (terms->initializer != NULL) {
        forked->self->initializer_code = terms->initializer(terms->initializer_context);
        if (forked->self->initializer_code != 0)
            _exit(0);
    }
}
