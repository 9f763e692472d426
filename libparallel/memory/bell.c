/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The bit that says that somebody may sleep is set by sleepers and cleared by a ringer that found nobody asleep, by a
 * swap that fails if anybody came meanwhile. So it is at worst set for nothing, which costs the next ringer one system
 * call: a sleeper that was killed needs no cleaning up. */
#include "libparallel/memory/bell.h"

#include "libparallel/memory/nap.h"

enum { SOMEBODY_SLEEPS = 1, ONE_RING = 2 };

uint32_t pl_bell_listen(struct pl_bell *bell)
{
    uint32_t word = pl_load_relaxed(&bell->word), ticket; /* the swap decides */
    /* Each listener changes the word, or a ringer could clear the bit of one that came after it looked. Sequentially
     * consistent: partner of the load in pl_bell_ring(), see the protocol page. */
    do
        ticket = (word + ONE_RING) | SOMEBODY_SLEEPS;
    while (!pl_cas_seq_cst(&bell->word, &word, ticket));
    return ticket;
}

bool pl_bell_sleep(struct pl_bell *bell, uint32_t ticket, uint64_t deadline_ns, enum pl_futex_scope scope)
{
    return pl_nap(&bell->word, ticket, deadline_ns, scope);
}

void pl_bell_ring(struct pl_bell *bell, int count, enum pl_futex_scope scope)
{
    /* Sequentially consistent: partner of the swap in pl_bell_listen(), see the protocol page. */
    if ((pl_load_seq_cst(&bell->word) & SOMEBODY_SLEEPS) == 0)
        return;
    /* The same order: a listener that is not asleep yet finds its ticket outdated. */
    uint32_t rung = pl_add_seq_cst(&bell->word, ONE_RING) + ONE_RING;
    if (pl_futex_wake(&bell->word, count, scope) == 0 && (rung & SOMEBODY_SLEEPS) != 0)
        (void)pl_cas_relaxed(&bell->word, &rung, rung & ~(uint32_t)SOMEBODY_SLEEPS); /* publishes nothing */
}
