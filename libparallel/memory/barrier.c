/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One 64-bit word, so that coming, leaving at the deadline and opening are each one step:
 *
 *     round (32 bits) | is broken (1) | somebody may sleep (1) | parties that have come in this round (30)
 *
 * The last party to come begins the next round; the others wait for the round to change, asleep on the upper half.
 * Breaking begins a round as well, so that a sleeper cannot overlook it: whoever finds the barrier broken one round
 * after its own was broken, two rounds after its own had been complete before. A party waits through one change, and the
 * rounds cannot run away from it, so 32 bits of them are enough. */
#include <libparallel/barrier.h>

#include <stddef.h>

#include "libparallel/base/error.h"
#include "libparallel/memory/halves.h"
#include "libparallel/memory/nap.h"
#include "libparallel/memory/object.h"

#define ONE_ROUND (UINT64_C(1) << 32)
#define IS_BROKEN (UINT64_C(1) << 31)
#define WAITED    (UINT64_C(1) << 30)
#define COME      (WAITED - 1)

_Static_assert(PARALLEL_BARRIER_MOST_PARTIES == COME, "the parties have the other bits");

struct parallel_barrier {
    _Atomic uint64_t state;
    uint32_t parties;
    enum pl_futex_scope scope;
};

int parallel_barrier_create(const parallel_barrier_options *options, parallel_barrier **barrier)
{
    if (options == NULL || barrier == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "barrier: %s is NULL", options == NULL ? "options" : "the result");
    if (options->parties == 0)
        return pl_error_set(PARALLEL_EINVALID, 0, "barrier: no parties");
    if (options->parties > PARALLEL_BARRIER_MOST_PARTIES)
        return pl_error_set(PARALLEL_ERANGE, 0, "barrier: %u parties", (unsigned)options->parties);
    void *block;
    int code = pl_object_create(sizeof(parallel_barrier), options->shared, &block);
    if (code != 0)
        return code;
    parallel_barrier *made = block;
    made->parties = options->parties;
    made->scope = pl_object_scope(options->shared);
    *barrier = made;
    return 0;
}

static uint32_t round_of(uint64_t state)
{
    return (uint32_t)(state / ONE_ROUND);
}

/* True if the round in which this party came is over; then *code says how. */
static bool is_over(uint64_t state, uint32_t round, int *code)
{
    if (round_of(state) == round)
        return false;
    bool was_broken = (state & IS_BROKEN) != 0 && round_of(state) == round + 1;
    *code = was_broken ? pl_error_set(PARALLEL_ECLOSED, 0, "barrier: broken") : 0;
    return true;
}

/* The deadline has passed: leaves, unless the round is over by now. */
static int leave(parallel_barrier *barrier, uint32_t round)
{
    uint64_t state = pl_load_acquire(&barrier->state); /* pairs with the swap of the last party */
    int code;
    while (!is_over(state, round, &code))
        if (pl_cas_acq_rel(&barrier->state, &state, state - 1)) /* pairs with the swap of the last party */
            return pl_error_set(PARALLEL_ETIMEDOUT, 0, "barrier: %u of %u parties have come",
                                (unsigned)(state & COME), (unsigned)barrier->parties);
    return code;
}

static int wait_for_next_round(parallel_barrier *barrier, uint64_t state, uint64_t deadline_ns)
{
    uint32_t round = round_of(state);
    int code;
    while (!is_over(state, round, &code)) {
        /* Acquire here and below: pairs with the swap of the last party. */
        if (deadline_ns != PARALLEL_POLL && (state & WAITED) == 0 &&
            !pl_cas_acquire(&barrier->state, &state, state | WAITED))
            continue;
        if (!pl_nap(pl_high_half(&barrier->state), round, deadline_ns, barrier->scope))
            return leave(barrier, round);
        state = pl_load_acquire(&barrier->state);
    }
    return code;
}

int parallel_barrier_wait(parallel_barrier *barrier, uint64_t deadline_ns, bool *is_last)
{
    enum pl_futex_scope scope = barrier->scope;
    uint64_t state = pl_load_relaxed(&barrier->state), next; /* the swap decides */
    bool last;
    do {
        if ((state & IS_BROKEN) != 0)
            return pl_error_set(PARALLEL_ECLOSED, 0, "barrier: broken");
        last = (state & COME) + 1 == barrier->parties;
        next = last ? (uint64_t)(round_of(state) + 1) * ONE_ROUND : state + 1;
        /* Release: publishes what this party wrote. Acquire: the last one reads what all wrote. */
    } while (!pl_cas_acq_rel(&barrier->state, &state, next));
    int code = 0;
    if (!last)
        code = wait_for_next_round(barrier, next, deadline_ns);
    else if ((state & WAITED) != 0)
        pl_futex_wake(pl_high_half(&barrier->state), PL_FUTEX_WAKE_ALL, scope);
    if (code == 0 && is_last != NULL)
        *is_last = last;
    return code;
}

void parallel_barrier_break(parallel_barrier *barrier)
{
    enum pl_futex_scope scope = barrier->scope;
    uint64_t state = pl_load_relaxed(&barrier->state); /* the swap decides */
    do {
        if ((state & IS_BROKEN) != 0)
            return;
        /* Release: who finds it broken sees what the breaker did before. */
    } while (!pl_cas_acq_rel(&barrier->state, &state, (uint64_t)(round_of(state) + 1) * ONE_ROUND | IS_BROKEN));
    pl_futex_wake(pl_high_half(&barrier->state), PL_FUTEX_WAKE_ALL, scope);
}

void parallel_barrier_destroy(parallel_barrier *barrier)
{
    pl_object_destroy(barrier);
}
