/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A lock of one word for critical sections of a few dozen instructions: spins briefly, then sleeps on a futex. It exists
 * beside pthread_mutex_t because it fits into 4 bytes of an object of which there are millions, and because a waiter
 * spins before it sleeps, which pays off where the holder leaves within 100 ns.
 *
 *     0 free     1 held     2 held, and somebody sleeps
 *
 * Not recursive, not fair, not robust, for the threads of one process. */
#ifndef LIBPARALLEL_BASE_LOCK_H
#define LIBPARALLEL_BASE_LOCK_H

#include <stdbool.h>

#include "libparallel/base/atomics.h"

struct pl_lock {
    _Atomic uint32_t word;
};

#define PL_LOCK_INITIALIZER {0}

void pl_lock_acquire_slowly(struct pl_lock *lock);
void pl_lock_wake(struct pl_lock *lock);

static inline bool pl_lock_try(struct pl_lock *lock)
{
    uint32_t free = 0;
    /* Acquire: pairs with the release in pl_lock_release() and publishes what the last holder wrote. */
    return pl_cas_acquire(&lock->word, &free, 1);
}

static inline void pl_lock_acquire(struct pl_lock *lock)
{
    if (!pl_lock_try(lock))
        pl_lock_acquire_slowly(lock);
}

static inline void pl_lock_release(struct pl_lock *lock)
{
    /* Release: pairs with the acquire of the next holder. */
    if (pl_exchange_release(&lock->word, 0) == 2)
        pl_lock_wake(lock);
}

#endif
