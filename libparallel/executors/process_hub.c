/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The hub is one static object, so that a waiter may look at it at any time. In a forked child it belongs to the parent
 * until the child opens an executor of its own.
 *
 * The collector sleeps on the board's bell. While anything is unfinished it wakes every tick as well, since a worker may
 * be killed between the end of a call and the ring, or stopped between taking a hint and claiming: docs/protocols/
 * process-worker.md, "What the tick is for". With nothing to watch it sleeps until it is rung, or there may be memory of
 * futures to give back. */
#include "libparallel/executors/process_hub.h"

#include <sched.h>
#include <signal.h>
#include <string.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/fork.h"
#include "libparallel/base/futex.h"
#include "libparallel/base/patience.h"
#include "libparallel/memory/slab.h"
#include "libparallel/workers/known_code.h"
#include "libparallel/workers/process_end.h"
#include "libparallel/workers/thread_count.h"
#include "libparallel/workers/zygote_process.h"

/* How long a lost wake can hold up a call. Fifty looks a second cost well under one part in a thousand of a core. */
#define TICK_NS UINT64_C(20000000)

/* Ticks with nothing to watch before the collector sleeps for good, so that a program which submits now and then does not
 * pay for waking it each time. */
enum { QUIET_TICKS = 3 };

/* Turns that the collector goes on looking after it has found something, and nobody else waits: some 20 us, a few small
 * calls. */
enum { COLLECT_TURNS = 200 };

/* How long the collector leaves a waiter that collects alone at a time, if no call has a limit of time. */
#define BESIDE_WAITER_NS UINT64_C(1000000)

/* A waiter that is not the one who collects tries for that role every so many turns. */
enum { TURNS_BETWEEN_TRIES = 16 };

/* So many looks, of some 20 ns, a waiter takes without a pause: the time that a small call takes. It sees the end of the call
 * half a pause earlier then, which is 20 ns of 400. */
enum { EAGER_LOOKS = 32 };

/* Spinners let others run every so many turns of some 50 ns: there may be fewer processors than spinners. */
enum { TURNS_BEFORE_YIELD = 100 };

/* So often, and for so many turns, somebody asks a waiter for the role of who collects. */
enum { CLAIMS = 10, TURNS_OF_CLAIM = 200 };

static struct pl_process_hub hub;
static pthread_mutex_t life_lock = PTHREAD_MUTEX_INITIALIZER; /* of entering and leaving */

static bool is_ours(void)
{
    /* Relaxed: written by a thread of this process before it had executors. */
    return pl_load_relaxed(&hub.fork_count) == pl_fork_count();
}

void pl_process_hub_poke(struct pl_process_hub *the_hub)
{
    pl_lock_acquire(&the_hub->orders);
    pl_zygote_poke(&the_hub->zygote);
    pl_lock_release(&the_hub->orders);
}

void pl_process_hub_ring(struct pl_process_hub *the_hub)
{
    pl_store_release(&the_hub->is_called, 1); /* pairs with collector_body(); publishes what there is to do */
    pl_zygote_ring(the_hub->zygote.board);
}

void pl_process_hub_after_fork_in_child(void)
{
    pthread_mutex_init(&life_lock, NULL); /* whoever held it is not here; the rest is begun anew with the next zygote */
}

/* ---- Telling ---- */

void pl_process_hub_tell_later(struct pl_process_hub *the_hub, struct pl_task *task)
{
    struct pl_task *head = pl_load_relaxed(&the_hub->untold); /* relaxed: the swap decides */
    do
        task->next = head;
    while (!pl_cas_acq_rel(&the_hub->untold, &head, task)); /* pairs with the exchange in tell_all() */
}

static void tell_all(void)
{
    struct pl_task *newest = pl_exchange_acq_rel(&hub.untold, NULL); /* pairs with pl_process_hub_tell_later() */
    struct pl_task *oldest = NULL;
    while (newest != NULL) {
        struct pl_task *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        struct pl_task *next = oldest->next;
        oldest->class->tell(oldest);
        pl_processes_forget(pl_processes_of(oldest->executor), oldest);
        oldest = next;
    }
}

/* ---- Collecting ---- */

/* A waiter that collects leaves when it is asked to, in its next turn. */
static bool ask_for_the_role(void)
{
    bool has_role = false;
    pl_add_relaxed(&hub.claimant_count, 1); /* advice to waiters */
    for (uint32_t turn = 0; turn < TURNS_OF_CLAIM && !has_role; turn++) {
        has_role = pl_lock_try(&hub.collecting);
        if (!has_role)
            pl_spin_pause();
    }
    pl_sub_relaxed(&hub.claimant_count, 1); /* as above */
    return has_role;
}

/* While a waiter collects it has the role nearly all of the time, however short each of its waits is. Who slept until it is
 * released would be woken at each end of a call, which takes ten times as long as the call, to find it taken again. So it is
 * asked for, but not while the asker does not run, for nobody would collect then. Only who does not get it so sleeps: somebody
 * has an outcome of many megabytes in hand, or does not run himself. */
static void take_role(void)
{
    for (int i = 0; i < CLAIMS; i++) {
        if (ask_for_the_role())
            return;
        sched_yield();
    }
    pl_lock_acquire(&hub.collecting);
}

static bool is_claimed(void)
{
    return pl_load_relaxed(&hub.claimant_count) > 0; /* relaxed: advice */
}

static uint32_t collect_all(void)
{
    uint32_t found_count = 0;
    for (struct pl_processes *member = hub.members; member != NULL; member = member->next)
        found_count += pl_processes_collect(member);
    return found_count;
}

static bool has_unfinished(void)
{
    for (struct pl_processes *member = hub.members; member != NULL; member = member->next)
        if (pl_processes_has_unended(member)) /* partner: pl_process_hub_watch() */
            return true;
    return false;
}

/* Nobody looks any more: workers are to ring. What ended before they knew is found by the look that follows; false: there
 * is nothing to look for. */
static bool ask_for_the_bell(void)
{
    bool has_asked = false;
    for (struct pl_processes *member = hub.members; member != NULL; member = member->next) {
        if (!pl_processes_has_unended(member)) /* partner: pl_process_hub_watch() */
            continue;
        pl_store_seq_cst(&member->crew->wants_bell, 1); /* partner: pl_crew_announce() */
        has_asked = true;
    }
    return has_asked;
}

static void let_others_run(void)
{
    for (struct pl_processes *member = hub.members; member != NULL; member = member->next)
        pl_processes_call_elsewhere(member);
    sched_yield();
}

/* For at most so many turns, or until somebody needs the role, or there is somebody to be told, which the collector does. Returns
 * how many turns are left to look without the role. */
static uint32_t lead(struct pl_latch *latch, uint32_t turns, bool *is_open)
{
    pl_add_seq_cst(&hub.lookers, PL_LOOKER_WAITER); /* who leads is one */
    for (struct pl_processes *member = hub.members; member != NULL; member = member->next)
        if (pl_load_relaxed(&member->crew->wants_bell) != 0)
            pl_store_relaxed(&member->crew->wants_bell, 0); /* relaxed: a ring too many harms nobody */
    uint32_t turn = 1;
    for (*is_open = false; turn <= turns && !*is_open; turn++) {
        (void)collect_all();
        *is_open = pl_latch_is_open(latch);
        if (pl_load_relaxed(&hub.untold) != NULL || is_claimed()) /* relaxed: put there by this thread */
            break;
        if (turn % TURNS_BEFORE_YIELD == 0)
            let_others_run();
        else if (turn > EAGER_LOOKS && !*is_open)
            pl_spin_pause();
    }
    if (pl_sub_seq_cst(&hub.lookers, PL_LOOKER_WAITER) == PL_LOOKER_WAITER && ask_for_the_bell())
        (void)collect_all();
    bool has_to_tell = pl_load_relaxed(&hub.untold) != NULL; /* relaxed: as above */
    if (has_to_tell)
        pl_process_hub_ring(&hub);
    *is_open = *is_open || pl_latch_is_open(latch);
    return has_to_tell || turn > turns ? 0 : turns - turn;
}

/* False: somebody else collects. */
static bool try_to_lead(struct pl_latch *latch, uint32_t *turns, bool *is_open)
{
    if (is_claimed() || !pl_lock_try(&hub.collecting))
        return false;
    *turns = lead(latch, *turns, is_open);
    pl_lock_release(&hub.collecting);
    return true;
}

bool pl_process_hub_spin(struct pl_latch *latch, uint32_t turns)
{
    bool is_open = pl_latch_is_open(latch);
    if (!is_ours() || pl_load_relaxed(&hub.member_count) == 0) /* relaxed: the caller's future has a member, if any has */
        return pl_latch_spin(latch, turns);
    if (is_open || turns == 0 || (try_to_lead(latch, &turns, &is_open) && (is_open || turns == 0)))
        return is_open;
    pl_add_relaxed(&hub.waiter_count, 1); /* advice to the collector */
    for (; turns > 0 && !is_open; turns--) {
        if (turns % TURNS_BETWEEN_TRIES == 0 && try_to_lead(latch, &turns, &is_open) && turns == 0)
            break;
        pl_spin_pause();
        is_open = is_open || pl_latch_is_open(latch);
    }
    pl_sub_relaxed(&hub.waiter_count, 1);
    return is_open;
}

/* ---- The collector ---- */

/* All of it, given back too: what a waiter leaves for the next one waits for the collector's next look. */
static uint32_t collect_and_give_back(void)
{
    uint32_t found_count = collect_all();
    for (struct pl_processes *member = hub.members; member != NULL; member = member->next) {
        pl_processes_give_back(member);
        pl_processes_wind_up(member);
    }
    return found_count;
}

/* False: somebody else collects. */
static bool try_to_look(uint32_t *found_count)
{
    if (!pl_lock_try(&hub.collecting))
        return false;
    *found_count = collect_and_give_back();
    pl_lock_release(&hub.collecting);
    tell_all();
    return true;
}

/* Where calls end in a stream nobody waits for each: the collector sleeps between its looks, so that what it finds is
 * more at a time and the workers need not ring. The slots last for longer than that. So it does while a waiter collects, a few
 * times. */
enum { STREAM_CALLS = 16, TURNS_OF_NAP = COLLECT_TURNS / 4 };
#define STREAM_NAP_NS UINT64_C(30000)

static void look_for_a_while(void)
{
    uint32_t turn = 0;
    while (turn < COLLECT_TURNS) {
        uint32_t bell = pl_load_acquire(&hub.zygote.board->bell); /* before the look; pairs with pl_zygote_ring() */
        uint32_t found_count = 0;
        bool has_role = try_to_look(&found_count);
        if (!has_role && pl_load_relaxed(&hub.is_called) != 0) /* relaxed: looked at again */
            return;
        turn = found_count > 0 ? 0 : turn + (has_role ? 1 : TURNS_OF_NAP);
        if ((found_count >= STREAM_CALLS || !has_role) && pl_load_acquire(&hub.is_stopping) == 0) {
            (void)pl_futex_wait(&hub.zygote.board->bell, bell, pl_clock_now_ns() + STREAM_NAP_NS, PL_FUTEX_SHARED);
            continue;
        }
        /* Relaxed: advice; a waiter collects faster for itself. */
        if (pl_load_relaxed(&hub.waiter_count) > 0 || (pl_load_relaxed(&hub.lookers) & PL_LOOKER_WAITER) != 0)
            return;
        pl_spin_pause();
    }
}

static void tick(void)
{
    pl_lock_acquire(&hub.orders);
    bool is_lost = pl_load_relaxed(&hub.is_lost) == 0 && !pl_zygote_check(&hub.zygote); /* relaxed: written here */
    pl_lock_release(&hub.orders);
    if (is_lost)
        pl_store_release(&hub.is_lost, 1); /* partner: pl_processes_submit() */
    take_role();
    uint64_t now_ns = pl_clock_now_ns();
    for (struct pl_processes *member = hub.members; member != NULL; member = member->next) {
        if (is_lost)
            pl_processes_lose_all(member);
        pl_processes_tick(member, now_ns);
        pl_processes_wind_up(member);
    }
    pl_lock_release(&hub.collecting);
    tell_all();
}

/* Until when the collector may sleep. */
static uint64_t next_tick_ns(unsigned *quiet_ticks)
{
    uint64_t deadline_ns = pl_clock_now_ns() + TICK_NS;
    if (has_unfinished()) {
        *quiet_ticks = 0;
        for (struct pl_processes *member = hub.members; member != NULL; member = member->next) {
            uint64_t limit_ns = pl_processes_next_limit_ns(member);
            if (limit_ns < deadline_ns)
                deadline_ns = limit_ns;
        }
        return deadline_ns;
    }
    if (++*quiet_ticks < QUIET_TICKS)
        return deadline_ns;
    pl_store_seq_cst(&hub.sleeps_for_ever, 1); /* partner: pl_process_hub_watch() */
    if (!has_unfinished())
        return pl_slab_is_worth_a_trim() ? pl_clock_now_ns() + PL_SLAB_TRIM_DELAY_NS : PARALLEL_NEVER;
    pl_store_relaxed(&hub.sleeps_for_ever, 0); /* relaxed: a ring too many harms nobody */
    return deadline_ns;
}

/* Sleeps until it is rung, or the deadline: false. Late in its long sleep it gives back memory of futures that have gone. */
static bool sleep_until_rung(uint32_t bell, uint64_t deadline_ns)
{
    struct pl_zygote_board *board = hub.zygote.board;
    if (pl_futex_wait(&board->bell, bell, deadline_ns, PL_FUTEX_SHARED) != PL_FUTEX_TIMED_OUT)
        return true;
    size_t position = 0;
    if (pl_load_relaxed(&hub.sleeps_for_ever) != 0) /* relaxed, as the bell: looked at again */
        while (pl_load_relaxed(&board->bell) == bell && pl_slab_trim(&position))
            ;
    return false;
}

static void *collector_body(void *unused)
{
    (void)unused;
    pthread_setname_np(pthread_self(), "parallel-collec");
    pl_slab_trimmer_enter();
    struct pl_zygote_board *board = hub.zygote.board;
    unsigned quiet_ticks = 0;
    uint64_t last_tick_ns = pl_clock_now_ns();
    while (pl_load_acquire(&hub.is_stopping) == 0) { /* pairs with pl_process_hub_leave() */
        pl_or_seq_cst(&hub.lookers, PL_LOOKER_COLLECTOR);
        look_for_a_while();
        uint32_t bell = pl_load_seq_cst(&board->bell); /* before the last look; partner: pl_zygote_ring() */
        uint32_t lookers = atomic_fetch_and_explicit(&hub.lookers, ~(uint32_t)PL_LOOKER_COLLECTOR, memory_order_seq_cst);
        bool is_called = pl_exchange_acquire(&hub.is_called, 0) != 0; /* after the bell: who rings later changes that */
        uint64_t deadline_ns = PARALLEL_NEVER;
        /* Relaxed: whoever enters an executor with a limit of time has done so before its calls are late. */
        if ((lookers & PL_LOOKER_WAITER) && !is_called && pl_load_relaxed(&hub.timed_count) == 0) {
            /* It asks for the bell when it stops. Until then this thread would only be in its way, or the worker's. */
            if (sleep_until_rung(bell, pl_clock_now_ns() + BESIDE_WAITER_NS))
                quiet_ticks = 0;
        } else {
            take_role();
            if (lookers == PL_LOOKER_COLLECTOR)
                (void)ask_for_the_bell();
            bool has_found = collect_and_give_back() > 0;
            deadline_ns = next_tick_ns(&quiet_ticks);
            pl_lock_release(&hub.collecting);
            tell_all();
            if (!has_found && pl_load_acquire(&hub.is_stopping) == 0 && sleep_until_rung(bell, deadline_ns))
                quiet_ticks = 0; /* somebody wanted something: a tick follows, if not now */
        }
        pl_store_relaxed(&hub.sleeps_for_ever, 0); /* relaxed: as above */
        uint64_t now_ns = pl_clock_now_ns();
        if (now_ns >= deadline_ns || now_ns - last_tick_ns >= TICK_NS) {
            last_tick_ns = now_ns;
            tick();
        }
    }
    pl_slab_trimmer_leave();
    return NULL;
}

static int start_collector(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pl_store_relaxed(&hub.is_stopping, 0); /* relaxed: the thread's start orders it */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&hub.collector, NULL, collector_body, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0 ? 0 : pl_error_set(PARALLEL_EWORKER, error, "the collector thread cannot be started");
}

/* ---- Entering and leaving ---- */

static int start_zygote(const struct pl_start *start)
{
    memset(&hub, 0, sizeof hub);
    hub.start = *start;
    (void)pl_patience_turns(); /* settled before the fork: a worker that is bound to one processor would think that there
                                * is but one */
    pl_crash_prepare(); /* before the look at what is loaded */
    pl_process_end_prepare();
    hub.known_code = pl_known_code_create();
    if (hub.known_code == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for the table of what is loaded");
    bool is_second_run = start->method == PARALLEL_START_SPAWN;
    int code = is_second_run ? pl_zygote_spawn(&hub.zygote, hub.known_code) : pl_zygote_start(&hub.zygote);
    if (code == 0) {
        const void *work = pl_known_code_there(hub.known_code, (const void *)(uintptr_t)pl_crew_work);
        hub.work = (void (*)(struct pl_seat *))(uintptr_t)work;
        if (work == NULL) {
            code = pl_error_set(PARALLEL_EWORKER, 0, "libparallel %s",
                                pl_known_code_trouble(hub.known_code, (const void *)(uintptr_t)pl_crew_work));
            pl_zygote_stop(&hub.zygote);
        }
    }
    if (code != 0) {
        pl_known_code_destroy(hub.known_code);
        hub.known_code = NULL;
        return code;
    }
    pl_store_relaxed(&hub.fork_count, pl_fork_count());
    hub.has_zygote = true;
    return 0;
}

static void stop_zygote(void)
{
    pl_zygote_stop(&hub.zygote);
    pl_known_code_destroy(hub.known_code);
    hub.has_zygote = false;
}

static void stop_collector(void)
{
    pl_store_release(&hub.is_stopping, 1); /* partner: collector_body() */
    pl_process_hub_ring(&hub);
    pthread_join(hub.collector, NULL);
    /* A zygote stays only where no other one could be forked later. One that is lost is of no use to anybody. */
    if (pl_load_relaxed(&hub.is_lost) != 0 || pl_thread_count() == 1)
        stop_zygote();
}

/* A zygote that has come by another method than is wanted now, and is of use to nobody, makes room for another one. */
static int have_zygote(enum parallel_start_method wanted)
{
    struct pl_start start;
    bool has_zygote = hub.has_zygote && is_ours();
    if (has_zygote && pl_start_agrees(wanted, hub.start.method))
        return 0;
    if (has_zygote && pl_load_relaxed(&hub.member_count) > 0) /* relaxed: written under life_lock, which is held */
        return pl_error_set(PARALLEL_EMISUSE, 0,
                            "start=%s: workers of executors that are open were started by %s, and a program starts all by one "
                            "method", pl_start_name(wanted), pl_start_name(hub.start.method));
    int code = pl_start_choose(wanted, &start);
    if (code == 0 && has_zygote)
        stop_zygote();
    return code == 0 ? start_zygote(&start) : code;
}

int pl_process_hub_enter(struct pl_processes *processes, enum parallel_start_method wanted)
{
    pthread_mutex_lock(&life_lock);
    int code = have_zygote(wanted);
    if (code == 0 && pl_load_relaxed(&hub.member_count) == 0)
        code = start_collector();
    if (code == 0) {
        processes->hub = &hub;
        processes->start = hub.start;
        processes->crew->board = hub.zygote.board;
        take_role();
        processes->next = hub.members;
        hub.members = processes;
        pl_lock_release(&hub.collecting);
        pl_add_relaxed(&hub.member_count, 1); /* relaxed, as below: written under life_lock */
        pl_add_relaxed(&hub.timed_count, processes->timeout_ns > 0);
    }
    pthread_mutex_unlock(&life_lock);
    return code;
}

void pl_process_hub_leave(struct pl_processes *processes)
{
    pthread_mutex_lock(&life_lock);
    take_role();
    struct pl_processes **link = &hub.members;
    while (*link != processes)
        link = &(*link)->next;
    *link = processes->next;
    pl_lock_release(&hub.collecting);
    pl_sub_relaxed(&hub.timed_count, processes->timeout_ns > 0);
    if (pl_sub_relaxed(&hub.member_count, 1) == 1)
        stop_collector();
    pthread_mutex_unlock(&life_lock);
}
