/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An inline loop on an executor whose workers are processes: its chunks run in children that are forked here and now.
 *
 *     program: parallel_loop_open()                               child: parallel_loop_open()
 *                forks --------------------------------------------> returns 1: the region, in one thread
 *                waits; gathers stops, failures, deaths               next -> (body) -> next ... nothing left: _exit
 *                returns 1: a region that finds nothing to do
 *              parallel_loop_close(): the result
 *
 * What children and program share lies in anonymous shared mappings: the stop, the claims, what each child is doing, and
 * the records of a reduction. docs/protocols/forked-loop.md. */
#ifndef LIBPARALLEL_TASKS_FORKED_LOOP_H
#define LIBPARALLEL_TASKS_FORKED_LOOP_H

#include <stdbool.h>

#include <libparallel/loop.h>

#include "libparallel/base/atomics.h"
#include "libparallel/tasks/claiming.h"

/* True if the executor that the loop names forks children for it. */
bool pl_forked_loop_is_wanted(const parallel_loop *loop);

/* Prepares a loop whose units are cut, for so many children: PARALLEL_EMISUSE inside an OpenMP region, and in a thread
 * whose number in LLVM's OpenMP runtime does not outlive the fork; PARALLEL_ENOMEMORY. From then on it is to be released. */
int pl_forked_loop_prepare(parallel_loop *loop, uint32_t workers);

/* Shared memory for the records of a reduction; NULL: there is none. Once. */
unsigned char *pl_forked_loop_lend_records(parallel_loop *loop, size_t size);

/* In the program: runs the loop in children to its end, after which the lowest failure and stop are the loop's. 0, or
 * PARALLEL_EWORKER, PARALLEL_ENOMEMORY: nothing has run. In a child: 0, and its region is due. */
int pl_forked_loop_run(parallel_loop *loop);

/* In the program: what pl_forked_loop_prepare() began is over. */
void pl_forked_loop_release(parallel_loop *loop);

/* ---- In a child ---- */

/* Claims units for the one thread of the child, which has done so many iterations since it claimed last, and ends the process
 * if there are none. */
void pl_forked_loop_claim(parallel_loop *loop, uint64_t done, uint64_t now_ns, struct pl_claim_size size,
                          struct pl_claim *claim);

/* The task that the loop is in, in the program, has been asked to stop. */
bool pl_forked_loop_is_cancelled(const parallel_loop *loop);

/* The body was left by return or goto: the process ends. */
_Noreturn void pl_forked_loop_abandon(parallel_loop *loop);

/* The iteration at `offset` has failed: takes the failure over, and tells the program. False: the caller is the program. */
bool pl_forked_loop_tell_failure(parallel_loop *loop, uint64_t offset, const parallel_error *failure);

#endif
