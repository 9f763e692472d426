/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The threads executor: persistent worker threads, each pinned to its place, started on demand, asleep when idle.
 *
 *   submitters --> task_queue --> workers (roster) --> task->class->run
 *                      |              ^   |
 *                      +--- call -----+   +--> parking lot
 *
 * Who is awake stands in one word, the crew: how many workers are awake and do not wait inside a task, and how many of
 * them are searching (have no task and look for one). Somebody is called, that is woken or started, only if nobody is
 * searching and fewer are awake than the executor has workers; the caller counts the called one as awake and searching
 * at once, so that a burst of submissions wakes one worker, which calls the next as long as it finds more work.
 * docs/protocols/threads.md has the protocol and why no task is left behind.
 *
 * What a worker does when it is awake is in threads_worker.c. Without a task it steals calls that a running
 * task has spawned (deque.c, victims.c, docs/protocols/spawning.md), and takes part in loops that their owners have posted
 * (board.c, docs/protocols/named-loops.md).
 *
 * Does not: interrupt a task; run a task on the stack of another, unless that one waits for it. */
#include "libparallel/executors/threads.h"

#include <stdlib.h>
#include <string.h>

#include <libparallel/statistics.h>

#include "libparallel/base/error.h"
#include "libparallel/executors/frame.h"
#include "libparallel/machine/crowd.h"

/* What it costs to wake a worker: short loops have to add up to it first. */
enum { WAKE_NS = 50000 };

parallel_error pl_threads_initializer_failed = {PARALLEL_EINITIALIZER, 0, "the initializer of a worker failed"};

static struct pl_threads *threads_of(struct parallel_executor *executor)
{
    return (struct pl_threads *)executor;
}

/* Those who take part in a loop count as searching in the crew (named-loops.md): without them, but for the loop that asks;
 * NULL: none does. */
static uint32_t really_searching(struct pl_threads *threads, uint64_t crew, const struct pl_post *own)
{
    uint32_t searching = pl_threads_searching_of(crew);
    uint32_t inside = searching > 0 ? pl_board_inside(&threads->board, own) : 0;
    return searching > inside ? searching - inside : 0;
}

struct pl_task *pl_threads_take(struct pl_threads *threads, const struct pl_thread_worker *self,
                                enum pl_threads_order order)
{
    struct pl_task *task = NULL;
    bool is_wished_for = pl_wishes_wait(&threads->wishes);
    if (is_wished_for && order == PL_THREADS_OWN_FIRST)
        task = pl_wishes_take(&threads->wishes, self->place);
    else if (is_wished_for && order == PL_THREADS_ANY_FIRST)
        task = pl_wishes_take_any(&threads->wishes, self != NULL ? self->place + 1 : 0);
    if (task == NULL)
        task = pl_task_queue_pop(&threads->queue);
    if (task == NULL && is_wished_for && order == PL_THREADS_COMMON_FIRST)
        task = pl_wishes_take(&threads->wishes, self->place);
    if (task != NULL)
        pl_room_leave(&threads->room, 1);
    return task;
}

void pl_threads_close_queue(struct pl_threads *threads)
{
    pl_task_queue_close(&threads->queue);
    pl_room_wake_all(&threads->room); /* they find the queue closed */
}

/* ---- Calling workers ---- */

/* Fails what is in the queue, since nobody is there to run it. */
static void fail_pending(struct pl_threads *threads, const parallel_error *error)
{
    struct pl_task *task;
    while ((task = pl_threads_take(threads, NULL, PL_THREADS_ANY_FIRST)) != NULL) {
        if (pl_task_claim(task))
            task->class->fail(task, error);
        pl_task_release(task);
    }
}

static void count_wake(struct pl_threads *threads)
{
    struct pl_counters *counters = pl_counters_of_caller();
    if (counters != NULL)
        pl_count(&counters->wakes, 1);
    else
        pl_add_relaxed(&threads->outer_wakes, 1); /* relaxed: a number */
}

/* The woken one is awake from now on, in the crowd as in the crew: the caller may be about to wait on its CPU. */
static bool wake_one(struct pl_threads *threads)
{
    if (pl_parking_lot_count(&threads->lot) == 0)
        return false;
    int cpu, here = pl_crowd_cpu_here();
    if (pl_parking_lot_wake_apart(&threads->lot, here, &cpu) == NULL)
        return false;
    count_wake(threads);
    pl_crowd_enter(cpu);
    if (cpu == here && here != PL_CROWD_NOWHERE && pl_frame_innermost == NULL)
        pl_crowd_make_way(here);
    return true;
}

void pl_threads_call_workers(struct pl_threads *threads, uint32_t wanted)
{
    for (;;) {
        /* seq_cst: after the push, before the decision (docs/protocols/threads.md, step C1). */
        uint64_t crew = pl_load_seq_cst(&threads->crew);
        do {
            /* Relaxed: a resize calls again by itself. */
            if (pl_threads_awake_of(crew) >= pl_load_relaxed(&threads->worker_count) ||
                really_searching(threads, crew, NULL) >= wanted)
                return;
        } while (!pl_cas_seq_cst(&threads->crew, &crew, crew + PL_THREADS_AWAKE + PL_THREADS_SEARCHING));
        if (wake_one(threads))
            return;
        int code = pl_roster_start_worker(&threads->roster);
        if (code == 0) {
            count_wake(threads);
            return;
        }
        parallel_error error = *parallel_last_error();
        /* Nobody could be started. Who is awake will look again. With nobody awake nothing is sure to run: workers that
         * wait inside a task may wait for the very tasks in the queue. Others may have relied on the call (they saw one
         * searching), hence the loop until the queue is empty. */
        size_t awake = pl_threads_awake_of(pl_sub_seq_cst(&threads->crew, PL_THREADS_AWAKE + PL_THREADS_SEARCHING));
        if (pl_parking_lot_count(&threads->lot) > 0)
            continue; /* somebody fell asleep meanwhile, whose last look found this thread counted as one who searches */
        if (awake > 1)
            return;
        fail_pending(threads, &error);
        if (!pl_threads_have_tasks(threads)) {
            /* A worker that has ended its task meanwhile may have left to what was in the queue to tell the sleepers. */
            if (pl_threads_has_finished(threads))
                pl_threads_wake_all(threads);
            return;
        }
    }
}

void pl_threads_call_thief(struct pl_threads *threads)
{
    /* Seq_cst: before the look at the crew; partner: is_spawning(). */
    if (pl_load_relaxed(&threads->has_spawned) == 0)
        pl_store_seq_cst(&threads->has_spawned, 1);
    if (pl_threads_is_everybody_awake(threads)) /* each looks for spawned calls before it sleeps */
        return;
    /* Seq_cst, both: before the look at who searches. Read first: the line is written when it has to be. */
    if (pl_load_seq_cst(&threads->is_spawn_left) == 0)
        pl_store_seq_cst(&threads->is_spawn_left, 1);
    pl_threads_call_worker(threads);
}

static bool is_spawning(struct pl_threads *threads)
{
    /* Seq_cst, after the caller has stopped to count as awake: the first spawn of all finds a request, and calls. */
    if (pl_load_seq_cst(&threads->has_spawned) == 0)
        return false;
    pl_victims_request(&threads->victims);
    if (pl_load_seq_cst(&threads->busy) == 0 && pl_board_inside(&threads->board, NULL) == 0)
        return false;
    pl_deque_barrier();
    return pl_victims_have_work(&threads->victims);
}

void pl_threads_look_last(struct pl_threads *threads)
{
    /* Spawned calls in any case: who is called for a task leaves them. */
    if (is_spawning(threads))
        pl_threads_call_thief(threads);
    else if (pl_threads_have_tasks(threads))
        pl_threads_call_worker(threads);
}

void pl_threads_wake_all(struct pl_threads *threads)
{
    for (;;) {
        pl_add_seq_cst(&threads->crew, PL_THREADS_AWAKE + PL_THREADS_SEARCHING);
        if (!wake_one(threads))
            break;
    }
    pl_sub_seq_cst(&threads->crew, PL_THREADS_AWAKE + PL_THREADS_SEARCHING);
    if (!pl_threads_has_finished(threads)) /* somebody may have taken this thread for one that searches */
        pl_threads_look_last(threads);
}

bool pl_threads_has_finished(struct pl_threads *threads)
{
    return pl_task_queue_is_closed(&threads->queue) && !pl_threads_have_tasks(threads) &&
           pl_load_seq_cst(&threads->busy) == 0 && /* partner: stop_being_busy() of the last one */
           pl_board_inside(&threads->board, NULL) == 0;  /* partner: help() */
}

/* ---- The operations ---- */

static void threads_request_shutdown(struct parallel_executor *executor)
{
    pl_threads_close_queue(threads_of(executor));
}

static bool is_seat_wanted(void *owner, size_t seat)
{
    struct pl_threads *threads = owner;
    return pl_wishes_wait(&threads->wishes) && pl_wishes_wait_at(&threads->wishes, seat);
}

int pl_threads_open_for(struct pl_threads_use *use, const parallel_executor_options *options,
                        struct parallel_executor **executor)
{
    struct pl_threads *threads = aligned_alloc(_Alignof(struct pl_threads), sizeof *threads);
    if (threads == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for a threads executor");
    memset(threads, 0, sizeof *threads);
    int code = pl_room_open(&threads->room, options->queue_limit, options->refuses_when_full);
    if (code == 0)
        code = pl_roster_open(&threads->roster, options->places, options->workers,
                              options->name != NULL ? options->name : "parallel", pl_threads_work, threads);
    if (code != 0) {
        free(threads);
        return code;
    }
    threads->roster.is_wanted = is_seat_wanted;
    pl_deque_prepare();
    pl_task_queue_open(&threads->queue);
    pl_board_open(&threads->board);
    pl_parking_lot_open(&threads->lot);
    atomic_init(&threads->worker_count, threads->roster.placement->count);
    threads->use = use;
    threads->idle_timeout_ns = options->idle_timeout_ns;
    threads->initializer = options->initializer;
    threads->initializer_context = options->initializer_context;
    *executor = &threads->base;
    return 0;
}

static int threads_open(const parallel_executor_options *options, struct parallel_executor **executor)
{
    return pl_threads_open_for(NULL, options, executor);
}

struct pl_threads_use *pl_threads_use_of(struct parallel_executor *executor)
{
    return threads_of(executor)->use;
}

static int refusal(struct pl_threads *threads)
{
    parallel_error *broken = pl_load_acquire(&threads->broken); /* pairs with initialize() */
    if (broken != NULL)
        return pl_error_set_copy(broken);
    return pl_error_set(PARALLEL_ESHUTDOWN, 0, "submission to a threads executor after its shutdown");
}

/* A task with a wish comes alone. */
static bool push(struct pl_threads *threads, struct pl_task *first, struct pl_task *last)
{
    if (first->position == 0)
        return pl_task_queue_push(&threads->queue, first, last);
    return pl_wishes_put(&threads->wishes, &threads->queue, first->position - 1, first);
}

/* So many seats can be wished for at least, should the executor grow. */
enum { LEAST_WISHED_SEATS = 64 };

static int threads_locate(struct parallel_executor *executor, const struct pl_cpu_set *cpus, uint32_t *position)
{
    struct pl_threads *threads = threads_of(executor);
    size_t seat, count = pl_load_relaxed(&threads->worker_count); /* relaxed: a number */
    int code = pl_roster_find_seat(&threads->roster, cpus, &seat);
    if (code != 0)
        return pl_error_set(code, 0, "no worker of the executor is there");
    if (seat != PL_ROSTER_ANY_SEAT)
        code = pl_wishes_prepare(&threads->wishes, count > LEAST_WISHED_SEATS ? count : LEAST_WISHED_SEATS);
    *position = code == 0 && pl_wishes_have_seat(&threads->wishes, seat) ? (uint32_t)seat + 1 : 0;
    return code;
}

static int threads_submit(struct parallel_executor *executor, struct pl_task *first, struct pl_task *last, size_t count)
{
    struct pl_threads *threads = threads_of(executor);
    if (threads->room.limit > 0) {
        int code = pl_room_take(&threads->room, &threads->queue, pl_frame_is_inside(executor), count);
        if (code != 0)
            return code == PARALLEL_ESHUTDOWN ? refusal(threads) : code;
    }
    if (!push(threads, first, last)) {
        pl_room_leave(&threads->room, count);
        /* Whoever ended the last task may have taken the refused wish for one that waits, and told nobody. */
        if (pl_threads_has_finished(threads))
            pl_threads_wake_all(threads);
        return refusal(threads);
    }
    pl_threads_call_worker(threads);
    return 0;
}

static void cancel_pending(struct pl_threads *threads)
{
    struct pl_task *task;
    while ((task = pl_threads_take(threads, NULL, PL_THREADS_ANY_FIRST)) != NULL) {
        task->class->cancel(task);
        pl_task_release(task);
    }
}

static int threads_shutdown(struct parallel_executor *executor, enum parallel_shutdown_mode mode, uint64_t deadline_ns)
{
    struct pl_threads *threads = threads_of(executor);
    pl_threads_close_queue(threads);
    if (mode == PARALLEL_SHUTDOWN_CANCEL)
        cancel_pending(threads);
    pl_threads_wake_all(threads);
    for (;;) {
        if (!pl_roster_wait_until_empty(&threads->roster, deadline_ns))
            return pl_error_set(PARALLEL_ETIMEDOUT, 0, "shutdown: %u workers still run",
                                pl_load_relaxed(&threads->roster.live_count)); /* relaxed: for the message */
        if (!pl_threads_have_tasks(threads)) {
            pl_roster_join_ended(&threads->roster); /* here, too, for the executors that the end of the program shuts down */
            return 0;
        }
        /* Pushed before the close by a submitter who has not yet called anybody. */
        pl_threads_call_worker(threads);
    }
}

static void threads_destroy(struct parallel_executor *executor)
{
    struct pl_threads *threads = threads_of(executor);
    pl_roster_close(&threads->roster);
    pl_parking_lot_close(&threads->lot);
    pl_victims_destroy(&threads->victims);
    pl_board_close(&threads->board);
    pl_wishes_destroy(&threads->wishes);
    parallel_error *broken = pl_load_relaxed(&threads->broken); /* relaxed: all workers have been joined */
    if (broken != &pl_threads_initializer_failed)
        free(broken);
    free(threads);
}

static int threads_resize(struct parallel_executor *executor, size_t workers)
{
    struct pl_threads *threads = threads_of(executor);
    int code = pl_roster_resize(&threads->roster, workers, &threads->worker_count);
    if (code != 0)
        return code;
    pl_threads_look_last(threads);
    return 0;
}

void pl_threads_copy_places(struct parallel_executor *executor, struct pl_place *places, size_t count)
{
    struct pl_threads *threads = threads_of(executor);
    pl_roster_copy_places(&threads->roster, places, count);
}

static void threads_describe(struct parallel_executor *executor, parallel_executor_info *info)
{
    struct pl_threads *threads = threads_of(executor);
    info->worker_count = pl_load_relaxed(&threads->worker_count); /* relaxed: a snapshot */
    info->started_count = pl_load_relaxed(&threads->roster.live_count);
    info->is_shut_down = pl_task_queue_is_closed(&threads->queue);
}

/* The calling worker: its frame is the outermost one of its thread. */
static struct pl_thread_worker *frame_worker(void)
{
    const struct pl_frame *frame = pl_frame_innermost;
    while (frame->outer != NULL)
        frame = frame->outer;
    return frame->self;
}

static void threads_wait_enter(struct parallel_executor *executor)
{
    struct pl_threads *threads = threads_of(executor);
    pl_roster_stand_up(&threads->roster, frame_worker());
    pl_sub_seq_cst(&threads->crew, PL_THREADS_AWAKE);
    /* The same last look as before sleep: a submitter, or an owner of spawned calls, may have counted on this worker. */
    pl_threads_look_last(threads);
}

static void threads_wait_leave(struct parallel_executor *executor)
{
    struct pl_threads *threads = threads_of(executor);
    pl_add_seq_cst(&threads->crew, PL_THREADS_AWAKE);
    pl_roster_sit_down(&threads->roster, frame_worker());
}

static struct pl_board *threads_board(struct parallel_executor *executor)
{
    return &threads_of(executor)->board;
}

static void threads_call_helpers(struct parallel_executor *executor, const struct pl_post *own, uint32_t wanted,
                                 uint64_t gain_ns)
{
    struct pl_threads *threads = threads_of(executor);
    /* Seq_cst: after the opening (named-loops.md, step O3). */
    if (really_searching(threads, pl_load_seq_cst(&threads->crew), own) >= wanted)
        return;
    if (gain_ns < WAKE_NS) {
        /* Relaxed, both: an estimate. */
        gain_ns += pl_load_relaxed(&threads->board.debt_ns);
        pl_store_relaxed(&threads->board.debt_ns, gain_ns < WAKE_NS ? gain_ns : 0);
        if (gain_ns < WAKE_NS)
            return;
    }
    pl_threads_call_workers(threads, wanted < PL_THREADS_CALLED_AT_ONCE ? wanted : PL_THREADS_CALLED_AT_ONCE);
}

static int threads_count(struct parallel_executor *executor, int worker, parallel_statistics *sum)
{
    struct pl_threads *threads = threads_of(executor);
    if (worker == PARALLEL_ALL_WORKERS)
        sum->wakes += pl_load_relaxed(&threads->outer_wakes); /* relaxed: a number */
    return pl_victims_count(&threads->victims, worker, sum);
}

const struct pl_executor_kind pl_threads_kind = {
    .name = "threads",
    .open = threads_open,
    .submit = threads_submit,
    .locate = threads_locate,
    .request_shutdown = threads_request_shutdown,
    .shutdown = threads_shutdown,
    .destroy = threads_destroy,
    .resize = threads_resize,
    .describe = threads_describe,
    .wait_enter = threads_wait_enter,
    .wait_leave = threads_wait_leave,
    .board = threads_board,
    .call_helpers = threads_call_helpers,
    .count = threads_count,
};
