/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The processes executor from the inside, as its files share it:
 *
 *     processes.c          the operations of the kind; workers are ordered and dismissed here
 *     process_dispatch.c   tasks to slots, and waking workers for them
 *     process_slots.c      slots from free to published
 *     process_collect.c    outcomes out of slots, limits of time
 *     process_death.c      what a death leaves behind, and words for it
 *     process_output.c     what workers write
 *     process_hub.c        what all processes executors of a program share: zygote, collector thread
 *     process_worker.c     the worker's side
 *     crew.c parcel.c      what both sides do with shared memory
 *
 *     submitters ------> line ------> slots --(shared memory)--> workers
 *                                       |
 *     futures <--- whoever collects <---+     the collector thread, or a waiter while it spins
 *
 * Locks: the hub's `collecting` is held by whoever collects, `refilling` of an executor by whoever takes tasks from its line
 * (process-line.md), `lock` for a few calls, the line's `door` for a few instructions. Each may be held when a later one is
 * taken. No code of the program runs under any. */
#ifndef LIBPARALLEL_EXECUTORS_PROCESSES_H
#define LIBPARALLEL_EXECUTORS_PROCESSES_H

#include "libparallel/base/lock.h"
#include "libparallel/executors/parcel.h"
#include "libparallel/executors/crew.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/process_line.h"
#include "libparallel/executors/start_method.h"
#include "libparallel/machine/placement.h"

struct pl_process_hub;
struct pl_relay;
struct pl_relay_channel;

/* Why a running call was ended by this side. */
enum pl_stop_reason { PL_STOP_NONE, PL_STOP_TIMEOUT, PL_STOP_KILL };

/* What belongs to a slot but is no business of the worker. */
struct pl_ticket {
    _Atomic uint64_t call; /* generation + 1 of the call that is out, written before it is published; 0: none, or it has
                            * ended; collecting */
    uint64_t generation; /* of the last call that was published; under the lock */
    struct pl_task *task; /* NULL: the slot is free */
    struct pl_portion portion;
    bool is_plain;  /* nothing need be released: it was put there by pl_parcel_load_plain(), or is_small */
    bool is_small;  /* it goes with its hints */
    bool is_single; /* a call, which is claimed by the worker; a map's runner is claimed for good when it has a slot */
    bool is_being_loaded; /* under the lock: the task is AWAY and its call is not published yet */
    uint64_t hint; /* its last one's ticket; UINT64_MAX: it could not be given */
    uint32_t retries; /* left */
    enum pl_stop_reason stop_reason;
};

/* What a look at the workers has come to. */
struct pl_look {
    bool has_sent;  /* further portions, for which there have to be workers */
    bool is_urgent; /* what has ended must be given back now: somebody wants to be told, or it is large */
};

/* A task that has ended, and the slot that it had. */
struct pl_ended {
    struct pl_task *task;
    uint32_t slot;
    bool is_telling_owed; /* somebody wants to know, and the collector tells him */
};

/* So many are given back together at most: that costs one step instead of one each. */
enum { PL_KEPT_LIMIT = 32 };

_Static_assert((int)PL_KEPT_LIMIT <= (int)PL_CREW_SLOTS, "where no slot is free, some call has yet to end (process-line.md)");

/* The program's view of a worker. */
struct pl_post {
    _Atomic bool is_staffed; /* a worker has been ordered, and its end has not been seen; written under the lock */
    bool is_dismissed;       /* under the lock */
    uint32_t number;         /* of the worker; written before is_staffed */
    uint64_t position;       /* in its done cells; collecting */
    struct pl_relay_channel *channel; /* output=tag: of the worker; NULL: none */
    int capture;             /* output=capture: file + 1; 0: none yet */
};

struct pl_processes {
    struct parallel_executor base;
    struct pl_processes *next; /* in the hub's list, under `collecting` */
    struct pl_process_hub *hub;
    struct pl_crew *crew;

    /* Under the lock. */
    _Alignas(2 * PL_CACHE_LINE) struct pl_lock lock;
    struct pl_crew_end end; /* of the hints */
    _Atomic uint32_t stock_count; /* of `stock`; pl_processes_count_free() looks at both without the lock */
    _Atomic uint32_t fetched_count; /* slots that have been moved to it from `returned`, ever */
    _Atomic uint32_t staffed_count; /* wake_early() looks at it without the lock */
    uint32_t worker_count; /* as opened or resized */
    _Atomic uint32_t seat_count; /* seats[] and posts[] that exist: never fewer */
    const parallel_function *last_function; /* the last one that was loaded, */
    const parallel_function *last_there;    /* and where the workers have it */
    uint16_t stock[PL_CREW_SLOTS]; /* free slots */
    struct pl_ticket tickets[PL_CREW_SLOTS];
    struct pl_seat *seats[PL_SEAT_LIMIT];
    struct pl_post posts[PL_SEAT_LIMIT];

    struct pl_line line;
    struct pl_lock refilling; /* the role of who takes tasks from the line to slots: only tried for; taken before `lock` */

    /* Collecting. What is given back goes into a ring, so that who collects does not wait for who sends calls away. */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t kept_count; /* of `kept`; 0 before its slots are returned */
    _Atomic uint32_t returned_count; /* slots that have been put into the ring, ever */
    uint16_t returned[PL_CREW_SLOTS];
    struct pl_ended kept[PL_KEPT_LIMIT]; /* their slots count as taken still, and they as unfinished */

    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t unfinished; /* tasks taken and not ended and told */
    _Atomic uint32_t room;       /* futex word: counts when there may be room */
    _Atomic uint32_t ended;      /* futex word: 1 as soon as it is closed, nothing is unfinished and no worker is left */
    _Atomic uint32_t is_closing; /* set by request_shutdown, from a signal handler too */
    struct pl_lock resizing;     /* of resize, and held longer than `lock` */
    bool is_broken;              /* under the lock: nothing can be run any more, */
    parallel_error breakage;     /* because of this */
    _Atomic(const parallel_function *) plain_function; /* the last one whose calls are plain and that workers have */
    uint32_t still_born_count;   /* workers in a row that died before they were ready */
    uint64_t head_at_tick;       /* the collector's: hints taken when it last looked */
    struct parallel_executor *helper; /* under the lock: runs in this process what cannot leave it */

    /* Constant. */
    struct pl_placement *placement; /* replaced by resize, under the lock */
    char *policy;
    char *name;
    size_t queue_limit;
    bool refuses_when_full;
    uint32_t retries;
    uint64_t timeout_ns;
    uint64_t memory_limit;
    enum parallel_output output;
    struct pl_relay *relay; /* output=tag; else NULL */
    struct pl_start start;
};

/* Acquire, both: pair with the release by whoever made it so, and publish what belongs to it. */
static inline bool pl_processes_is_staffed(const struct pl_processes *processes, uint32_t index)
{
    return pl_load_acquire(&processes->posts[index].is_staffed);
}

static inline uint32_t pl_processes_seat_count(const struct pl_processes *processes)
{
    return pl_load_acquire(&processes->seat_count);
}

/* Free slots; exact under the lock, but for what is returned meanwhile. Acquire: who has returned some keeps none of them. */
static inline uint32_t pl_processes_count_free(const struct pl_processes *processes)
{
    uint32_t fetched_count = pl_load_relaxed(&processes->fetched_count); /* relaxed, as the stock's: under the lock, or a guess */
    uint32_t returned_count = pl_load_acquire(&processes->returned_count);
    return returned_count - fetched_count + pl_load_relaxed(&processes->stock_count);
}

static inline struct pl_processes *pl_processes_of(struct parallel_executor *executor)
{
    return (struct pl_processes *)executor;
}

/* Under the lock: whether hints lie there that nobody has taken. */
static inline bool pl_processes_has_hints(struct pl_processes *processes)
{
    return pl_crew_head(processes->crew) < processes->end.tail;
}

/* ---- processes.c ---- */

/* Under the lock: orders a worker for a seat that has none. The hub is poked by the caller. */
void pl_processes_order_worker(struct pl_processes *processes, uint32_t index);

/* If it is closed and nothing is left to do: dismisses the workers, and says when the last has ended. Collecting. */
void pl_processes_wind_up(struct pl_processes *processes);

/* ---- process_dispatch.c ---- */

int pl_processes_submit(struct parallel_executor *executor, struct pl_task *first, struct pl_task *last, size_t count);

/* Ends what cannot be loaded, with the calling thread's last error. */
void pl_processes_refuse_slot(struct pl_processes *processes, uint32_t slot);

/* Puts waiting tasks into free slots, unless somebody else does. True if it has. Right after a read-modify-write that follows
 * the step which has made it possible: a task put in line, or a slot freed. */
bool pl_processes_refill(struct pl_processes *processes);

/* Sees to it that as many workers are awake as there are calls for. Right after a read-modify-write that follows the hints. */
void pl_processes_call_workers(struct pl_processes *processes);

/* For a waiter that is about to let others run: if a call has not been taken, and all who are awake are bound to the caller's
 * processor, where they could not run, another one is called. Collecting. */
void pl_processes_call_elsewhere(struct pl_processes *processes);

/* Orders one worker more, if there may be one. */
void pl_processes_call_another(struct pl_processes *processes);

/* A task has ended and been told. */
void pl_processes_forget(struct pl_processes *processes, struct pl_task *task);

/* So many have, and their references have been released. The caller's last access to the executor. */
void pl_processes_count_ends(struct pl_processes *processes, uint32_t count);

/* ---- process_slots.c ---- */

/* A free slot, of which there is one, for a task's portion, which the caller dispatches. False: the task was cancelled, and is to
 * be forgotten. Under the lock, as the next one. */
bool pl_processes_take_slot(struct pl_processes *processes, struct pl_task *task, const struct pl_portion *portion,
                            uint32_t *slot);

/* Publishes a plain call in a free slot, of which there is one. `is_new`: nobody else knows the task yet. False: it was
 * cancelled meanwhile, and is to be forgotten. */
bool pl_processes_send_plain(struct pl_processes *processes, struct pl_task *task, const struct pl_portion *portion,
                             bool is_new);

/* Loads a slot with the ticket's portion, and publishes it; false: it cannot be loaded, see parallel_last_error(), nothing can be
 * run any more, or the ticket has a reason to stop it. The slot belongs to the caller. */
bool pl_processes_dispatch(struct pl_processes *processes, uint32_t slot);

/* Whether no worker has begun the call that is out in a slot. Under the lock. */
bool pl_processes_is_pending(struct pl_processes *processes, uint32_t slot);

/* Gives hints anew for pending calls whose last one was taken by a worker that did not claim. */
void pl_processes_repeat_hints(struct pl_processes *processes);

/* Gives back a slot, whose parcel has been released. Takes the lock. */
void pl_processes_free_slot(struct pl_processes *processes, uint32_t slot);

/* Releases the parcel of a slot, and gives it back. Takes the lock. */
void pl_processes_clear_slot(struct pl_processes *processes, uint32_t slot);

/* ---- process_death.c; collecting ---- */

/* Ends what a worker leaves behind whose death is proven, and frees its seat. */
void pl_processes_bury(struct pl_processes *processes, uint32_t index, struct pl_look *look);

/* The system has no process for a worker. If others live they do the work. */
void pl_processes_give_up(struct pl_processes *processes, uint32_t index);

/* ---- process_output.c ---- */

int pl_processes_open_output(struct pl_processes *processes);
void pl_processes_close_output(struct pl_processes *processes); /* when no worker lives */

/* Says in the seat where its next worker writes, and that the last one will write no more. Under the lock. */
void pl_processes_connect(struct pl_processes *processes, uint32_t index);
void pl_processes_disconnect(struct pl_processes *processes, uint32_t index);

/* Ends a message with what the call had written that a dead worker was making, if it is captured. */
void pl_processes_show_output(const struct pl_processes *processes, uint32_t index, char *message, size_t size);

/* Now and then: what is captured takes no more than some memory. */
void pl_processes_bound_output(struct pl_processes *processes);

/* ---- process_collect.c; whoever calls these is collecting ---- */

/* All that a worker says it has finished; how much it was. */
uint32_t pl_processes_drain(struct pl_processes *processes, uint32_t index, struct pl_look *look);

/* Of the call that is out in a slot, and who has it: of what a dead worker has claimed, or what is done. */
enum pl_slot_state pl_processes_state_in(struct pl_processes *processes, uint32_t slot, uint16_t *number);

/* The index of the call in a slot that has failed, or was being made. */
size_t pl_processes_index_in(const struct pl_processes *processes, uint32_t slot);

/* Ends what stands in a slot, which is kept, to be given back, or loaded with the task's next portion. */
void pl_processes_end_in_slot(struct pl_processes *processes, uint32_t slot, const struct pl_outcome *outcome,
                              struct pl_look *look);

/* The same for one that its worker has finished; -1: it has gone. */
void pl_processes_end_done_slot(struct pl_processes *processes, uint32_t slot, int worker, struct pl_look *look);

/* Everything that workers have finished, and every death. How many there were. Some of what has ended may be kept to be given
 * back with more. */
uint32_t pl_processes_collect(struct pl_processes *processes);

/* Gives all of it back: slots and references. */
void pl_processes_give_back(struct pl_processes *processes);

/* Whether there are calls that have not ended. Sequentially consistent; partners: submitters that raise `unfinished`. */
bool pl_processes_has_unended(struct pl_processes *processes);

/* Now and then while anything is unfinished: limits of time, wakes that were lost. */
void pl_processes_tick(struct pl_processes *processes, uint64_t now_ns);

/* When the next limit of time passes; PARALLEL_NEVER. */
uint64_t pl_processes_next_limit_ns(struct pl_processes *processes);

/* Ends a running call with its worker. Under the lock; the hub is poked by the caller. False: it does not run. */
bool pl_processes_stop_slot(struct pl_processes *processes, uint32_t slot, enum pl_stop_reason reason);

/* ---- process_breakdown.c ---- */

/* Nothing can be run any more: all that is pending fails with this. Collecting, as the next one. */
void pl_processes_break(struct pl_processes *processes, const parallel_error *error);

/* No worker lives, and none can be started. */
void pl_processes_lose_all(struct pl_processes *processes);

/* Ends a task that no worker has, or will have: with `error`, or cancelled if it is NULL. Who collects tells nobody of it;
 * others do so at once. */
void pl_processes_end_at_home(struct pl_processes *processes, struct pl_task *task, const parallel_error *error,
                              bool is_collecting);

/* The same for every call that no worker has begun. */
void pl_processes_end_pending(struct pl_processes *processes, const parallel_error *error, bool is_collecting);

/* ---- process_helper.c ---- */

/* Runs a task in a thread of this process. Errors of opening it, and of submission. */
int pl_processes_submit_to_helper(struct pl_processes *processes, struct pl_task *task);

/* The thread finishes what it has; as shutdown of a threads executor. */
int pl_processes_shut_helper_down(struct pl_processes *processes, enum parallel_shutdown_mode mode, uint64_t deadline_ns);

/* Ends it, if there is one. Nobody else uses the executor any more. */
void pl_processes_destroy_helper(struct pl_processes *processes);

#endif
