/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From submission to a slot, and workers for what is in the slots. A task waits in a list of this process while all slots
 * are taken, and until it has one its state is its own; with the slot it is AWAY, and the slot decides. */
#include "libparallel/executors/process_hub.h"
#include "libparallel/executors/processes.h"

#include <libparallel/function.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/futex.h"
#include "libparallel/workers/known_code.h"

/* ---- Waking and ordering workers ---- */

/* Under the lock. */
static bool order_one(struct pl_processes *processes)
{
    if (processes->broken != NULL)
        return false;
    for (uint32_t i = 0; i < processes->worker_count; i++) {
        if (pl_processes_is_staffed(processes, i))
            continue;
        pl_processes_order_worker(processes, i);
        return true;
    }
    return false;
}

/* Under the lock. True: the hub is to be poked. */
static bool call_workers(struct pl_processes *processes)
{
    struct pl_crew *crew = processes->crew;
    bool has_ordered = false;
    for (;;) {
        uint32_t seats = pl_processes_seat_count(processes);
        uint32_t staffed = pl_load_relaxed(&processes->staffed_count); /* relaxed: written under the lock */
        uint32_t sleepers = pl_crew_count_sleepers(crew, seats); /* after the hint (step P3) */
        if (sleepers == 0 && staffed == seats)
            break; /* nobody to wake, and no place for another one */
        /* Relaxed: it goes down under the lock only, and calls that end meanwhile count as calls still. */
        uint32_t calls = PL_CREW_SLOTS - processes->free_count - pl_load_relaxed(&processes->kept_count);
        if (staffed >= sleepers && staffed - sleepers >= calls)
            break; /* each call has a worker that is awake, and who is awake looks before it sleeps */
        if (sleepers > 0 && pl_crew_wake_one(crew, processes->seats, seats))
            continue;
        if (!order_one(processes))
            break;
        has_ordered = true;
    }
    return has_ordered;
}

void pl_processes_call_workers(struct pl_processes *processes)
{
    pl_lock_acquire(&processes->lock);
    bool has_ordered = call_workers(processes);
    pl_lock_release(&processes->lock);
    if (has_ordered)
        pl_process_hub_poke(processes->hub);
}

void pl_processes_call_another(struct pl_processes *processes)
{
    pl_lock_acquire(&processes->lock);
    bool has_ordered = order_one(processes);
    pl_lock_release(&processes->lock);
    if (has_ordered)
        pl_process_hub_poke(processes->hub);
}

/* ---- Waiting tasks ---- */

/* Under the lock, whose holders alone write it. */
static void count_waiting_by(struct pl_processes *processes, int change)
{
    pl_store_relaxed(&processes->waiting_count, pl_load_relaxed(&processes->waiting_count) + (uint32_t)change);
}

/* Under the lock. */
static struct pl_task *take_first_waiting(struct pl_processes *processes)
{
    struct pl_task *task = processes->first_waiting;
    processes->first_waiting = task->next;
    if (processes->first_waiting == NULL)
        processes->last_waiting = NULL;
    count_waiting_by(processes, -1);
    task->next = NULL;
    return task;
}

struct pl_task *pl_processes_take_waiting(struct pl_processes *processes)
{
    pl_lock_acquire(&processes->lock);
    struct pl_task *first = processes->first_waiting;
    processes->first_waiting = processes->last_waiting = NULL;
    pl_store_relaxed(&processes->waiting_count, 0);
    pl_lock_release(&processes->lock);
    return first;
}

/* What a task is to be called with first. A single call is claimed by the worker, so it is only looked at; anything else
 * is claimed now. False: there is nothing to do, and the task has ended. */
static bool first_portion(struct pl_task *task, struct pl_portion *portion)
{
    task->class->carriage->look(task, portion);
    if (portion->columns == NULL)
        return true;
    return pl_task_claim(task) && task->class->carriage->next(task, -1, portion);
}

/* Under the lock, which it releases; there is a free slot. */
static void dispatch_first(struct pl_processes *processes, struct pl_task *task)
{
    struct pl_portion portion;
    bool has_portion = first_portion(task, &portion);
    uint32_t slot = has_portion ? pl_processes_take_slot(processes, task, &portion) : 0;
    pl_lock_release(&processes->lock);
    if (!has_portion)
        pl_processes_forget(processes, task);
    else if (!pl_processes_dispatch(processes, slot))
        pl_processes_refuse_slot(processes, slot);
}

/* Calls that are sent away at a time: as many as a submitter that finds the lock taken can wait for without sleep. */
enum { REFILL_BATCH = 16 };

/* Under the lock: sends plain calls away from the head of the line. Returns one that was cancelled, NULL: none was. */
static struct pl_task *send_waiting(struct pl_processes *processes)
{
    for (int sent = 0; sent < REFILL_BATCH && processes->first_waiting != NULL && processes->free_count > 0; sent++) {
        struct pl_portion portion;
        struct pl_task *task = processes->first_waiting;
        task->class->carriage->look(task, &portion);
        if (!pl_parcel_is_plain(&portion))
            break;
        (void)take_first_waiting(processes);
        if (!pl_processes_send_plain(processes, task, &portion, false))
            return task;
    }
    return NULL;
}

bool pl_processes_refill(struct pl_processes *processes)
{
    bool has_sent = false;
    for (;;) {
        pl_lock_acquire(&processes->lock);
        if (processes->first_waiting == NULL || processes->free_count == 0)
            break;
        has_sent = true;
        struct pl_task *first = processes->first_waiting, *cancelled = send_waiting(processes);
        if (cancelled == NULL && processes->first_waiting == first) {
            dispatch_first(processes, take_first_waiting(processes));
            continue;
        }
        pl_lock_release(&processes->lock);
        if (cancelled != NULL)
            pl_processes_forget(processes, cancelled);
    }
    pl_lock_release(&processes->lock);
    return has_sent;
}

void pl_processes_count_ends(struct pl_processes *processes, uint32_t count)
{
    struct pl_process_hub *hub = processes->hub;
    bool is_closing = pl_load_relaxed(&processes->is_closing) != 0; /* relaxed: the collector looks in any case */
    /* Release: whoever closes the executor sees all that its tasks did. Last: then it may be closed and freed. */
    if (pl_sub_seq_cst(&processes->unfinished, count) == count && is_closing)
        pl_process_hub_ring(hub);
}

void pl_processes_forget(struct pl_processes *processes, struct pl_task *task)
{
    pl_task_release(task);
    pl_processes_count_ends(processes, 1);
}

/* ---- Submission ---- */

static int refuse(struct pl_processes *processes)
{
    if (processes->broken != NULL)
        return pl_error_set_copy(processes->broken);
    return pl_error_set(PARALLEL_ESHUTDOWN, 0, "submission to a processes executor after its shutdown");
}

/* What can be said against calls before they have slots. */
static int check_portion(const struct pl_processes *processes, const struct pl_portion *portion)
{
    const struct pl_known_code *known = processes->hub->known_code;
    if (pl_known_code_there(known, portion->function) == NULL)
        return pl_error_set(PARALLEL_EUNKNOWNFUNCTION, 0, "%s %s, so no worker has it", portion->function->name,
                            pl_known_code_trouble(known, portion->function));
    return portion->columns != NULL ? 0 : pl_parcel_check(portion); /* a map's calls are looked at chunk by chunk */
}

/* Whether nothing can be said against a call, and it is plain. A program mostly has the same one as last time. */
static bool is_plain_and_known(struct pl_processes *processes, const struct pl_portion *portion)
{
    /* Relaxed, both: an address that is looked up again. Only a map has columns. */
    if (portion->columns == NULL && pl_load_relaxed(&processes->plain_function) == portion->function)
        return true;
    if (!pl_parcel_is_plain(portion) || pl_known_code_there(processes->hub->known_code, portion->function) == NULL)
        return false;
    pl_store_relaxed(&processes->plain_function, portion->function);
    return true;
}

/* How long a submitter waits for room before it looks again: a worker that begins a call tells nobody. */
#define ROOM_NAP_NS UINT64_C(1000000)

/* Under the lock: calls that wait for a worker to begin them, exact from queue= on: fewer need no look at each hint. A
 * hint that was repeated may be left behind by one call that runs already. */
static size_t count_waiting(struct pl_processes *processes)
{
    struct pl_crew *crew = processes->crew;
    uint64_t head = pl_crew_head(crew);
    size_t waiting = pl_load_relaxed(&processes->waiting_count) + (size_t)(processes->end.tail - head);
    for (uint64_t ticket = head; ticket < processes->end.tail && waiting >= processes->queue_limit; ticket++) {
        uint32_t slot = pl_crew_hinted_slot(crew, ticket);
        if (processes->tickets[slot].hint != ticket || !pl_processes_is_pending(processes, slot))
            waiting--;
    }
    return waiting;
}

/* Under the lock: waits for room in the limited queue. Calls that a worker has begun do not count, and nobody tells when
 * one is begun, so the waiter is woken when a call has ended: then another one has begun. */
static int wait_for_room(struct pl_processes *processes)
{
    for (;;) {
        size_t waiting = count_waiting(processes);
        if (waiting < processes->queue_limit)
            return 0;
        if (pl_load_relaxed(&processes->is_closing) != 0 || processes->broken != NULL) /* relaxed: looked at again */
            return refuse(processes);
        if (processes->refuses_when_full)
            return pl_error_set(PARALLEL_EFULL, 0, "%zu calls wait already, as many as queue= allows", waiting);
        uint32_t room = pl_load_acquire(&processes->room); /* pairs with the collector's step */
        processes->blocked_count++;
        pl_lock_release(&processes->lock);
        (void)pl_futex_wait(&processes->room, room, pl_clock_now_ns() + ROOM_NAP_NS, PL_FUTEX_PRIVATE);
        pl_lock_acquire(&processes->lock);
        processes->blocked_count--;
    }
}

static void leave(struct pl_processes *processes, size_t count)
{
    if (pl_sub_seq_cst(&processes->unfinished, (uint32_t)count) == count)
        pl_process_hub_ring(processes->hub);
}

static int enter(struct pl_processes *processes, size_t count)
{
    pl_add_seq_cst(&processes->unfinished, (uint32_t)count); /* before the look; partner: pl_processes_wind_up() */
    pl_lock_acquire(&processes->lock);
    int code = 0;
    if (pl_load_seq_cst(&processes->is_closing) != 0 || processes->broken != NULL)
        code = refuse(processes);
    else if (processes->queue_limit > 0)
        code = wait_for_room(processes);
    pl_lock_release(&processes->lock);
    if (code != 0)
        leave(processes, count);
    return code;
}

static void append_waiting(struct pl_processes *processes, struct pl_task *task)
{
    task->next = NULL;
    if (processes->last_waiting != NULL)
        processes->last_waiting->next = task;
    else
        processes->first_waiting = task;
    processes->last_waiting = task;
    count_waiting_by(processes, 1);
}

static void submit_one(struct pl_processes *processes, struct pl_task *task)
{
    pl_lock_acquire(&processes->lock);
    if (processes->first_waiting != NULL || processes->free_count == 0) {
        append_waiting(processes, task);
        pl_lock_release(&processes->lock);
        return;
    }
    dispatch_first(processes, task);
}

/* A wake takes longer than all that a submission has to do. So where every worker sleeps one is woken before the call is
 * there to be found: it looks for longer than that before it sleeps again. */
static void wake_early(struct pl_processes *processes)
{
    uint32_t seats = pl_processes_seat_count(processes);
    uint32_t sleepers = pl_crew_count_sleepers(processes->crew, seats);
    /* Relaxed: one wake too many does no harm, and one too few is made up for when the hint has been given. */
    if (sleepers > 0 && sleepers == pl_load_relaxed(&processes->staffed_count))
        (void)pl_crew_wake_one(processes->crew, processes->seats, seats);
}

/* Everything for a plain call, under the lock at once. */
static int submit_plain(struct pl_processes *processes, struct pl_task *task, const struct pl_portion *portion)
{
    int code = 0;
    wake_early(processes);
    pl_add_seq_cst(&processes->unfinished, 1); /* before the looks; partners: pl_processes_wind_up(), the collector */
    pl_process_hub_watch(processes->hub, processes->crew);
    bool is_in_line = false, has_ordered = false;
    pl_lock_acquire(&processes->lock);
    if (pl_load_seq_cst(&processes->is_closing) != 0 || processes->broken != NULL) {
        code = refuse(processes);
    } else if (processes->first_waiting != NULL || processes->free_count == 0) {
        append_waiting(processes, task);
        is_in_line = processes->free_count > 0;
    } else {
        (void)pl_processes_send_plain(processes, task, portion, true);
        has_ordered = call_workers(processes);
    }
    pl_lock_release(&processes->lock);
    if (has_ordered)
        pl_process_hub_poke(processes->hub);
    if (code != 0)
        leave(processes, 1);
    else if (is_in_line && pl_processes_refill(processes)) /* slots have become free while others waited */
        pl_processes_call_workers(processes);
    return code;
}

int pl_processes_submit(struct parallel_executor *executor, struct pl_task *first, struct pl_task *last, size_t count)
{
    struct pl_processes *processes = pl_processes_of(executor);
    struct pl_portion all;
    last->next = NULL;
    if (first == last && first->class->carriage != NULL && processes->queue_limit == 0) {
        first->class->carriage->look(first, &all);
        if (is_plain_and_known(processes, &all))
            return submit_plain(processes, first, &all);
    }
    int code = enter(processes, count);
    if (code != 0)
        return code;
    if (first->class->carriage == NULL) { /* such a task comes alone */
        code = pl_processes_submit_to_helper(processes, first);
        leave(processes, 1);
        return code;
    }
    first->class->carriage->look(first, &all); /* others that come with it are of the same map */
    code = check_portion(processes, &all);
    if (code != 0) {
        leave(processes, count);
        return code;
    }
    pl_process_hub_watch(processes->hub, processes->crew);
    while (first != NULL) {
        struct pl_task *task = first;
        first = task->next;
        submit_one(processes, task);
    }
    (void)pl_processes_refill(processes); /* slots may have become free while tasks were put in line */
    pl_processes_call_workers(processes);
    return 0;
}
