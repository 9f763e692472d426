/* SPDX-License-Identifier: BSD-3-Clause
 *
 * parallel_wait(): one record observes all the futures and counts. The record is shared between the waiter and each
 * observer that is registered, and freed by the last of them, so a waiter whose deadline passed leaves at once, even
 * while another thread is about to notify it. */
#include <stdlib.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/frame.h"
#include "libparallel/tasks/future.h"
#include <libparallel/wait.h>

struct wait_node {
    struct pl_observer observer;
    struct wait_record *record;
};

struct wait_record {
    _Atomic size_t references; /* the waiter's and one for each registered node */
    _Atomic size_t left;       /* futures that have not ended */
    struct pl_latch satisfied;
    _Atomic uint32_t is_open;  /* whoever sets it opens the latch, once */
    enum parallel_wait_mode mode;
    struct wait_node nodes[];
};

static void release(struct wait_record *record, size_t count)
{
    /* Acquire-release: the last one frees what the others have written. */
    if (pl_sub_acq_rel(&record->references, count) == count)
        free(record);
}

static bool satisfies(enum parallel_wait_mode mode, enum pl_task_state state, size_t left)
{
    if (left == 0 || mode == PARALLEL_FIRST_COMPLETED)
        return true;
    return mode == PARALLEL_FIRST_FAILED && state != PL_TASK_DONE;
}

static void count_end(struct pl_observer *observer, parallel_future *future)
{
    struct wait_record *record = ((struct wait_node *)observer)->record;
    /* Acquire-release: the one that counts to 0 opens the latch for all. */
    size_t left = pl_sub_acq_rel(&record->left, 1) - 1;
    if (satisfies(record->mode, pl_task_state(&future->task), left) && pl_exchange_acq_rel(&record->is_open, 1) == 0)
        pl_latch_open(&record->satisfied, 0);
    release(record, 1);
}

static int compare_pointers(const void *one, const void *other)
{
    uintptr_t a = (uintptr_t) * (parallel_future *const *)one;
    uintptr_t b = (uintptr_t) * (parallel_future *const *)other;
    return (a > b) - (a < b);
}

/* For the message: how many different futures have not ended. */
static size_t count_left(parallel_future *const *futures, size_t count)
{
    parallel_future **sorted = malloc(count * sizeof *sorted);
    if (sorted == NULL)
        return count;
    for (size_t i = 0; i < count; i++)
        sorted[i] = futures[i];
    qsort(sorted, count, sizeof *sorted, compare_pointers);
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if ((i == 0 || sorted[i] != sorted[i - 1]) && !pl_latch_is_open(&sorted[i]->task.state))
            left++;
    free(sorted);
    return left;
}

static int time_out(parallel_future *const *futures, size_t count)
{
    return pl_error_set(PARALLEL_ETIMEDOUT, 0, "parallel_wait: %zu futures have not ended", count_left(futures, count));
}

/* Looks at what has ended; true if that is enough. */
static bool is_satisfied(parallel_future *const *futures, size_t count, enum parallel_wait_mode mode)
{
    size_t left = count;
    for (size_t i = 0; i < count; i++) {
        if (!parallel_future_is_done(futures[i]))
            continue;
        if (satisfies(mode, pl_task_state(&futures[i]->task), --left))
            return true;
    }
    return left == 0;
}

/* True if nothing but the end of the calling thread's own tasks could end the wait. */
static bool is_waiting_for_itself(parallel_future *const *futures, size_t count, enum parallel_wait_mode mode)
{
    size_t own = 0, others = 0;
    for (size_t i = 0; i < count; i++) {
        if (parallel_future_is_done(futures[i]))
            continue;
        if (pl_call_is_running_here(futures[i]))
            own++;
        else
            others++;
    }
    return own > 0 && (mode == PARALLEL_ALL_COMPLETED || others == 0);
}

/* Waits by observing all. */
static int observe(parallel_future *const *futures, size_t count, enum parallel_wait_mode mode, uint64_t deadline_ns)
{
    if (count > (SIZE_MAX - sizeof(struct wait_record)) / sizeof(struct wait_node))
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_wait: %zu futures", count);
    struct wait_record *record = malloc(sizeof *record + count * sizeof record->nodes[0]);
    if (record == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory to wait for %zu futures", count);
    atomic_init(&record->references, count + 1);
    atomic_init(&record->left, count);
    atomic_init(&record->satisfied.word, 0);
    atomic_init(&record->is_open, 0);
    record->mode = mode;
    size_t added = 0;
    while (added < count && !pl_latch_is_open(&record->satisfied)) {
        struct wait_node *node = &record->nodes[added];
        node->observer.notify = count_end;
        node->record = record;
        pl_observer_add(futures[added++], &node->observer);
    }
    bool is_enough = pl_latch_is_open(&record->satisfied);
    if (!is_enough) {
        pl_executor_wait_enter();
        is_enough = pl_latch_wait(&record->satisfied, deadline_ns, 0);
        pl_executor_wait_leave();
    }
    size_t mine = 1 + (count - added);
    for (size_t i = 0; i < added; i++)
        if (pl_observer_remove(futures[i], &record->nodes[i].observer))
            mine++;
    release(record, mine);
    return is_enough ? 0 : time_out(futures, count);
}

int parallel_wait(parallel_future *const *futures, size_t count, enum parallel_wait_mode mode, uint64_t deadline_ns)
{
    if (mode != PARALLEL_ALL_COMPLETED && mode != PARALLEL_FIRST_COMPLETED && mode != PARALLEL_FIRST_FAILED)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_wait: %d is not a mode", (int)mode);
    if (count > 0 && futures == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_wait: the list is NULL");
    for (size_t i = 0; i < count; i++)
        if (futures[i] == NULL)
            return pl_error_set(PARALLEL_EINVALID, 0, "parallel_wait: future %zu of %zu is NULL", i, count);
    if (count == 0 || is_satisfied(futures, count, mode))
        return 0;
    if (deadline_ns == PARALLEL_POLL)
        return time_out(futures, count);
    if (pl_callback_depth > 0)
        return pl_error_set(PARALLEL_EDEADLK, 0, "parallel_wait in a callback");
    if (pl_frame_innermost != NULL && is_waiting_for_itself(futures, count, mode))
        return pl_error_set(PARALLEL_EDEADLK, 0, "parallel_wait: the task waits for itself");
    if (mode == PARALLEL_ALL_COMPLETED && deadline_ns == PARALLEL_NEVER) {
        /* One after the other: no record is needed, and a worker can run what nobody has started. */
        for (size_t i = 0; i < count; i++) {
            int code = pl_future_wait(futures[i], PARALLEL_NEVER);
            if (code != 0)
                return code;
        }
        return 0;
    }
    return observe(futures, count, mode, deadline_ns);
}
