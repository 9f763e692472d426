/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What all processes executors of a program share: the zygote, and the thread that collects what the workers have done.
 *
 * Collecting is a role: the collector thread has it, or a thread that waits for a future, as long as it spins. So a
 * small call comes back without a third thread on its way. A waiter ends futures but calls nobody back: those who want to
 * be told are told by the collector.
 *
 *     lookers     0: workers must ring when a call ends (crew->wants_bell is set); else somebody looks anyway */
#ifndef LIBPARALLEL_EXECUTORS_PROCESS_HUB_H
#define LIBPARALLEL_EXECUTORS_PROCESS_HUB_H

#include <pthread.h>

#include "libparallel/base/latch.h"
#include "libparallel/base/lock.h"
#include "libparallel/executors/processes.h"
#include "libparallel/executors/start_method.h"
#include "libparallel/workers/zygote.h"

enum { PL_LOOKER_COLLECTOR = 1, PL_LOOKER_WAITER = 2 };

struct pl_process_hub {
    struct pl_zygote zygote; /* under the lock `orders` */
    struct pl_lock orders;   /* giving numbers and seats, poking, looking after the zygote */
    uint32_t next_number;
    _Atomic uint32_t is_lost; /* there is no zygote any more */
    _Atomic uint32_t fork_count; /* at its birth */
    _Atomic uint32_t member_count; /* executors; written under life_lock of process_hub.c */
    _Atomic uint32_t timed_count;  /* of them, those with a limit of time; the same */
    bool has_zygote;               /* under life_lock */
    struct pl_start start;         /* how it came; under life_lock */
    pthread_t collector;
    _Atomic uint32_t is_stopping;
    struct pl_known_code *known_code; /* what the zygote has mapped, and where */
    void (*work)(struct pl_seat *seat); /* pl_crew_work, where the workers have it */

    _Alignas(2 * PL_CACHE_LINE) struct pl_lock collecting;
    struct pl_processes *members; /* under collecting */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t lookers;
    _Atomic uint32_t claimant_count;    /* threads that need `collecting`, for once: no waiter takes or keeps it meanwhile */
    _Atomic uint32_t waiter_count;      /* threads that spin for a future while somebody else collects */
    _Atomic uint32_t is_called;         /* this process has rung: the collector has something to do itself */
    _Atomic uint32_t sleeps_for_ever;   /* the collector ticks no more: it must be rung for what there is to watch */
    _Atomic(struct pl_task *) untold;   /* ended, and class->tell is to be called; newest first, by `next` */
};

/* Enters an executor: starts what is not there yet, by the method wanted. PARALLEL_EMISUSE: other executors are open whose
 * workers were started by another one; pl_start_choose()'s, pl_zygote_start()'s and pl_zygote_spawn()'s errors. */
int pl_process_hub_enter(struct pl_processes *processes, enum parallel_start_method wanted);

/* Takes it out again. The last one ends the collector, and the zygote too if a later one could be forked. */
void pl_process_hub_leave(struct pl_processes *processes);

/* In a child that the program has forked: none of this is the child's. */
void pl_process_hub_after_fork_in_child(void);

/* Says that there are orders in seats. */
void pl_process_hub_poke(struct pl_process_hub *hub);

/* Wakes the collector. */
void pl_process_hub_ring(struct pl_process_hub *hub);

/* `unfinished` of an executor has just been raised, sequentially consistently: sees to it that its calls are collected. */
static inline void pl_process_hub_watch(struct pl_process_hub *hub, struct pl_crew *crew)
{
    /* seq_cst, after `unfinished` was raised: whoever stops looking clears its bit first and then reads `unfinished`. */
    if (pl_load_seq_cst(&hub->lookers) == 0 && pl_load_relaxed(&crew->wants_bell) == 0)
        pl_store_relaxed(&crew->wants_bell, 1); /* relaxed: published with the hint */
    if (pl_load_seq_cst(&hub->sleeps_for_ever) != 0 && pl_exchange_seq_cst(&hub->sleeps_for_ever, 0) != 0)
        pl_process_hub_ring(hub);
}

/* Leaves a task to be told by the collector. */
void pl_process_hub_tell_later(struct pl_process_hub *hub, struct pl_task *task);

/* Spins until the latch is open, collecting meanwhile. False: it is not open after so many turns. */
bool pl_process_hub_spin(struct pl_latch *latch, uint32_t turns);

#endif
