/* SPDX-License-Identifier: BSD-3-Clause
 *
 * futex(2) through syscall(2). FUTEX_WAIT_BITSET is used because its time-out is absolute and on CLOCK_MONOTONIC: an
 * interrupted wait can be repeated without computing what is left.
 *
 * Does not: requeue, priority inheritance, robust lists. */
#include "libparallel/base/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"

_Static_assert(sizeof(time_t) == sizeof(long), "SYS_futex takes a time of two longs");

static long futex(_Atomic uint32_t *word, int operation, uint32_t value, const struct timespec *deadline,
                  uint32_t bits)
{
    return syscall(SYS_futex, word, operation, value, deadline, NULL, bits);
}

static int private_flag(enum pl_futex_scope scope)
{
    return scope == PL_FUTEX_PRIVATE ? FUTEX_PRIVATE_FLAG : 0;
}

enum pl_futex_result pl_futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t deadline_ns,
                                   enum pl_futex_scope scope)
{
    struct timespec deadline = pl_timespec_of_ns(deadline_ns);
    int saved_errno = errno; /* the library leaves errno alone */
    long result = futex(word, FUTEX_WAIT_BITSET | private_flag(scope), expected,
                        deadline_ns == PARALLEL_NEVER ? NULL : &deadline, FUTEX_BITSET_MATCH_ANY);
    int error = result == 0 ? 0 : errno;
    errno = saved_errno;
    switch (error) {
    case 0:
    case EINTR: /* a signal handler of the user's ran; its own deadline is absolute, so the caller just looks again */
        return PL_FUTEX_WOKEN;
    case EAGAIN:
        return PL_FUTEX_CHANGED;
    case ETIMEDOUT:
        return PL_FUTEX_TIMED_OUT;
    default: /* EFAULT, EINVAL, ENOSYS: the word or the deadline is not what this file's callers promise */
        pl_report_and_abort("internal error: futex wait failed with errno %d", error);
    }
}

int pl_futex_wake(_Atomic uint32_t *word, int count, enum pl_futex_scope scope)
{
    int saved_errno = errno;
    long result = futex(word, FUTEX_WAKE | private_flag(scope), (uint32_t)count, NULL, 0);
    int error = result >= 0 ? 0 : errno;
    errno = saved_errno;
    switch (error) {
    case 0:
        return (int)result;
    case EFAULT: /* the memory was unmapped after its last user left: nobody sleeps there */
    case EINVAL: /* it was reused, and a stranger with priority inheritance sleeps there, whom this cannot wake */
        return 0;
    default:
        pl_report_and_abort("internal error: futex wake failed with errno %d", error);
    }
}
