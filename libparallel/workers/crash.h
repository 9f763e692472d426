/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a worker process says about its own crash. A handler on a stack of its own writes the signal, the
 * fault and raw return addresses into memory that outlives the process, then lets the signal take its default
 * action, so that the exit status, the core file and a debugger see what they would see without it. It is
 * installed in worker processes only, never in the user's. Nobody is asked for memory or names there; the
 * parent names the addresses (symbol.h). The record is whole before the kernel begins to write a core file.
 *
 * A process that leaves by exit() says so too, which tells it from one that leaves by _exit().
 *
 * Who writes what: the worker process everything, once, and no child of its; the parent reads when the process has
 * ended. */
#ifndef LIBPARALLEL_WORKERS_CRASH_H
#define LIBPARALLEL_WORKERS_CRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libparallel/base/atomics.h"

/* A message has room for some five names; the rest is for who reads the record itself. */
enum { PL_CRASH_FRAME_LIMIT = 16 };

struct pl_crash {
    int pid;                      /* whose record it is: a child that a call forks has the handler too */
    _Atomic uint32_t has_called_exit; /* stored after the data memory below */
    _Atomic uint32_t is_recorded; /* stored after all but the frames: walking a broken stack may end the process */
    int signal;
    bool has_address;             /* the fault was at an address */
    bool is_stack_overflow;
    uintptr_t address;
    uintptr_t pc;                 /* of the instruction that was being executed */
    uint64_t data_bytes;          /* data memory in use, if it is limited; else 0 */
    uint64_t data_limit;          /* RLIMIT_DATA; 0: none */
    _Atomic uint32_t frame_count; /* stored after the frames */
    uintptr_t frames[PL_CRASH_FRAME_LIMIT]; /* return addresses, innermost first, without pc */
};

/* Loads what the handler needs, and has exit() noted, in the process from which workers are forked. Any thread; cheap after the
 * first call. */
void pl_crash_prepare(void);

/* Installs the handler in the calling worker process, for those signals that have their default action: a
 * handler of the program (or of a sanitizer) stays. `crash` is zero, and stays where it is. */
void pl_crash_install(struct pl_crash *crash);

#endif
