/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a task or a loop body can say to the library: that it has failed, and the question whether it should stop.
 * Both belong to the innermost loop body or task that the calling thread is in. */
#ifndef LIBPARALLEL_SCOPE_H
#define LIBPARALLEL_SCOPE_H

#include <stdbool.h>

#include <libparallel/compiler.h>

PARALLEL_BEGIN_C

/* Reports that the innermost task or loop body of the calling thread has failed. The caller then returns from the
 * task, or leaves the loop body with `break`:
 *
 *     if (fread(row, size, 1, file) != 1) {
 *         parallel_fail(PARALLEL_EFAILED, "row %zu cannot be read", i);
 *         break;
 *     }
 *
 * The first call of a task or loop body wins; later ones change nothing. The results of a failed task or loop stay
 * unwritten. `code` is any number but 0: a PARALLEL_E... code, or one of the caller's own, handed on as it is. The
 * message is formatted at once.
 *
 * 0: the task or loop body has failed. PARALLEL_EMISUSE: there is none around the caller, or `code` is 0, which would
 * read as success; nothing has failed. */
PARALLEL_API int parallel_fail(int code, const char *format, ...) PARALLEL_PRINTF(2, 3);

/* True if what the innermost task or loop body still computes is not needed any more: its future was asked to cancel,
 * or its loop was stopped below this iteration. A long task asks now and then, and returns early. False outside
 * tasks and loops. Costs a few loads; any thread. */
PARALLEL_API bool parallel_is_cancelled(void);

/* ---- What follows belongs to the macros. ---- */

struct pl_scope;

/* The innermost scope of the calling thread; NULL outside tasks and loop bodies. Initial-exec: one load, no call; the
 * library takes a few dozen bytes of the static thread-local block, which is what the block is for. */
extern PARALLEL_API __attribute__((tls_model("initial-exec"))) __thread struct pl_scope *parallel_scope_current;

PARALLEL_END_C

#endif
