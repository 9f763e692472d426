/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The zygote: a helper process that forks the worker processes from its only thread and is their parent. It is forked
 * while the program has one thread, or else is a second run of the program (second_run.h). So a worker begins as a copy of a
 * small quiet process, however large the program has grown and whatever threads it has; and how a worker ended is told by
 * the zygote, whatever the program does with wait() and SIGCHLD.
 *
 *     program --fork--> (child, ends at once) --fork--> zygote --fork--> worker, worker, ...
 *                                                          |
 *                                                          +----fork--> standby zygote --> ...
 *
 * It is no child of the program, so no wait() of the program's ever sees it. Orders and reports stand in shared memory
 * (seat.h); SIGUSR1 through a pidfd says that there are orders, a futex word that there are reports.
 *
 * If the zygote dies its workers die with it (PDEATHSIG, which is reliable here because the zygote has one thread), and
 * the standby takes its place. If the program dies, or becomes another one by exec, the zygote kills its workers and
 * ends. docs/protocols/process-worker.md. */
#ifndef LIBPARALLEL_WORKERS_ZYGOTE_H
#define LIBPARALLEL_WORKERS_ZYGOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "libparallel/workers/seat.h"

/* Workers of all executors of a program together. */
enum { PL_SEAT_LIMIT = 1024 };

/* In shared memory; one for each zygote and its successors. */
struct pl_zygote_board {
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t bell; /* futex word: counts reports to the program */
    /* The zygote in charge. */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t epoch; /* 1 for the first; each successor adds 1 */
    _Atomic int32_t pid;
    _Atomic uint32_t is_calling; /* asks whether the program is still itself: counts the questions */
    /* The program. */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t answer; /* to the last question */
    _Atomic uint32_t is_ending;  /* the zygote ends, with all workers */
    _Atomic uint32_t seat_count; /* of seats[] that were ever used */
    _Atomic(struct pl_seat *) seats[PL_SEAT_LIMIT];
};

/* The program's side. */
struct pl_known_code;

struct pl_zygote {
    struct pl_zygote_board *board;
    uint32_t epoch;  /* that pidfd belongs to */
    int pidfd;       /* of the zygote in charge; -1: it could not be opened */
    int lifeline;    /* closes when the program ends or execs */
    uint64_t lost_ns; /* since when nobody is in charge; 0: somebody is */
};

/* Forks a zygote and waits until it is in charge. Only while the program has one thread: PARALLEL_EMISUSE otherwise, with
 * the number of threads. PARALLEL_ENOMEMORY, PARALLEL_ESYSTEM, PARALLEL_EWORKER: no process to be had. */
int pl_zygote_start(struct pl_zygote *zygote);

/* The same by a second run of the program, whatever threads it has; then `known` says where the zygote has things. Also
 * PARALLEL_EMISUSE: the program cannot be run a second time. */
int pl_zygote_spawn(struct pl_zygote *zygote, struct pl_known_code *known);

/* Ends it with all workers, and waits until it and its standby have gone. (If that cannot be seen, because the program has
 * closed a file that is not its own, some shared memory stays allocated.) */
void pl_zygote_stop(struct pl_zygote *zygote);

/* A free seat of the board, zeroed but for what makes it the next worker's; NULL with the error set. seat_give_back is
 * for one without a worker. */
struct pl_seat *pl_zygote_take_seat(struct pl_zygote *zygote);
void pl_zygote_give_back_seat(struct pl_zygote *zygote, struct pl_seat *seat);

/* Says that orders stand in some seats. */
void pl_zygote_poke(struct pl_zygote *zygote);

/* Looks after the zygote: notices a successor, answers its questions. False: there has been none for a while, so no
 * worker lives and none can be started. */
bool pl_zygote_check(struct pl_zygote *zygote);

#endif
