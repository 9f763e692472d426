/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The steps of a task that are not on the way of every call, and the end of one in another process. */
#include "libparallel/executors/task.h"

#include "libparallel/executors/executor.h"

_Thread_local struct pl_telling pl_telling_later;

/* Of a task that is not AWAY, or has been begun. */
static bool cancel_here(struct pl_task *task)
{
    uint32_t word = pl_load_relaxed(&task->state.word); /* relaxed: the swaps below decide */
    for (;;) {
        if (pl_task_state_of_word(word) == PL_TASK_PENDING && !(word & PL_TASK_AWAY)) {
            if (pl_latch_open_from(&task->state, &word, pl_task_ended_word(word, PL_TASK_CANCELLED)))
                return true;
        } else if (pl_task_state_of_word(word) == PL_TASK_RUNNING && !(word & PL_TASK_CANCEL_REQUESTED)) {
            /* Acquire-release: one of the steps that the swaps of others see. */
            if (pl_cas_acq_rel(&task->state.word, &word, word | PL_TASK_CANCEL_REQUESTED))
                return false;
        } else {
            return false;
        }
    }
}

static bool is_away(struct pl_task *task)
{
    uint32_t word = pl_load_acquire(&task->state.word); /* pairs with the step that set it */
    return (word & PL_TASK_AWAY) && !(word & PL_LATCH_OPEN);
}

bool pl_task_cancel(struct pl_task *task)
{
    if (!is_away(task)) {
        if (cancel_here(task))
            return true;
        if (!is_away(task)) /* else it has gone meanwhile */
            return false;
    }
    if (!pl_executor_ask_away(task, true))
        return cancel_here(task);
    bool is_cancelled = cancel_here(task); /* in vain if another thread was faster, now that it is at home */
    if (!is_cancelled && pl_task_state(task) == PL_TASK_RUNNING) {
        /* Claimed in the name of a worker that died, and about to be made again: it is ours alone. */
        (void)pl_task_complete(task, PL_TASK_CANCELLED);
        is_cancelled = true;
    }
    pl_executor_forget(task);
    return is_cancelled;
}

void pl_task_refresh(struct pl_task *task)
{
    if (is_away(task))
        (void)pl_executor_ask_away(task, false);
}
