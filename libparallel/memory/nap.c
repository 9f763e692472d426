/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One futex wait with the earlier one of two deadlines. */
#include "libparallel/memory/nap.h"

#include "libparallel/base/clock.h"

bool pl_nap(_Atomic uint32_t *word, uint32_t expected, uint64_t deadline_ns, enum pl_futex_scope scope)
{
    if (deadline_ns == PARALLEL_POLL)
        return false;
    uint64_t until = deadline_ns;
    if (scope == PL_FUTEX_SHARED) {
        uint64_t nap = pl_clock_now_ns() + PL_NAP_NS;
        until = nap < deadline_ns ? nap : deadline_ns;
    }
    return pl_futex_wait(word, expected, until, scope) != PL_FUTEX_TIMED_OUT || until != deadline_ns;
}
