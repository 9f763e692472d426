/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Cancelling: the only step of a task that is not on the way of every call. */
#include "libparallel/executors/task.h"

#include "libparallel/base/futex.h"

bool pl_task_cancel(struct pl_task *task)
{
    uint32_t word = pl_load_relaxed(&task->state.word); /* relaxed: the swaps below decide */
    for (;;) {
        uint32_t wanted;
        if (pl_task_state_of_word(word) == PL_TASK_PENDING)
            wanted = word + PL_TASK_CANCELLED * PL_TASK_STATE_UNIT + PL_LATCH_OPEN;
        else if (pl_task_state_of_word(word) == PL_TASK_RUNNING && !(word & PL_TASK_CANCEL_REQUESTED))
            wanted = word | PL_TASK_CANCEL_REQUESTED;
        else
            return false;
        /* Acquire-release: as pl_latch_open(), whose place this takes. */
        if (!pl_cas_acq_rel(&task->state.word, &word, wanted))
            continue;
        if (!(wanted & PL_LATCH_OPEN))
            return false;
        if (word & PL_LATCH_WAITED)
            pl_futex_wake(&task->state.word, PL_FUTEX_WAKE_ALL, PL_FUTEX_PRIVATE);
        return true;
    }
}
