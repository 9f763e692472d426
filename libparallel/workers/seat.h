/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The seat of one worker process: the record in shared memory through which the program, the zygote and the worker
 * talk. A seat has one worker at a time; each new one has a new number.
 *
 *     program                    zygote                               worker
 *     start_number = n  ------>  forks, started_number = n  ------>   pid, then works
 *     kill_number = n   ------>  SIGKILL, if n still lives
 *     is_dismissed = 1  --------------------------------------------> ends when it has nothing to run
 *                                waits for its end: status, usage,
 *     reads them, life = EMPTY <---- life = ENDED
 *
 * Who writes what is the order of the fields. docs/protocols/process-worker.md. */
#ifndef LIBPARALLEL_WORKERS_SEAT_H
#define LIBPARALLEL_WORKERS_SEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libparallel/base/atomics.h"
#include "libparallel/base/usage.h"
#include "libparallel/machine/place.h"
#include "libparallel/workers/crash.h"
#include "libparallel/workers/outlet.h"

enum {
    PL_SEAT_NAME_SIZE = 16, /* Linux keeps 15 bytes of a process's name */
    PL_SEAT_DONE_CELLS = 2048, /* a power of 2, at least twice as many as calls that can wait to be collected */
};

enum pl_seat_life {
    PL_SEAT_EMPTY,
    PL_SEAT_LIVES,
    PL_SEAT_ENDED,       /* its worker has ended, and status and usage say how */
    PL_SEAT_NOT_STARTED, /* there was no process to be had, and system_errno says why */
};

/* How far a worker has come; what matters when it dies early. */
enum pl_seat_stage {
    PL_SEAT_NOT_BORN,
    PL_SEAT_INITIALIZING,
    PL_SEAT_WORKING,
    PL_SEAT_REFUSED, /* its initializer failed, with initializer_code */
    PL_SEAT_LEAVING, /* it ends because it was told to, or has served long enough */
};

/* The word of a cell: ticket | has result 1 | generation 32 | slot. A cell has the ticket that its place had one round ago, or
 * the next one, so a part of the ticket says which. */
enum {
    PL_DONE_SLOT_BITS = 10,
    PL_DONE_RESULT_SHIFT = PL_DONE_SLOT_BITS + 32,
    PL_DONE_TICKET_SHIFT = PL_DONE_RESULT_SHIFT + 1,
};

/* What a worker says of a call that it has finished: docs/protocols/process-worker.md, "Cells". */
struct pl_done_cell {
    _Atomic uint64_t word; /* the ticket makes a cell valid */
    uint64_t result;       /* if it has one: of up to 8 bytes, of a call that has not failed; before the word */
};

struct pl_seat {
    /* The program. */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t start_number; /* the worker that is wanted; 0: none yet */
    _Atomic uint32_t kill_number;                              /* the worker that is to be killed */
    _Atomic uint32_t is_dismissed;
    uint32_t index; /* among the workers of its executor; this and what follows is constant while a worker lives */
    void (*body)(struct pl_seat *seat);
    void *crew;
    uint64_t memory_limit; /* bytes of data; 0: none */
    _Atomic uint64_t called_ns; /* when it was last woken */
    uint64_t done_position; /* where the next worker goes on in `done` */
    char name[PL_SEAT_NAME_SIZE];
    struct pl_place place;
    struct pl_outlet outlet;

    /* The zygote. */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t started_number;
    _Atomic uint32_t life; /* enum pl_seat_life; the program makes it EMPTY again */
    int32_t status;        /* as wait4() gives it */
    int32_t system_errno;
    bool has_lost_parent;  /* the worker ended because its zygote did; the status is not known */
    struct pl_usage usage; /* of its whole life */
    _Atomic int32_t pid; /* of the worker that lives, or has ended */

    /* The worker. */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t birth; /* epoch 32 | pid 32: see pl_seat_birth() */
    _Atomic uint32_t stage;      /* enum pl_seat_stage */
    _Atomic uint32_t is_asleep;  /* futex word; whoever wakes the worker clears it */
    _Atomic uint64_t call;       /* generation 32 | slot + 1: the call that it runs, if anybody wants to know */
    _Atomic uint64_t started_ns; /* when it began that call */
    int32_t initializer_code;
    struct pl_usage usage_before; /* what it had used when it began its call, if calls are accounted for */
    struct pl_crash crash;       /* what it says of its own crash; zero for a new worker */

    /* The worker: what it has done, in order. */
    _Alignas(2 * PL_CACHE_LINE) struct pl_done_cell done[PL_SEAT_DONE_CELLS];
};

/* A worker is born when it has put its pid beside the epoch of its zygote, by a swap; so a successor of that zygote either
 * finds the pid, and waits for its end, or has changed the epoch here, and then nobody is born. */
static inline uint64_t pl_seat_birth(uint32_t epoch, pid_t pid)
{
    return (uint64_t)epoch << 32 | (uint32_t)pid;
}

static inline pid_t pl_seat_pid_of_birth(uint64_t birth)
{
    return (pid_t)(birth & UINT32_MAX);
}

#endif
