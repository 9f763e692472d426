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
 * Workers without a task steal calls that a running task has spawned (deque.c, victims.c, docs/protocols/spawning.md).
 *
 * Does not: interrupt a task; run a task on the stack of another, unless that one waits for it. */
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/futex.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/frame.h"
#include "libparallel/executors/roster.h"
#include "libparallel/executors/task_queue.h"
#include "libparallel/executors/threads.h"
#include "libparallel/executors/victims.h"
#include "libparallel/memory/slab.h"

#define SEARCHING ((uint64_t)1)       /* low half of the crew word */
#define AWAKE     ((uint64_t)1 << 32) /* high half */

/* How long a worker searches before it goes to sleep, in turns of about 50 ns on x86: about what waking it again costs
 * (40 to 160 us on the machines of docs), the classic bound of at most twice the best choice made afterwards. */
enum { SEARCH_TURNS = 1000 };

/* An owner of spawned calls that has not answered a request for that many turns (20 us) runs a long leaf, or spins: then
 * a membarrier, which costs it 14 us at worst, is the smaller evil. */
enum { TURNS_BEFORE_FORCE = 400 };

#define TRIM_DELAY_NS ((uint64_t)500000000)

struct threads_executor {
    struct parallel_executor base;
    struct pl_task_queue queue;
    struct pl_parking_lot lot;
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t crew; /* written at every change between work, search and sleep */
    _Alignas(2 * PL_CACHE_LINE) _Atomic size_t worker_count; /* from here on: mostly read */
    struct pl_threads_use *use; /* NULL: tasks run in the workers */
    uint64_t idle_timeout_ns;
    int (*initializer)(void *context);
    void *initializer_context;
    _Atomic(parallel_error *) broken; /* set once: the initializer failed, nothing runs any more */
    uint32_t queue_limit;             /* 0: none; else `waiting` is kept */
    bool refuses_when_full;
    struct pl_roster roster;
    struct pl_victims victims;
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t busy; /* workers inside a task, waiting ones too */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t waiting; /* tasks in the queue, HAS_BLOCKED or-ed; a futex word */
};

#define HAS_BLOCKED (UINT32_C(1) << 31) /* a submitter sleeps until there is room */

static parallel_error initializer_failed = {PARALLEL_EINITIALIZER, 0, "the initializer of a worker failed"};

static struct threads_executor *threads_of(struct parallel_executor *executor)
{
    return (struct threads_executor *)executor;
}

static uint32_t searching_of(uint64_t crew)
{
    return (uint32_t)crew;
}

static size_t awake_of(uint64_t crew)
{
    return (size_t)(crew >> 32);
}

/* ---- The queue and its limit ---- */

/* Those who wait for room look again. */
static void wake_blocked(struct threads_executor *threads)
{
    pl_and_release(&threads->waiting, ~(uint32_t)HAS_BLOCKED); /* release: pairs with sleep_until_room() */
    pl_futex_wake(&threads->waiting, PL_FUTEX_WAKE_ALL, PL_FUTEX_PRIVATE);
}

/* A task has left the queue: there is room for another. */
static void leave_room(struct threads_executor *threads)
{
    if (threads->queue_limit == 0)
        return;
    /* Release: nothing is published but the number; the futex compares it. */
    if (pl_sub_release(&threads->waiting, 1) & HAS_BLOCKED)
        wake_blocked(threads);
}

static struct pl_task *take(struct threads_executor *threads)
{
    struct pl_task *task = pl_task_queue_pop(&threads->queue);
    if (task != NULL)
        leave_room(threads);
    return task;
}

static void threads_request_shutdown(struct parallel_executor *executor)
{
    struct threads_executor *threads = threads_of(executor);
    pl_task_queue_close(&threads->queue);
    wake_blocked(threads); /* they find the queue closed */
}

/* ---- Calling workers ---- */

/* Fails what is in the queue, since nobody is there to run it. */
static void fail_pending(struct threads_executor *threads, const parallel_error *error)
{
    struct pl_task *task;
    while ((task = take(threads)) != NULL) {
        if (pl_task_claim(task))
            task->class->fail(task, error);
        pl_task_release(task);
    }
}

/* Sees to it that somebody looks into the queue, if there is anybody left to call. Any thread; after publishing work. */
static void call_worker(struct threads_executor *threads)
{
    for (;;) {
        /* seq_cst: after the push, before the decision (docs/protocols/threads.md, step C1). */
        uint64_t crew = pl_load_seq_cst(&threads->crew);
        do {
            /* Relaxed: a resize calls again by itself. */
            if (searching_of(crew) > 0 || awake_of(crew) >= pl_load_relaxed(&threads->worker_count))
                return;
        } while (!pl_cas_seq_cst(&threads->crew, &crew, crew + AWAKE + SEARCHING));
        if (pl_parking_lot_wake_one(&threads->lot) != NULL)
            return;
        int code = pl_roster_start_worker(&threads->roster);
        if (code == 0)
            return;
        parallel_error error = *parallel_last_error();
        /* Nobody could be called. Who is awake will look again. With nobody awake nothing is sure to run: workers that
         * wait inside a task may wait for the very tasks in the queue. Others may have relied on the call (they saw one
         * searching), hence the loop until the queue is empty. */
        if (awake_of(pl_sub_seq_cst(&threads->crew, AWAKE + SEARCHING)) > 1)
            return;
        fail_pending(threads, &error);
        if (pl_task_queue_is_empty(&threads->queue))
            return;
    }
}

/* ---- The worker ---- */

static void run_task(struct threads_executor *threads, struct pl_thread_worker *self, struct pl_task *task)
{
    if (pl_task_claim(task)) {
        parallel_error *broken = pl_load_acquire(&threads->broken); /* pairs with initialize() */
        if (broken != NULL)
            task->class->fail(task, broken);
        else if (threads->use != NULL)
            threads->use->run(threads->use, self, task);
        else
            task->class->run(task);
        if (threads->base.fork_count != pl_fork_count())
            pl_report_and_abort("a child that was forked inside a task returned from the task; it has no workers to "
                                "return to, and ends by _exit or exec");
    }
    pl_task_release(task);
}

/* The sleepers come to see that the executor closes or has finished. */
static void wake_all(struct threads_executor *threads)
{
    for (;;) {
        pl_add_seq_cst(&threads->crew, AWAKE + SEARCHING);
        if (pl_parking_lot_wake_one(&threads->lot) == NULL)
            break;
    }
    pl_sub_seq_cst(&threads->crew, AWAKE + SEARCHING);
    /* Somebody may have taken this thread for one that searches. */
    if (!pl_task_queue_is_empty(&threads->queue))
        call_worker(threads);
}

/* True if there is nothing to do and never will be: closed, and no task runs that others could help. */
static bool has_finished(struct threads_executor *threads)
{
    return pl_task_queue_is_closed(&threads->queue) && pl_task_queue_is_empty(&threads->queue) &&
           pl_load_seq_cst(&threads->busy) == 0; /* partner: become_searching() of the last busy one */
}

/* Searching -> working, before the work is begun. */
static void become_busy(struct threads_executor *threads, uint64_t *counted)
{
    if (*counted & SEARCHING) {
        pl_add_seq_cst(&threads->busy, 1); /* before any spawn's look at its split (spawning.md) */
        pl_sub_seq_cst(&threads->crew, SEARCHING);
        *counted = AWAKE;
    }
}

static void stop_being_busy(struct threads_executor *threads)
{
    /* Who finds the executor finished tells those who sleep meanwhile. */
    if (pl_sub_seq_cst(&threads->busy, 1) == 1 && has_finished(threads))
        wake_all(threads);
}

/* What a search has found. */
enum finding { NOTHING, TASK_OR_CLOSED, VICTIM };

/* Looks for work for a while: tasks, and calls that other workers have spawned. NOTHING: time to sleep. */
static enum finding search(struct threads_executor *threads, const struct pl_thread_worker *self, bool can_steal,
                           struct pl_deque **victim)
{
    for (uint32_t turn = 1; turn <= SEARCH_TURNS; turn++) {
        if (!pl_task_queue_is_empty(&threads->queue) || has_finished(threads))
            return TASK_OR_CLOSED;
        /* Relaxed: without a busy worker there is nothing to steal; the last look before sleep is exact. */
        if (can_steal && pl_load_relaxed(&threads->busy) > 0) {
            *victim = pl_victims_choose(&threads->victims, self->index, turn);
            if (*victim != NULL && pl_deque_public_count(*victim) > 0)
                return VICTIM;
            if (*victim != NULL)
                pl_deque_request(*victim);
            if (turn % TURNS_BEFORE_FORCE == 0)
                pl_victims_publish_by_force(&threads->victims, self->index);
        }
        pl_spin_pause();
    }
    return NOTHING;
}

/* The part of the last look that concerns spawned calls: true if there are any that nobody has begun. If not, later ones
 * will find the request. */
static bool is_spawning(struct threads_executor *threads)
{
    pl_victims_request(&threads->victims);
    if (pl_load_seq_cst(&threads->busy) == 0)
        return false;
    pl_deque_barrier();
    return pl_victims_have_work(&threads->victims);
}

/* In the lot: gives back memory of futures that have gone, half a second later and whenever there may be some again, until
 * called (true) or the deadline. Half a second: a burst that follows sooner finds its memory warm, and after a second it
 * is gone. */
static bool doze(struct pl_thread_worker *self, uint64_t deadline_ns)
{
    while (pl_slab_is_worth_a_trim()) {
        uint64_t trim_ns = pl_clock_now_ns() + TRIM_DELAY_NS;
        if (trim_ns >= deadline_ns)
            return false;
        if (pl_parking_lot_doze(&self->parker, trim_ns))
            return true;
        size_t position = 0;
        while (pl_slab_trim(&position))
            if (pl_parking_lot_doze(&self->parker, PARALLEL_POLL))
                return true;
    }
    return false;
}

/* Sleeps until called. `counted` is what the crew word counts for this worker: AWAKE, or with SEARCHING. False: the
 * worker is to end. On true the worker is awake and searching. */
static bool park(struct threads_executor *threads, struct pl_thread_worker *self, uint64_t counted)
{
    pl_roster_stand_up(&threads->roster, self);
    pl_parking_lot_enter(&threads->lot, &self->parker);
    pl_sub_seq_cst(&threads->crew, counted);
    /* The last look (threads.md, step W3). A surplus worker is not needed for what it sees, but the one who is needed
     * may have been missed by a submitter who counted this worker as awake. */
    if (has_finished(threads)) {
        if (pl_parking_lot_leave(&threads->lot, &self->parker))
            return false;
    } else if (!pl_task_queue_is_empty(&threads->queue) || is_spawning(threads)) {
        call_worker(threads);
    }
    uint64_t deadline_ns = PARALLEL_NEVER;
    if (threads->idle_timeout_ns > 0)
        deadline_ns = pl_clock_now_ns() + threads->idle_timeout_ns;
    if (!doze(self, deadline_ns) && !pl_parking_lot_sleep(&threads->lot, &self->parker, deadline_ns))
        return false;
    pl_roster_sit_down(&threads->roster, self);
    return true;
}

/* Before a worker's first piece of work. If the initializer fails nothing runs any more. */
static void initialize(struct threads_executor *threads, const struct pl_thread_worker *self)
{
    int code = threads->initializer(threads->initializer_context);
    if (code == 0)
        return;
    parallel_error *error = malloc(sizeof *error);
    parallel_error *unbroken = NULL;
    if (error == NULL)
        error = &initializer_failed;
    else
        pl_error_fill(error, PARALLEL_EINITIALIZER, 0, "the initializer of worker %s returned %d", self->name, code);
    /* Release: publishes the message to everybody who finds the executor broken. */
    if (!pl_cas_release(&threads->broken, &unbroken, error) && error != &initializer_failed)
        free(error);
    threads_request_shutdown(&threads->base);
}

/* Between two pieces of work: moves after a resize, and sleeps without a search if there are more awake than workers,
 * because a waiting one went on or the executor shrank. False: the worker is to end. */
static bool settle_down(struct threads_executor *threads, struct pl_thread_worker *self, uint64_t *counted)
{
    /* Relaxed, both: who comes late moves late. */
    if (self->placement_number != pl_load_relaxed(&threads->roster.placement_number)) {
        pl_roster_stand_up(&threads->roster, self);
        pl_roster_sit_down(&threads->roster, self);
    }
    if (awake_of(pl_load_relaxed(&threads->crew)) <= pl_load_relaxed(&threads->worker_count))
        return true;
    stop_being_busy(threads);
    if (!park(threads, self, *counted))
        return false;
    *counted = AWAKE + SEARCHING;
    return true;
}

/* A deque has published. */
static void call_thief(void *context)
{
    call_worker(context);
}

static void worker_body(struct pl_thread_worker *self)
{
    struct threads_executor *threads = self->owner;
    struct pl_frame frame;
    pl_frame_enter(&frame, &threads->base, (int)self->index, self);
    pl_slab_trimmer_enter();
    pl_roster_sit_down(&threads->roster, self);
    bool is_initialized = threads->initializer == NULL;
    struct pl_deque *deque = pl_victims_enter(&threads->victims, self->index, call_thief, threads);
    parallel_deque_current = deque != NULL ? &deque->shared : NULL;
    uint64_t counted = AWAKE + SEARCHING; /* whoever started this worker has counted it so */
    for (;;) {
        struct pl_task *task = take(threads);
        if (task != NULL) {
            become_busy(threads, &counted);
            /* Looked at after the step above, not at the pop (threads.md, step F3). */
            if (!pl_task_queue_is_empty(&threads->queue))
                call_worker(threads);
            /* With work in hand, not before: so workers start side by side, however long their initializers take. */
            if (!is_initialized) {
                is_initialized = true;
                initialize(threads, self);
            }
            run_task(threads, self, task);
            if (!settle_down(threads, self, &counted))
                break;
            continue;
        }
        if (!(counted & SEARCHING)) {
            pl_add_seq_cst(&threads->crew, SEARCHING);
            counted = AWAKE + SEARCHING;
            stop_being_busy(threads);
        }
        if (has_finished(threads)) {
            pl_roster_stand_up(&threads->roster, self);
            pl_sub_seq_cst(&threads->crew, counted);
            break;
        }
        struct pl_deque *victim;
        enum finding finding = search(threads, self, deque != NULL, &victim);
        if (finding == VICTIM) {
            become_busy(threads, &counted);
            if (pl_deque_public_count(victim) > 1 || !pl_task_queue_is_empty(&threads->queue))
                call_worker(threads);
            if (pl_parking_lot_count(&threads->lot) > 0) /* those who sleep asked, and one answer was ours */
                pl_victims_request(&threads->victims);
            if (!is_initialized) {
                is_initialized = true;
                initialize(threads, self);
            }
            pl_deque_steal_and_run(victim, deque);
            if (!settle_down(threads, self, &counted))
                break;
        } else if (finding == NOTHING && !park(threads, self, counted)) {
            break;
        }
    }
    parallel_deque_current = NULL;
    pl_slab_trimmer_leave();
    pl_frame_leave(&frame);
    pl_roster_end_worker(&threads->roster, self);
}

/* ---- The operations ---- */

int pl_threads_open_for(struct pl_threads_use *use, const parallel_executor_options *options,
                        struct parallel_executor **executor)
{
    if (options->queue_limit >= HAS_BLOCKED)
        return pl_error_set(PARALLEL_ERANGE, 0, "queue=%zu: more than %u calls cannot wait", options->queue_limit,
                            HAS_BLOCKED - 1);
    struct threads_executor *threads = aligned_alloc(_Alignof(struct threads_executor), sizeof *threads);
    if (threads == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for a threads executor");
    memset(threads, 0, sizeof *threads);
    int code = pl_roster_open(&threads->roster, options->places, options->workers,
                              options->name != NULL ? options->name : "parallel", worker_body, threads);
    if (code != 0) {
        free(threads);
        return code;
    }
    pl_deque_prepare();
    pl_task_queue_open(&threads->queue);
    pl_parking_lot_open(&threads->lot);
    atomic_init(&threads->worker_count, threads->roster.placement->count);
    threads->use = use;
    threads->idle_timeout_ns = options->idle_timeout_ns;
    threads->initializer = options->initializer;
    threads->initializer_context = options->initializer_context;
    threads->queue_limit = (uint32_t)options->queue_limit;
    threads->refuses_when_full = options->refuses_when_full;
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

static int refusal(struct threads_executor *threads)
{
    parallel_error *broken = pl_load_acquire(&threads->broken); /* pairs with initialize() */
    if (broken != NULL)
        return pl_error_set_copy(broken);
    return pl_error_set(PARALLEL_ESHUTDOWN, 0, "submission to a threads executor after its shutdown");
}

/* The caller may be a worker of another executor, which somebody stands in for meanwhile. */
static void sleep_until_room(struct threads_executor *threads, uint32_t waiting)
{
    uint32_t blocked = waiting | HAS_BLOCKED;
    /* Acquire: if a shutdown has taken the flag away before, its closing of the queue is seen below; if it does so after,
     * the kernel finds the word changed. */
    if (waiting != blocked && !pl_cas_acq_rel(&threads->waiting, &waiting, blocked))
        return;
    if (pl_task_queue_is_closed(&threads->queue)) {
        wake_blocked(threads); /* the flag that was just set may hide the shutdown's step from another sleeper */
        return;
    }
    pl_executor_wait_enter();
    pl_futex_wait(&threads->waiting, blocked, PARALLEL_NEVER, PL_FUTEX_PRIVATE);
    pl_executor_wait_leave();
}

/* Enters `count` tasks into the limited queue; waits for room unless asked not to. A worker of this executor is never
 * held up or refused: it might be the one who makes room. */
static int take_room(struct threads_executor *threads, size_t count)
{
    bool is_own_worker = pl_frame_is_inside(&threads->base);
    uint32_t waiting = pl_load_acquire(&threads->waiting); /* acquire, as below: see sleep_until_room() */
    for (;;) {
        uint32_t used = waiting & ~(uint32_t)HAS_BLOCKED;
        if (is_own_worker || used < threads->queue_limit) {
            if (pl_cas_relaxed(&threads->waiting, &waiting, waiting + (uint32_t)count)) /* a number, no data */
                return 0;
            continue;
        }
        if (pl_task_queue_is_closed(&threads->queue))
            return refusal(threads);
        if (threads->refuses_when_full)
            return pl_error_set(PARALLEL_EFULL, 0, "%u calls wait already, as many as queue= allows", used);
        sleep_until_room(threads, waiting);
        waiting = pl_load_acquire(&threads->waiting);
    }
}

static int threads_submit(struct parallel_executor *executor, struct pl_task *first, struct pl_task *last, size_t count)
{
    struct threads_executor *threads = threads_of(executor);
    if (threads->queue_limit > 0) {
        int code = take_room(threads, count);
        if (code != 0)
            return code;
    }
    if (!pl_task_queue_push(&threads->queue, first, last)) {
        for (size_t i = 0; i < count; i++)
            leave_room(threads);
        return refusal(threads);
    }
    call_worker(threads);
    return 0;
}

static void cancel_pending(struct threads_executor *threads)
{
    struct pl_task *task;
    while ((task = take(threads)) != NULL) {
        task->class->cancel(task);
        pl_task_release(task);
    }
}

static int threads_shutdown(struct parallel_executor *executor, enum parallel_shutdown_mode mode, uint64_t deadline_ns)
{
    struct threads_executor *threads = threads_of(executor);
    threads_request_shutdown(executor);
    if (mode == PARALLEL_SHUTDOWN_CANCEL)
        cancel_pending(threads);
    wake_all(threads);
    for (;;) {
        if (!pl_roster_wait_until_empty(&threads->roster, deadline_ns))
            return pl_error_set(PARALLEL_ETIMEDOUT, 0, "shutdown: %u workers still run",
                                pl_load_relaxed(&threads->roster.live_count)); /* relaxed: for the message */
        if (pl_task_queue_is_empty(&threads->queue)) {
            pl_roster_join_ended(&threads->roster); /* here, too, for the executors that the end of the program shuts down */
            return 0;
        }
        /* Pushed before the close by a submitter who has not yet called anybody. */
        call_worker(threads);
    }
}

static void threads_destroy(struct parallel_executor *executor)
{
    struct threads_executor *threads = threads_of(executor);
    pl_roster_close(&threads->roster);
    pl_parking_lot_close(&threads->lot);
    pl_victims_destroy(&threads->victims);
    parallel_error *broken = pl_load_relaxed(&threads->broken); /* relaxed: all workers have been joined */
    if (broken != &initializer_failed)
        free(broken);
    free(threads);
}

static int threads_resize(struct parallel_executor *executor, size_t workers)
{
    struct threads_executor *threads = threads_of(executor);
    int code = pl_roster_resize(&threads->roster, workers, &threads->worker_count);
    if (code != 0)
        return code;
    if (!pl_task_queue_is_empty(&threads->queue))
        call_worker(threads);
    return 0;
}

static void threads_describe(struct parallel_executor *executor, parallel_executor_info *info)
{
    struct threads_executor *threads = threads_of(executor);
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
    struct threads_executor *threads = threads_of(executor);
    pl_roster_stand_up(&threads->roster, frame_worker());
    pl_sub_seq_cst(&threads->crew, AWAKE);
    /* The same last look as before sleep: a submitter may have counted on this worker. */
    if (!pl_task_queue_is_empty(&threads->queue))
        call_worker(threads);
}

static void threads_wait_leave(struct parallel_executor *executor)
{
    struct threads_executor *threads = threads_of(executor);
    pl_add_seq_cst(&threads->crew, AWAKE);
    pl_roster_sit_down(&threads->roster, frame_worker());
}

const struct pl_executor_kind pl_threads_kind = {
    .name = "threads",
    .open = threads_open,
    .submit = threads_submit,
    .request_shutdown = threads_request_shutdown,
    .shutdown = threads_shutdown,
    .destroy = threads_destroy,
    .resize = threads_resize,
    .describe = threads_describe,
    .wait_enter = threads_wait_enter,
    .wait_leave = threads_wait_leave,
};
