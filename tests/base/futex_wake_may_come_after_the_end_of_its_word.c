/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whoever opens a latch or calls a parked worker may lose the memory of the word before the wake. What broke: memory
 * that was reused for a lock with priority inheritance made the wake end the program. */
#include "libparallel/base/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/property.h"
#include "tests/support/threads.h"

PROPERTY(unmapped_memory)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(page, MAP_FAILED);
    ck_assert_int_eq(munmap(page, 4096), 0);
    errno = EDOM;
    ck_assert_int_eq(pl_futex_wake(page, 1, PL_FUTEX_PRIVATE), 0);
    ck_assert_int_eq(pl_futex_wake(page, PL_FUTEX_WAKE_ALL, PL_FUTEX_SHARED), 0);
    ck_assert_int_eq(errno, EDOM);
}
PROPERTY_END

static long priority_inheritance(_Atomic uint32_t *word, int operation)
{
    return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0);
}

static void *lock_and_unlock(void *word)
{
    return priority_inheritance(word, FUTEX_LOCK_PI) == 0 && priority_inheritance(word, FUTEX_UNLOCK_PI) == 0
               ? word
               : NULL;
}

PROPERTY(memory_reused_for_a_lock_with_priority_inheritance)
{
    static _Atomic uint32_t word;
    struct test_thread stranger;
    pl_store_relaxed(&word, (uint32_t)gettid()); /* relaxed: before the thread starts. Ours is the lock */
    start_thread(&stranger, lock_and_unlock, &word);
    while ((pl_load_relaxed(&word) & FUTEX_WAITERS) == 0) /* relaxed: the kernel publishes nothing here */
        sched_yield();

    errno = EDOM;
    ck_assert_int_eq(pl_futex_wake(&word, 1, PL_FUTEX_PRIVATE), 0);
    ck_assert_int_eq(errno, EDOM);

    ck_assert_int_eq((int)priority_inheritance(&word, FUTEX_UNLOCK_PI), 0);
    ck_assert_msg(join_thread(&stranger) != NULL, "the stranger did not get its lock");
}
PROPERTY_END

PROPERTIES(unmapped_memory, memory_reused_for_a_lock_with_priority_inheritance)
