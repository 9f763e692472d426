/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The crowd: which CPUs have an awake worker that is bound to that CPU alone. A thread that waits there for what the worker
 * does keeps it from doing it, and the kernel, which sees two threads that sleep in turn, sees no reason to part them: both
 * stay on one core, 50 us a round trip, beside an idle one. So who waits steps aside; and if it cannot, because it is bound
 * itself or workers need all CPUs, the two share this one: who has nothing to do but to look yields to the other, 2 us
 * a turn, where a sleep and a wake would be 50.
 *
 * Does not: count workers that may run on several CPUs, which the kernel moves by itself; bind anybody for good. */
#ifndef LIBPARALLEL_MACHINE_CROWD_H
#define LIBPARALLEL_MACHINE_CROWD_H

#include <stdbool.h>

#include "libparallel/base/atomics.h"
#include "libparallel/machine/place.h"

enum { PL_CROWD_NOWHERE = -1 };

/* The one CPU of a place; PL_CROWD_NOWHERE if it has several, or none of its own. */
int pl_crowd_cpu_of(const struct pl_place *place);

/* An awake worker lives on this CPU from now on, or until now; nothing for PL_CROWD_NOWHERE. Any thread. */
void pl_crowd_enter(int cpu);
void pl_crowd_leave(int cpu);

/* The CPU that the calling thread runs on at the moment, without a system call; PL_CROWD_NOWHERE if that is unknown. */
int pl_crowd_cpu_here(void);

/* For a thread that is no worker and waits for one, once its wait has outlasted a round trip. True: it may look on, for no
 * worker needs this CPU, or because it has just moved to one that no worker needs. False: it is to yield before it looks again;
 * the worker of this CPU has been asked to do the same, once. */
bool pl_crowd_step_aside(void);

/* For a thread that is no worker and has just called one that is bound to the CPU it runs on: it moves to a CPU that no worker
 * needs, if it may and there is one. */
void pl_crowd_make_way(int cpu);

/* For a worker that searches: true, once, if it is to yield to a thread on this CPU that has asked for it. */
bool pl_crowd_is_asked(int cpu);

/* Asks the worker that is bound to this CPU to yield once while it searches; nothing for PL_CROWD_NOWHERE. */
void pl_crowd_ask(int cpu);

#endif
