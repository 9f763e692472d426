/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A bell: where threads of any process sleep until something may have changed. One futex word: bit 0 says that
 * somebody may sleep, the rest counts. docs/protocols/bell.md says why no wake-up is lost.
 *
 *   sleeper:                                       whoever changes something:
 *     ticket = pl_bell_listen(bell)                  change it                  (a seq_cst read-modify-write)
 *     look whether it has changed (seq_cst)          pl_bell_ring(bell, count)  (one load if nobody sleeps)
 *     no: pl_bell_sleep(bell, ticket, deadline)
 *
 * Ringing touches the bell after the change, so whoever waits for a change must not free the bell because of it. */
#ifndef LIBPARALLEL_MEMORY_BELL_H
#define LIBPARALLEL_MEMORY_BELL_H

#include <stdbool.h>

#include "libparallel/base/atomics.h"
#include "libparallel/base/futex.h"

struct pl_bell {
    _Atomic uint32_t word;
};

/* From now on a ring is noticed: by the look that follows, or by pl_bell_sleep() with this ticket. */
uint32_t pl_bell_listen(struct pl_bell *bell);

/* Sleeps until the bell is rung, or for no reason, or for a nap: true, look again. False: the deadline has passed. */
bool pl_bell_sleep(struct pl_bell *bell, uint32_t ticket, uint64_t deadline_ns, enum pl_futex_scope scope);

/* Wakes up to `count` sleepers. What was changed was changed by a sequentially consistent operation. */
void pl_bell_ring(struct pl_bell *bell, int count, enum pl_futex_scope scope);

#endif
