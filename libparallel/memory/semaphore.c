/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One futex word: the value, and a bit that says that somebody may sleep. A release adds to the value, clears the bit and
 * wakes as many as it released; it touches the word once, so who acquires may destroy the semaphore at once.
 *
 *     0 | waited ---- release(n): n, wakes n ----> n ---- a woken one acquires: n - 1 | waited, wakes one if n > 1
 *
 * Others may still sleep then, with the bit clear: a thread that has slept sets it again as it acquires, and passes the
 * wake-up on if something is left. So while the bit is clear and somebody sleeps, a woken thread is on its way. A bit
 * that is set for nothing costs one system call and is gone: a waiter that is killed needs no cleaning up. */
#include <libparallel/semaphore.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/memory/nap.h"
#include "libparallel/memory/object.h"

#define WAITED (UINT32_C(1) << 31)

_Static_assert(PARALLEL_SEMAPHORE_LARGEST == WAITED - 1, "the value has the other bits");

struct parallel_semaphore {
    _Atomic uint32_t word;
    enum pl_futex_scope scope;
};

int parallel_semaphore_create(const parallel_semaphore_options *options, parallel_semaphore **semaphore)
{
    static const parallel_semaphore_options defaults;
    if (options == NULL)
        options = &defaults;
    if (semaphore == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "semaphore: the result is NULL");
    if (options->value > PARALLEL_SEMAPHORE_LARGEST)
        return pl_error_set(PARALLEL_ERANGE, 0, "semaphore: a value of %u", (unsigned)options->value);
    void *block;
    int code = pl_object_create(sizeof(parallel_semaphore), options->shared, &block);
    if (code != 0)
        return code;
    parallel_semaphore *made = block;
    atomic_init(&made->word, options->value);
    made->scope = pl_object_scope(options->shared);
    *semaphore = made;
    return 0;
}

int parallel_semaphore_acquire(parallel_semaphore *semaphore, uint64_t deadline_ns)
{
    uint32_t has_slept = 0; /* or WAITED */
    uint32_t word = pl_load_relaxed(&semaphore->word); /* the swaps decide */
    for (;;) {
        uint32_t value = word & ~WAITED;
        if (value > 0) {
            /* Acquire: pairs with the release in release(); reads what the releaser wrote before. */
            if (!pl_cas_acquire(&semaphore->word, &word, (word - 1) | has_slept))
                continue;
            if (has_slept != 0 && value > 1)
                pl_futex_wake(&semaphore->word, 1, semaphore->scope);
            return 0;
        }
        if (deadline_ns == PARALLEL_POLL)
            break;
        /* Relaxed: it publishes nothing; the kernel compares the word again. */
        if (word != WAITED && !pl_cas_relaxed(&semaphore->word, &word, WAITED))
            continue;
        if (!pl_nap(&semaphore->word, WAITED, deadline_ns, semaphore->scope))
            break;
        has_slept = WAITED;
        word = pl_load_relaxed(&semaphore->word);
    }
    return pl_error_set(PARALLEL_ETIMEDOUT, 0, "semaphore: its value is 0");
}

int parallel_semaphore_release(parallel_semaphore *semaphore, uint32_t count)
{
    enum pl_futex_scope scope = semaphore->scope;
    uint32_t word = pl_load_relaxed(&semaphore->word), value; /* the swap decides */
    do {
        value = word & ~WAITED;
        if (count > PARALLEL_SEMAPHORE_LARGEST - value)
            return pl_error_set(PARALLEL_ERANGE, 0, "semaphore: releasing %u at a value of %u", (unsigned)count,
                                (unsigned)value);
        /* Release: publishes what the caller did before to acquire(). */
    } while (count > 0 && !pl_cas_release(&semaphore->word, &word, value + count));
    if (count > 0 && (word & WAITED) != 0)
        pl_futex_wake(&semaphore->word, (int)count, scope);
    return 0;
}

uint32_t parallel_semaphore_value(parallel_semaphore *semaphore)
{
    return pl_load_relaxed(&semaphore->word) & ~WAITED; /* for reports */
}

void parallel_semaphore_destroy(parallel_semaphore *semaphore)
{
    pl_object_destroy(semaphore);
}
