/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A task: the one thing that an executor runs. It is the head of a larger object that the floor above owns (a future, a
 * map's runner, ...), so an executor never knows futures.
 *
 * State, in the word of its latch, above the latch's own bits:
 *
 *                 claim                      complete
 *     PENDING -----------> RUNNING ----------------------> DONE | FAILED     (latch open)
 *        |
 *        +------------------------- cancel --------------> CANCELLED         (latch open)
 *
 * Exactly one party wins the step out of PENDING, by a compare-and-swap on this word: a worker, a waiter that runs the
 * task itself, or whoever cancels. So a place in a queue is only a hint: who pops a task that somebody else has claimed
 * lets it go. CANCEL_REQUESTED may be set beside RUNNING.
 *
 * A task that its executor has handed to another process is AWAY while it is PENDING: its executor decides who claims it,
 * and this word learns of it when somebody asks (pl_task_refresh) or when the call has ended.
 *
 * Who writes what: `state` as said; `position` its executor, under a lock of its own; `references` anybody who retains or
 * releases; `next` whoever owns the queue position; the rest is constant from submission on. */
#ifndef LIBPARALLEL_EXECUTORS_TASK_H
#define LIBPARALLEL_EXECUTORS_TASK_H

#include <stdbool.h>
#include <stddef.h>

#include <libparallel/error.h>

#include "libparallel/base/latch.h"

enum pl_task_state {
    PL_TASK_PENDING = 0,
    PL_TASK_RUNNING = 1,
    PL_TASK_DONE = 2,
    PL_TASK_FAILED = 3,
    PL_TASK_CANCELLED = 4,
};

enum {
    PL_TASK_STATE_UNIT = 1u << PL_LATCH_OWNER_SHIFT,      /* states stand in bits 2 to 4 */
    PL_TASK_STATE_MASK = 7u << PL_LATCH_OWNER_SHIFT,
    PL_TASK_CANCEL_REQUESTED = 8u << PL_LATCH_OWNER_SHIFT,
    PL_TASK_LOOKED_AT = 16u << PL_LATCH_OWNER_SHIFT,      /* somebody has asked for the outcome */
    PL_TASK_OBSERVED = 32u << PL_LATCH_OWNER_SHIFT,       /* somebody wants to be told of the end */
    PL_TASK_SETTLED = 64u << PL_LATCH_OWNER_SHIFT,        /* a promise: somebody is setting the outcome */
    PL_TASK_AWAY = 128u << PL_LATCH_OWNER_SHIFT,          /* in the hands of another process */
    PL_TASK_KILL_REQUESTED = 256u << PL_LATCH_OWNER_SHIFT, /* set before its executor is told */
    PL_TASK_IN_LINE = 512u << PL_LATCH_OWNER_SHIFT,       /* it will be AWAY, or has been */
};

struct pl_task;
struct pl_carriage;
struct parallel_executor;

/* What the owner of a task does; called by executors and waiters without locks held. */
struct pl_task_class {
    void (*run)(struct pl_task *task);  /* claimed by the caller: does the work and completes the task */
    void (*fail)(struct pl_task *task, const parallel_error *error); /* claimed: completes it as failed */
    void (*cancel)(struct pl_task *task); /* completes it as cancelled if it is still pending */
    void (*destroy)(struct pl_task *task); /* the last reference has gone */
    const struct pl_carriage *carriage; /* how it leaves the process (portion.h); NULL: it does not */
    void (*tell)(struct pl_task *task); /* calls those who want to know of its end, if that was put off */
};

/* For a thread that ends tasks where it must not call anybody back: while `is_on`, ending a task that somebody wants to
 * know of sets `is_owed`, and the thread sees to it that class->tell is called later. */
struct pl_telling {
    bool is_on;
    bool is_owed;
};

extern _Thread_local struct pl_telling pl_telling_later __attribute__((tls_model("initial-exec")));

struct pl_task {
    struct pl_latch state;
    _Atomic uint32_t references;
    struct pl_task *next;
    const struct pl_task_class *class;
    struct parallel_executor *executor; /* whom it was submitted to; compared, never dereferenced, after its close */
    uint32_t position; /* where its executor has it, if it is AWAY; before: which seat it wishes for, 0: any */
};

static inline void pl_task_init(struct pl_task *task, const struct pl_task_class *class,
                                struct parallel_executor *executor, uint32_t references)
{
    atomic_init(&task->state.word, PL_TASK_PENDING);
    atomic_init(&task->references, references);
    task->next = NULL;
    task->class = class;
    task->executor = executor;
    task->position = 0;
}

static inline enum pl_task_state pl_task_state_of_word(uint32_t word)
{
    return (enum pl_task_state)((word & PL_TASK_STATE_MASK) / PL_TASK_STATE_UNIT);
}

/* Acquire: pairs with the release of the step into the state that is seen. */
static inline enum pl_task_state pl_task_state(struct pl_task *task)
{
    return pl_task_state_of_word(pl_load_acquire(&task->state.word));
}

/* PENDING -> RUNNING. True for exactly one caller, who then must complete it. */
static inline bool pl_task_claim(struct pl_task *task)
{
    uint32_t word = pl_load_relaxed(&task->state.word); /* relaxed: the swap below decides */
    while (pl_task_state_of_word(word) == PL_TASK_PENDING) {
        /* Acquire: pairs with the submitter's publication, for a waiter that claims without the queue. */
        if (pl_cas_acq_rel(&task->state.word, &word, word + PL_TASK_RUNNING * PL_TASK_STATE_UNIT))
            return true;
    }
    return false;
}

/* RUNNING -> `state`, which opens the latch. Returns the word as it was before. The caller keeps a reference until it is
 * done with the task. */
static inline uint32_t pl_task_complete(struct pl_task *task, enum pl_task_state state)
{
    return pl_latch_open(&task->state, ((uint32_t)state - PL_TASK_RUNNING) * PL_TASK_STATE_UNIT);
}

static inline uint32_t pl_task_ended_word(uint32_t word, enum pl_task_state state)
{
    return (word & ~(uint32_t)PL_TASK_STATE_MASK) + (uint32_t)state * PL_TASK_STATE_UNIT + PL_LATCH_OPEN;
}

/* The same by the executor of a task that is AWAY, which need not have been claimed: one step instead of two. */
static inline uint32_t pl_task_complete_away(struct pl_task *task, enum pl_task_state state)
{
    uint32_t word = pl_load_relaxed(&task->state.word); /* relaxed: the swap decides */
    while (!pl_latch_open_from(&task->state, &word, pl_task_ended_word(word, state)))
        continue;
    return word;
}

/* Brings the state up to date before it is told to somebody. */
void pl_task_refresh(struct pl_task *task);

/* It is not AWAY any more. */
static inline void pl_task_come_home(struct pl_task *task)
{
    atomic_fetch_and_explicit(&task->state.word, ~(uint32_t)PL_TASK_AWAY, memory_order_acq_rel);
}

/* PENDING -> CANCELLED. True if this call did it. If not, and the task is running, the request is set. */
bool pl_task_cancel(struct pl_task *task);

/* Asks for the lines that whoever ends a task will write: that of its state, and the next one, where a small result is. The task
 * may be gone by now. */
static inline void pl_task_fetch_to_write(const struct pl_task *task)
{
    pl_prefetch_to_write(task);
    pl_prefetch_to_write((const char *)task + PL_CACHE_LINE);
}

static inline void pl_task_retain(struct pl_task *task)
{
    /* Relaxed: who retains has a reference already, so nothing can be destroyed meanwhile. */
    pl_add_relaxed(&task->references, 1);
}

static inline void pl_task_release(struct pl_task *task)
{
    /* Acquire: who finds that no other reference is left need not count it away, and destroys after every other holder's
     * last access. Acquire-release: the same where two let go at once. */
    if (pl_load_acquire(&task->references) == 1 || pl_sub_acq_rel(&task->references, 1) == 1)
        task->class->destroy(task);
}

#endif
