/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The processes executor: persistent worker processes, each pinned to its place, started on demand by the zygote, asleep
 * when idle. A worker that dies takes one call with it. processes.h has the map of its files, docs/protocols/
 * process-worker.md the protocol. */
#include "libparallel/executors/processes.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libparallel/shared.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/futex.h"
#include "libparallel/executors/process_hub.h"
#include "libparallel/machine/occupancy.h"
#include "libparallel/machine/topology.h"
#include "libparallel/memory/space.h"
#include "libparallel/workers/known_code.h"

/* ---- Workers ---- */

/* Under hub->orders: low halves tell the workers of a program apart, so those in use are left out. */
static uint32_t next_number(struct pl_process_hub *hub)
{
    struct pl_zygote_board *board = hub->zygote.board;
    for (;;) {
        uint32_t number = ++hub->next_number;
        bool is_free = (uint16_t)number != 0;
        for (uint32_t i = 0; is_free && i < pl_load_relaxed(&board->seat_count); i++) {
            const struct pl_seat *seat = pl_load_relaxed(&board->seats[i]);
            /* Relaxed: written under this lock. A seat keeps its last number until it gets another one. */
            is_free = (uint16_t)pl_load_relaxed(&seat->start_number) != (uint16_t)number;
        }
        if (is_free)
            return number;
    }
}

void pl_processes_order_worker(struct pl_processes *processes, uint32_t index)
{
    struct pl_seat *seat = processes->seats[index];
    struct pl_post *post = &processes->posts[index];
    post->is_dismissed = false;
    pl_add_relaxed(&processes->staffed_count, 1); /* relaxed: under the lock */
    seat->done_position = post->position;
    seat->place = *pl_placement_place(processes->placement, index);
    pl_store_relaxed(&seat->stage, PL_SEAT_NOT_BORN); /* relaxed, all: published by the order */
    pl_store_relaxed(&seat->is_dismissed, 0);
    pl_store_relaxed(&seat->is_asleep, 0);
    pl_store_relaxed(&seat->call, 0);
    pl_store_relaxed(&seat->birth, 0);
    memset(&seat->crash, 0, sizeof seat->crash);
    memset(&seat->usage_before, 0, sizeof seat->usage_before);
    pl_processes_connect(processes, index);
    pl_lock_acquire(&processes->hub->orders);
    post->number = next_number(processes->hub);
    pl_store_release(&seat->start_number, post->number); /* pairs with follow_orders() */
    pl_lock_release(&processes->hub->orders);
    pl_store_release(&post->is_staffed, true); /* pairs with pl_processes_is_staffed() */
}

/* Under the lock. */
static void dismiss(struct pl_processes *processes, uint32_t index)
{
    struct pl_seat *seat = processes->seats[index];
    if (!pl_processes_is_staffed(processes, index) || processes->posts[index].is_dismissed)
        return;
    processes->posts[index].is_dismissed = true;
    pl_store_seq_cst(&seat->is_dismissed, 1); /* in this order; partner, both: pl_crew_sleep() */
    pl_store_seq_cst(&seat->is_asleep, 0);
    pl_futex_wake(&seat->is_asleep, 1, PL_FUTEX_SHARED);
}

void pl_processes_wind_up(struct pl_processes *processes)
{
    /* In this order: who submits raises `unfinished` first and then looks whether it is closing. */
    if (pl_load_seq_cst(&processes->is_closing) == 0 || pl_load_seq_cst(&processes->unfinished) > 0)
        return;
    pl_lock_acquire(&processes->lock);
    bool is_over = processes->staffed_count == 0;
    for (uint32_t index = 0; index < pl_processes_seat_count(processes); index++)
        dismiss(processes, index);
    pl_lock_release(&processes->lock);
    if (is_over && pl_load_relaxed(&processes->ended) == 0) { /* relaxed: written here */
        pl_store_release(&processes->ended, 1); /* pairs with processes_shutdown() */
        pl_futex_wake(&processes->ended, PL_FUTEX_WAKE_ALL, PL_FUTEX_PRIVATE);
    }
}

/* Seats for so many workers; what has been taken stays taken. */
static int take_seats(struct pl_processes *processes, size_t count)
{
    for (uint32_t index = pl_processes_seat_count(processes); index < count; index++) {
        pl_lock_acquire(&processes->hub->orders);
        struct pl_seat *seat = pl_zygote_take_seat(&processes->hub->zygote);
        if (seat != NULL)
            seat->crew = processes->crew;
        pl_lock_release(&processes->hub->orders);
        if (seat == NULL)
            return parallel_last_error()->code;
        seat->index = index;
        seat->body = processes->hub->work;
        seat->memory_limit = processes->memory_limit;
        /* The number tells workers apart, so it is the name that is cut. */
        char number[24];
        size_t digits = (size_t)snprintf(number, sizeof number, "-%u", index);
        size_t kept = strnlen(processes->name, sizeof seat->name - 1 - digits);
        memcpy(seat->name, processes->name, kept);
        memcpy(seat->name + kept, number, digits + 1);
        pl_lock_acquire(&processes->lock);
        processes->seats[index] = seat;
        processes->posts[index].position = seat->done_position;
        pl_store_release(&processes->seat_count, index + 1); /* pairs with pl_processes_seat_count() */
        pl_lock_release(&processes->lock);
    }
    return 0;
}

static void give_back_seats(struct pl_processes *processes)
{
    pl_lock_acquire(&processes->hub->orders);
    for (uint32_t index = 0; index < pl_processes_seat_count(processes); index++) {
        processes->seats[index]->done_position = processes->posts[index].position;
        pl_zygote_give_back_seat(&processes->hub->zygote, processes->seats[index]);
    }
    pl_lock_release(&processes->hub->orders);
}

static int place(struct pl_processes *processes, size_t count, struct pl_placement **placement)
{
    const struct pl_topology *topology;
    int code = pl_topology_get(&topology);
    if (code == 0)
        code = pl_placement_create(topology, processes->policy, count, placement);
    if (code == 0 && (*placement)->count > PL_SEAT_LIMIT) {
        code = pl_error_set(PARALLEL_ERANGE, 0, "a program has at most %d worker processes: %zu asked for",
                            PL_SEAT_LIMIT, (*placement)->count);
        pl_placement_destroy(*placement);
    }
    return code;
}

/* ---- Opening ---- */

/* In the hub: then it is known where the workers have it. */
static int carry_initializer(struct pl_processes *processes, const parallel_executor_options *options)
{
    if (options->initializer == NULL)
        return 0;
    const struct pl_known_code *known = processes->hub->known_code;
    const void *here = (const void *)(uintptr_t)options->initializer, *there = pl_known_code_there(known, here);
    if (there == NULL)
        return pl_error_set(PARALLEL_EUNKNOWNFUNCTION, 0, "the initializer %s", pl_known_code_trouble(known, here));
    processes->crew->initializer = (int (*)(void *))(uintptr_t)there;
    return 0;
}

static int check_options(const parallel_executor_options *options)
{
    if (options->initializer_context != NULL && !parallel_shared_contains(options->initializer_context))
        return pl_error_set(PARALLEL_EARGUMENT, 0,
                            "the initializer's context points to private memory, which a worker process does not see as "
                            "it is now; use parallel_shared_alloc()");
    if (options->retries > UINT32_MAX)
        return pl_error_set(PARALLEL_ERANGE, 0, "retries=%zu", options->retries);
    return 0;
}

static void free_all(struct pl_processes *processes)
{
    pl_placement_destroy(processes->placement);
    if (processes->crew != NULL)
        parallel_shared_free(processes->crew);
    free(processes->policy);
    free(processes->name);
    free(processes);
}

static void fill_crew(struct pl_processes *processes, const parallel_executor_options *options)
{
    struct pl_crew *crew = processes->crew;
    crew->initializer_context = options->initializer_context;
    crew->idle_timeout_ns = options->idle_timeout_ns;
    crew->max_calls = options->max_tasks;
    crew->is_timed = options->timeout_ns > 0;
    crew->is_accounted = options->counts_resources;
    /* The program spins too, while it waits. */
    crew->is_crowded = (long)processes->placement->count >= sysconf(_SC_NPROCESSORS_ONLN);
}

static int open_all(const parallel_executor_options *options, struct parallel_executor **executor)
{
    int code = check_options(options);
    if (code != 0)
        return code;
    size_t bytes = (sizeof(struct pl_processes) + 127) & ~(size_t)127;
    struct pl_processes *processes = aligned_alloc(_Alignof(struct pl_processes), bytes);
    if (processes == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for a processes executor");
    memset(processes, 0, bytes);
    processes->name = strdup(options->name != NULL ? options->name : "parallel");
    processes->policy = options->places != NULL ? strdup(options->places) : NULL;
    processes->queue_limit = options->queue_limit;
    processes->refuses_when_full = options->refuses_when_full;
    processes->retries = (uint32_t)options->retries;
    processes->timeout_ns = options->timeout_ns;
    processes->memory_limit = options->memory_bytes;
    processes->output = options->output;
    code = PARALLEL_ENOMEMORY;
    if (processes->name == NULL || (options->places != NULL && processes->policy == NULL)) {
        pl_error_set(code, 0, "no memory for a processes executor");
        goto failed;
    }
    code = place(processes, options->workers, &processes->placement);
    if (code != 0)
        goto failed;
    processes->worker_count = (uint32_t)processes->placement->count;
    processes->crew = parallel_shared_alloc(sizeof *processes->crew);
    if (processes->crew == NULL) {
        code = parallel_last_error()->code;
        goto failed;
    }
    fill_crew(processes, options);
    for (uint32_t slot = 0; slot < PL_CREW_SLOTS; slot++)
        processes->stock[slot] = (uint16_t)(PL_CREW_SLOTS - 1 - slot);
    pl_store_relaxed(&processes->stock_count, PL_CREW_SLOTS); /* relaxed: nobody else has it */
    code = pl_process_hub_enter(processes, options->start);
    if (code != 0)
        goto failed;
    code = carry_initializer(processes, options);
    if (code == 0)
        code = take_seats(processes, processes->placement->count);
    if (code == 0)
        code = pl_processes_open_output(processes); /* a thread: after the fork of the zygote */
    if (code != 0) {
        give_back_seats(processes);
        pl_process_hub_leave(processes);
        goto failed;
    }
    pl_occupancy_claim(processes->placement);
    *executor = &processes->base;
    return 0;

failed:
    free_all(processes);
    return code;
}

static int processes_open(const parallel_executor_options *options, struct parallel_executor **executor)
{
    int saved_errno = errno; /* the library leaves errno alone */
    int code = open_all(options, executor);
    errno = saved_errno;
    return code;
}

/* ---- Ending ---- */

static void processes_request_shutdown(struct parallel_executor *executor)
{
    struct pl_processes *processes = pl_processes_of(executor);
    pl_store_seq_cst(&processes->is_closing, 1); /* partner: pl_processes_submit() */
    pl_process_hub_ring(processes->hub);
    pl_add_seq_cst(&processes->room, 1); /* partner: wait_for_room() */
    pl_futex_wake(&processes->room, PL_FUTEX_WAKE_ALL, PL_FUTEX_PRIVATE);
}

static int processes_shutdown(struct parallel_executor *executor, enum parallel_shutdown_mode mode,
                              uint64_t deadline_ns)
{
    struct pl_processes *processes = pl_processes_of(executor);
    processes_request_shutdown(executor);
    if (mode == PARALLEL_SHUTDOWN_CANCEL)
        pl_processes_end_pending(processes, NULL, false);
    pl_process_hub_ring(processes->hub);
    while (pl_load_acquire(&processes->ended) == 0) { /* pairs with pl_processes_wind_up() */
        if (deadline_ns == PARALLEL_POLL ||
            pl_futex_wait(&processes->ended, 0, deadline_ns, PL_FUTEX_PRIVATE) == PL_FUTEX_TIMED_OUT)
            return pl_error_set(PARALLEL_ETIMEDOUT, 0, "shutdown: %u calls have not ended",
                                pl_load_relaxed(&processes->unfinished)); /* relaxed: for the message */
    }
    return pl_processes_shut_helper_down(processes, mode, deadline_ns);
}

static void processes_destroy(struct parallel_executor *executor)
{
    struct pl_processes *processes = pl_processes_of(executor);
    int saved_errno = errno;
    pl_processes_destroy_helper(processes);
    give_back_seats(processes);
    pl_processes_close_output(processes);
    pl_occupancy_release(processes->placement);
    pl_process_hub_leave(processes);
    pl_space_sweep(); /* what workers that were killed had claimed of the shared memory */
    free_all(processes);
    errno = saved_errno;
}

/* ---- Resizing and asking ---- */

/* One at a time: two could give one index two seats, and the calls of the first would be waited for in vain. */
static int resize(struct pl_processes *processes, size_t workers)
{
    struct pl_placement *placement;
    int code = place(processes, workers, &placement);
    if (code != 0)
        return code;
    code = take_seats(processes, placement->count);
    if (code != 0) {
        pl_placement_destroy(placement);
        return code;
    }
    pl_lock_acquire(&processes->lock);
    struct pl_placement *former = processes->placement;
    processes->placement = placement;
    processes->worker_count = (uint32_t)placement->count;
    for (uint32_t index = processes->worker_count; index < pl_processes_seat_count(processes); index++)
        dismiss(processes, index);
    pl_lock_release(&processes->lock);
    pl_occupancy_release(former);
    pl_occupancy_claim(placement);
    pl_placement_destroy(former);
    pl_processes_call_workers(processes);
    return 0;
}

static int processes_resize(struct parallel_executor *executor, size_t workers)
{
    struct pl_processes *processes = pl_processes_of(executor);
    pl_lock_acquire(&processes->resizing);
    int code = resize(processes, workers);
    pl_lock_release(&processes->resizing);
    return code;
}

static void processes_describe(struct parallel_executor *executor, parallel_executor_info *info)
{
    struct pl_processes *processes = pl_processes_of(executor);
    pl_lock_acquire(&processes->lock);
    info->worker_count = processes->worker_count;
    info->started_count = processes->staffed_count;
    pl_lock_release(&processes->lock);
    info->is_shut_down = pl_load_relaxed(&processes->is_closing) != 0; /* relaxed: a snapshot */
    info->start = pl_start_name(processes->start.method);
    snprintf(info->start_reason, sizeof info->start_reason, "%s", processes->start.reason);
}

/* ---- Tasks that are away ---- */

static bool processes_ask_away(struct parallel_executor *executor, struct pl_task *task, bool is_wanted)
{
    struct pl_processes *processes = pl_processes_of(executor);
    bool has_come_home = false;
    pl_lock_acquire(&processes->lock);
    uint32_t slot = task->position;
    struct pl_ticket *ticket = &processes->tickets[slot];
    struct pl_slot *shared = &processes->crew->slots[slot];
    while (is_wanted && ticket->task == task && ticket->is_being_loaded) { /* who cancels may free what is being read */
        pl_lock_release(&processes->lock);
        sched_yield();
        pl_lock_acquire(&processes->lock);
    }
    if (ticket->task == task && !ticket->is_being_loaded) { /* else it has just come back, or is pending */
        has_come_home = is_wanted && ticket->is_single && pl_slot_withdraw(shared, ticket->generation);
        if (has_come_home)
            pl_task_come_home(task);
        else if (pl_slot_is_begun(pl_slot_look(shared), ticket->generation))
            (void)pl_task_claim(task); /* in the name of the worker */
    }
    pl_lock_release(&processes->lock);
    if (has_come_home)
        pl_processes_clear_slot(processes, slot);
    return has_come_home;
}

static void processes_interrupt(struct parallel_executor *executor, struct pl_task *task, enum pl_interruption how)
{
    struct pl_processes *processes = pl_processes_of(executor);
    bool has_stopped = false;
    pl_lock_acquire(&processes->lock);
    uint32_t slot = task->position;
    const struct pl_ticket *ticket = &processes->tickets[slot];
    if (ticket->task == task) {
        pl_store_relaxed(&processes->crew->slots[slot].performance.asked, /* a request, no data */
                         pl_slot_tag(ticket->generation + ticket->is_being_loaded));
        if (how == PL_INTERRUPTION_KILL)
            has_stopped = pl_processes_stop_slot(processes, slot, PL_STOP_KILL);
    }
    pl_lock_release(&processes->lock);
    if (has_stopped)
        pl_process_hub_poke(processes->hub);
}

static void processes_forget(struct parallel_executor *executor, struct pl_task *task)
{
    pl_processes_forget(pl_processes_of(executor), task);
}

static void processes_child_terms(struct parallel_executor *executor, struct pl_child_terms *terms,
                                  struct pl_place *places, size_t count)
{
    struct pl_processes *processes = pl_processes_of(executor);
    *terms = (struct pl_child_terms){processes->timeout_ns, processes->memory_limit, processes->crew->initializer,
                                     processes->crew->initializer_context};
    pl_lock_acquire(&processes->lock);
    for (size_t k = 0; k < count; k++)
        places[k] = *pl_placement_place(processes->placement, k % processes->placement->count);
    pl_lock_release(&processes->lock);
}

const struct pl_executor_kind pl_processes_kind = {
    .name = "processes",
    .runs_elsewhere = true,
    .open = processes_open,
    .submit = pl_processes_submit,
    .request_shutdown = processes_request_shutdown,
    .shutdown = processes_shutdown,
    .destroy = processes_destroy,
    .resize = processes_resize,
    .describe = processes_describe,
    .interrupt = processes_interrupt,
    .ask_away = processes_ask_away,
    .forget = processes_forget,
    .child_terms = processes_child_terms,
};
