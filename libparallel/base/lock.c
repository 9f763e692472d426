/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The slow halves of the lock. Who has slept takes the lock as 2, "somebody sleeps", since it cannot know whether it was
 * the last one; the price is one wake too many at the end of a queue. No wake-up is lost: a sleeper wrote 2 before it
 * slept, the kernel compares, and the holder's exchange returns the 2. */
#include "libparallel/base/lock.h"

#include <libparallel/deadline.h>

#include "libparallel/base/futex.h"

/* About 1 us: ten times the longest critical section, and far below the 50 us that a sleep and a wake cost. */
enum { SPIN_TURNS = 50 };

void pl_lock_acquire_slowly(struct pl_lock *lock)
{
    for (int turn = 0; turn < SPIN_TURNS; turn++) {
        pl_spin_pause();
        /* Relaxed: only a hint whether the compare-and-swap is worth its cache miss. */
        if (pl_load_relaxed(&lock->word) == 0 && pl_lock_try(lock))
            return;
    }
    /* Acquire: as in pl_lock_try(). */
    while (pl_exchange_acquire(&lock->word, 2) != 0)
        pl_futex_wait(&lock->word, 2, PARALLEL_NEVER, PL_FUTEX_PRIVATE);
}

void pl_lock_wake(struct pl_lock *lock)
{
    pl_futex_wake(&lock->word, 1, PL_FUTEX_PRIVATE);
}
