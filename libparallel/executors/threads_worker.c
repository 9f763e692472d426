/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What one worker of a threads executor does with its life:
 *
 *     take a task, run it  -->  none: search (loops, spawned calls, tasks)  -->  nothing for a while: park  --+
 *          ^                                   |                                                              |
 *          +-----------------------------------+--------------------------------------------------------------+
 *
 * Steps as docs/protocols/threads.md, spawning.md and named-loops.md name them. Does not: decide who is called
 * (threads.c). */
#include <sched.h>
#include <stdlib.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/patience.h"
#include "libparallel/executors/frame.h"
#include "libparallel/executors/threads.h"
#include "libparallel/machine/crowd.h"
#include "libparallel/memory/slab.h"

/* An owner of spawned calls that has not answered a request for that many turns (20 us) runs a long leaf, or spins: then
 * a membarrier, which costs it 14 us at worst, is the smaller evil. */
enum { TURNS_BEFORE_FORCE = 400 };

enum {
    /* Whoever sits at a seat that a call wishes for gets so many turns of another worker's search (20 us) to come for it. */
    TURNS_BEFORE_ANY_TASK = 400,
    /* And once in so many of them that one looks whether a wished seat is free. */
    TURNS_BETWEEN_SEATS = 32,
    /* So many calls, or stolen calls, after one another, and a worker looks elsewhere first: nobody's waits for ever behind
     * others'. */
    CALLS_BEFORE_OTHERS = 64,
};

enum {
    /* After a loop a worker looks for the next one without pauses at first: as long as the shortest loops take. */
    EAGER_TURNS = 100,
    /* And then longer than for other work: programs compute between two loops. Long enough for a pause of a millisecond. */
    WATCH_NS = 2000000,
    /* The clock is read, and the core offered to others, once in so many turns of a watch: 3 us. */
    TURNS_BEFORE_YIELD = 64,
    /* So many watches in a row that were in vain end the habit. */
    VAIN_WATCHES = 3,
};

/* What a worker knows of loops; in its frame. */
struct watcher {
    struct pl_board_reader reader;
    bool watches;          /* after its next search it goes on looking for loops */
    uint32_t eager;        /* turns left without a pause */
    uint32_t vain;         /* watches in a row that saw no loop */
    uint64_t until_ns;     /* end of the watch, once it has begun */
    uint64_t parked_at_ns; /* when it last fell asleep, if no loop came since; else 0 */
};

static void run_task(struct pl_threads *threads, struct pl_thread_worker *self, struct pl_task *task)
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

/* Searching -> working, before the work is begun. False: it has not been searching. */
static bool become_busy(struct pl_threads *threads, uint64_t *counted)
{
    if (!(*counted & PL_THREADS_SEARCHING))
        return false;
    pl_add_seq_cst(&threads->busy, 1); /* before any spawn's look at its split (spawning.md) */
    pl_sub_seq_cst(&threads->crew, PL_THREADS_SEARCHING);
    *counted = PL_THREADS_AWAKE;
    return true;
}

/* After the step above, or with a stolen call, or a loop, in hand: an owner of spawned calls may have called nobody, because
 * this worker searched. */
static void look_for_left(struct pl_threads *threads)
{
    /* Seq_cst, both: the mark comes before the owner's look at the crew, and is taken before the look at the deques. */
    if (pl_load_seq_cst(&threads->is_spawn_left) != 0 && pl_exchange_seq_cst(&threads->is_spawn_left, 0) != 0 &&
        pl_victims_have_work(&threads->victims))
        pl_threads_call_thief(threads);
}

static void stop_being_busy(struct pl_threads *threads)
{
    /* Who finds the executor finished tells those who sleep meanwhile. */
    if (pl_sub_seq_cst(&threads->busy, 1) == 1 && pl_threads_has_finished(threads))
        pl_threads_wake_all(threads);
}

/* What a search has found. */
enum finding { NOTHING, TASK_OR_CLOSED, ANY_TASK, VICTIM, POST };

/* True if there may be somebody whose spawned calls can be stolen. A hint; the last look before sleep is exact. */
static bool is_anyone_working(struct pl_threads *threads)
{
    return pl_load_relaxed(&threads->busy) > 0 ||
           (pl_load_relaxed(&threads->board.used) > 0 && pl_board_inside(&threads->board, NULL) > 0);
}

/* After so many turns that other work is given up: true while the watch for loops lasts. */
static bool may_watch_on(struct watcher *watcher, uint32_t turn)
{
    if (!watcher->watches)
        return false;
    if (turn % TURNS_BEFORE_YIELD != 0)
        return true;
    uint64_t now = pl_clock_now_ns();
    if (watcher->until_ns == 0)
        watcher->until_ns = now + WATCH_NS;
    if (now < watcher->until_ns) {
        sched_yield(); /* to whoever else has work for this core */
        return true;
    }
    watcher->watches = false;
    watcher->vain++;
    return false;
}

/* A pause between two looks, in which somebody who waits for others gets the CPU if he needs it. False: the search has
 * lasted long enough. */
static bool may_search_on(const struct pl_thread_worker *self, struct watcher *watcher, uint32_t *turn, uint32_t turns,
                          uint64_t *looked_ns)
{
    if (watcher->eager > 0) {
        watcher->eager--;
        return true;
    }
    uint32_t looks = *turn;
    if (pl_crowd_is_asked(self->cpu)) {
        sched_yield();
        *turn |= PL_PATIENCE_TURNS_OF_YIELD - 1; /* the next one is a multiple, as whoever counts turns expects */
    } else {
        pl_spin_pause();
    }
    if (looks >= turns)
        return may_watch_on(watcher, looks);
    return looks % PL_PATIENCE_TURNS_BETWEEN != 0 || !pl_patience_is_interrupted(looked_ns);
}

/* Takes another seat, if the worker has none, or one that is wanted is free. */
static void change_seat(struct pl_threads *threads, struct pl_thread_worker *self)
{
    pl_roster_stand_up(&threads->roster, self);
    pl_roster_sit_down(&threads->roster, self);
}

/* Calls wait that wish for a seat, in the so-manieth turn in a row. If the seat is free, the worker takes it. */
static bool is_wish_granted(struct pl_threads *threads, struct pl_thread_worker *self, uint32_t turn)
{
    if (pl_wishes_wait_at(&threads->wishes, self->place))
        return true;
    if (turn % TURNS_BETWEEN_SEATS != 0 || !pl_roster_has_wanted_seat(&threads->roster))
        return false;
    change_seat(threads, self);
    return pl_wishes_wait_at(&threads->wishes, self->place);
}

/* Looks for work for a while: tasks, loops, and calls that other workers have spawned. NOTHING: time to sleep. */
static enum finding search(struct pl_threads *threads, struct pl_thread_worker *self,
                           struct watcher *watcher, bool can_steal, struct pl_deque **victim, struct pl_post **post)
{
    uint32_t turn = 0, turns = pl_patience_turns();
    uint64_t looked_ns = 0;
    uint32_t wish_turns = 0;
    do {
        turn++;
        *post = pl_board_find(&threads->board, &watcher->reader);
        if (*post != NULL)
            return POST;
        if (!pl_task_queue_is_empty(&threads->queue) || pl_threads_has_finished(threads))
            return TASK_OR_CLOSED;
        if (!pl_wishes_wait(&threads->wishes)) {
            wish_turns = 0;
        } else {
            if (is_wish_granted(threads, self, wish_turns++))
                return TASK_OR_CLOSED;
            if (turn >= turns || wish_turns >= TURNS_BEFORE_ANY_TASK)
                return ANY_TASK;
        }
        if (can_steal && is_anyone_working(threads)) {
            *victim = pl_victims_choose(&threads->victims, self->index, turn);
            if (*victim != NULL && pl_deque_public_count(*victim) > 0)
                return VICTIM;
            if (*victim != NULL) {
                pl_count(&pl_counters_of_caller()->failed_steals, 1);
                pl_deque_request(*victim);
            }
            if (turn % TURNS_BEFORE_FORCE == 0 &&
                (*victim = pl_victims_find_or_force(&threads->victims, self->index)) != NULL)
                return VICTIM;
        }
    } while (may_search_on(self, watcher, &turn, turns, &looked_ns));
    if (pl_wishes_wait(&threads->wishes))
        return ANY_TASK;
    /* However short the search was: the owner may spin on what it has spawned, and the last look before sleep would find it
     * again and again. */
    *victim = can_steal && is_anyone_working(threads) ? pl_victims_find_or_force(&threads->victims, self->index) : NULL;
    return *victim != NULL ? VICTIM : NOTHING;
}

/* In the lot: gives back memory of futures that have gone, half a second later and whenever there may be some again, until
 * called (true) or the deadline. */
static bool doze(struct pl_thread_worker *self, uint64_t deadline_ns)
{
    while (pl_slab_is_worth_a_trim()) {
        uint64_t trim_ns = pl_clock_now_ns() + PL_SLAB_TRIM_DELAY_NS;
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

/* Sleeps until called. `counted` is what the crew word counts for this worker: PL_THREADS_AWAKE, or with
 * PL_THREADS_SEARCHING. False: the worker is to end. On true the worker is awake and searching. */
static bool park(struct pl_threads *threads, struct pl_thread_worker *self, struct watcher *watcher,
                 uint64_t counted)
{
    pl_roster_stand_up(&threads->roster, self);
    int cpu = self->cpu;
    self->parker.cpu = cpu;
    pl_parking_lot_enter(&threads->lot, &self->parker);
    pl_sub_seq_cst(&threads->crew, counted);
    /* The last look (threads.md, step W3). A surplus worker is not needed for what it sees, but the one who is needed
     * may have been missed by a submitter who counted this worker as awake. */
    if (pl_threads_has_finished(threads)) {
        if (pl_parking_lot_leave(&threads->lot, &self->parker))
            return false;
    } else {
        pl_threads_look_last(threads);
        if (pl_board_is_open_to(&threads->board, &watcher->reader))
            pl_threads_call_worker(threads);
    }
    uint64_t deadline_ns = PARALLEL_NEVER;
    watcher->watches = false;
    watcher->parked_at_ns = pl_clock_now_ns();
    if (threads->idle_timeout_ns > 0)
        deadline_ns = watcher->parked_at_ns + threads->idle_timeout_ns;
    if (!doze(self, deadline_ns) && !pl_parking_lot_sleep(&threads->lot, &self->parker, deadline_ns))
        return false;
    pl_roster_sit_down(&threads->roster, self);
    pl_crowd_leave(cpu); /* where its caller has entered it */
    if (self->parker.is_called_from_here)
        pl_crowd_ask(self->cpu); /* the caller, who needs the CPU to hear of the end, cannot ask until it has it */
    return true;
}

/* Before a worker's first piece of work. If the initializer fails nothing runs any more. */
static void initialize(struct pl_threads *threads, const struct pl_thread_worker *self)
{
    int code = threads->initializer(threads->initializer_context);
    if (code == 0)
        return;
    parallel_error *error = malloc(sizeof *error);
    parallel_error *unbroken = NULL;
    if (error == NULL)
        error = &pl_threads_initializer_failed;
    else
        pl_error_fill(error, PARALLEL_EINITIALIZER, 0, "the initializer of worker %s returned %d", self->name, code);
    /* Release: publishes the message to everybody who finds the executor broken. */
    if (!pl_cas_release(&threads->broken, &unbroken, error) && error != &pl_threads_initializer_failed)
        free(error);
    pl_threads_close_queue(threads);
}

/* Between two pieces of work: moves after a resize, and sleeps without a search if there are more awake than workers,
 * because a waiting one went on or the executor shrank. False: the worker is to end. */
static bool settle_down(struct pl_threads *threads, struct pl_thread_worker *self, struct watcher *watcher,
                        uint64_t *counted)
{
    /* Relaxed, both: who comes late moves late. */
    if (self->placement_number != pl_load_relaxed(&threads->roster.placement_number))
        change_seat(threads, self);
    if (pl_threads_awake_of(pl_load_relaxed(&threads->crew)) <= pl_load_relaxed(&threads->worker_count))
        return true;
    if (!(*counted & PL_THREADS_SEARCHING))
        stop_being_busy(threads);
    if (!park(threads, self, watcher, *counted))
        return false;
    *counted = PL_THREADS_AWAKE + PL_THREADS_SEARCHING;
    return true;
}

/* The same, and for tasks (threads.md, F3). */
static void look_for_all_left(struct pl_threads *threads)
{
    look_for_left(threads);
    if (pl_threads_have_tasks(threads))
        pl_threads_call_worker(threads);
}

/* Takes part in the loop that was seen (named-loops.md, steps H3 to H6). */
static void help(struct pl_threads *threads, const struct pl_thread_worker *self, struct watcher *watcher,
                 struct pl_post *post)
{
    struct pl_joint_work *work = pl_post_join(post, &watcher->reader);
    if (work == NULL)
        return;
    struct pl_counters *counters = pl_counters_of_caller();
    if (counters != NULL)
        pl_count(&counters->transfers, 2); /* the post, to join and to leave */
    look_for_all_left(threads);
    uint32_t places = work->is_worth_a_wake ? pl_post_places(post) : 0;
    if (places > 0)
        pl_threads_call_workers(threads, places < PL_THREADS_CALLED_AT_ONCE ? places : PL_THREADS_CALLED_AT_ONCE);
    work->take_part(work, (uint32_t)self->index);
    if (threads->base.fork_count != pl_fork_count())
        pl_report_and_abort("a child that was forked inside a loop body returned from it; it has no workers to "
                            "return to, and ends by _exit or exec");
    pl_post_leave(post);
    /* Who was the last one inside tells those who sleep until the executor has finished. */
    if (pl_task_queue_is_closed(&threads->queue) && pl_threads_has_finished(threads))
        pl_threads_wake_all(threads);
}

/* After a loop: watches for the next one, unless that has been in vain lately. */
static void begin_watch(struct watcher *watcher)
{
    /* A loop that came while it looked, or so soon after it fell asleep that it should have gone on looking. */
    if (watcher->parked_at_ns == 0 || pl_clock_now_ns() - watcher->parked_at_ns < WATCH_NS)
        watcher->vain = 0;
    watcher->parked_at_ns = 0;
    watcher->watches = watcher->vain < VAIN_WATCHES;
    watcher->until_ns = 0;
    watcher->eager = EAGER_TURNS;
}

/* There are calls to be had: of this worker, which has answered a request, or of one that this worker has stolen from. While
 * others sleep, or have not been started, the request stands, so that the next spawn calls again (spawning.md). */
static void call_thief(void *context, bool has_work)
{
    struct pl_threads *threads = context;
    if (!has_work) {
        look_for_left(threads);
        return;
    }
    pl_threads_call_thief(threads);
    if (!pl_threads_is_everybody_awake(threads)) /* who falls asleep after this look requests by himself */
        pl_deque_request(pl_deque_current);
}

/* Steals and runs as long as there is more where that came from, which saves the steps between work and search; but not while
 * something else waits, nor for ever. False: the worker is to end. */
static bool steal_a_while(struct pl_threads *threads, struct pl_thread_worker *self, struct watcher *watcher,
                          uint64_t *counted, struct pl_deque *victim, struct pl_deque *deque)
{
    for (unsigned call = 0; call < CALLS_BEFORE_OTHERS; call++) {
        bool has_stolen = pl_deque_steal_and_run(victim, deque);
        if (!has_stolen)
            look_for_left(threads);
        if (!settle_down(threads, self, watcher, counted))
            return false;
        if (!has_stolen || *counted != PL_THREADS_AWAKE || pl_threads_have_tasks(threads) ||
            pl_board_is_open_to(&threads->board, &watcher->reader))
            return true;
    }
    return true;
}

void pl_threads_work(struct pl_thread_worker *self)
{
    struct pl_threads *threads = self->owner;
    struct pl_frame frame;
    pl_frame_enter(&frame, &threads->base, (int)self->index, self);
    pl_slab_trimmer_enter();
    pl_roster_sit_down(&threads->roster, self);
    bool is_initialized = threads->initializer == NULL;
    struct pl_deque *deque = pl_victims_enter(&threads->victims, self->index, call_thief, threads);
    pl_deque_make_current(deque);
    struct watcher watcher = {.watches = false};
    uint64_t counted = PL_THREADS_AWAKE + PL_THREADS_SEARCHING; /* whoever started this worker has counted it so */
    enum pl_threads_order order = PL_THREADS_OWN_FIRST;
    for (unsigned call = 1;; call++) {
        struct pl_task *task = pl_threads_take(threads, self, order);
        order = call % CALLS_BEFORE_OTHERS == 0                         ? PL_THREADS_ANY_FIRST
                : call % CALLS_BEFORE_OTHERS == CALLS_BEFORE_OTHERS / 2 ? PL_THREADS_COMMON_FIRST
                                                                        : PL_THREADS_OWN_FIRST;
        if (task != NULL) {
            if (become_busy(threads, &counted))
                look_for_left(threads);
            /* Looked at after the step above, not at the pop (threads.md, step F3). */
            if (pl_threads_have_tasks(threads))
                pl_threads_call_worker(threads);
            /* With work in hand, not before: so workers start side by side, however long their initializers take. */
            if (!is_initialized) {
                is_initialized = true;
                initialize(threads, self);
            }
            run_task(threads, self, task);
            if (!settle_down(threads, self, &watcher, &counted))
                break;
            continue;
        }
        if (!(counted & PL_THREADS_SEARCHING)) {
            pl_add_seq_cst(&threads->crew, PL_THREADS_SEARCHING);
            counted = PL_THREADS_AWAKE + PL_THREADS_SEARCHING;
            stop_being_busy(threads);
        }
        if (pl_threads_has_finished(threads)) {
            pl_roster_stand_up(&threads->roster, self);
            pl_sub_seq_cst(&threads->crew, counted);
            if (!pl_threads_has_finished(threads)) /* a task has begun meanwhile, and its owner may have counted on this one */
                pl_threads_look_last(threads);
            break;
        }
        struct pl_deque *victim = NULL;
        struct pl_post *post;
        enum finding finding = search(threads, self, &watcher, deque != NULL, &victim, &post);
        if (finding == ANY_TASK)
            order = PL_THREADS_ANY_FIRST;
        if ((finding == VICTIM || finding == POST) && !is_initialized) {
            is_initialized = true;
            (void)become_busy(threads, &counted);
            look_for_all_left(threads);
            initialize(threads, self);
        } else if (finding == VICTIM) {
            (void)become_busy(threads, &counted);
            if (pl_threads_have_tasks(threads))
                pl_threads_call_worker(threads);
            if (!steal_a_while(threads, self, &watcher, &counted, victim, deque))
                break;
        } else if (finding == POST) {
            help(threads, self, &watcher, post);
            begin_watch(&watcher);
            if (!settle_down(threads, self, &watcher, &counted))
                break;
        } else if (finding == NOTHING && !park(threads, self, &watcher, counted)) {
            break;
        }
    }
    pl_deque_make_current(NULL);
    pl_slab_trimmer_leave();
    pl_frame_leave(&frame);
    pl_roster_end_worker(&threads->roster, self);
}
