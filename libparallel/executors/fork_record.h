/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The record: shared memory through which a forked child brings home what its calls have come to.
 *
 *     | head | results, from a page on | what the calls write through OUT and INOUT, one array after the other |
 *
 * The child writes all of it but performance.asked, the parent reads when the child has ended (docs/protocols/fork-call.md). */
#ifndef LIBPARALLEL_EXECUTORS_FORK_RECORD_H
#define LIBPARALLEL_EXECUTORS_FORK_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "libparallel/executors/portion.h"
#include "libparallel/workers/crash.h"

struct pl_fork_record_head {
    struct pl_performance performance;
    parallel_error failure; /* if performance.has_failed */
    struct pl_crash crash;
    _Atomic uint32_t is_done; /* all calls have been made, or one has failed by itself */
    int initializer_code;
};

/* The parent's view; zeroed: there is none. */
struct pl_fork_record {
    struct pl_fork_record_head *head;
    size_t size; /* bytes, whole pages */
    size_t results_offset;
    size_t out_offset;
};

/* A zeroed head, and room for what the portion writes. PARALLEL_EARGUMENT: the extent of an argument is wrong, in call *index;
 * PARALLEL_ENOMEMORY. */
int pl_fork_record_prepare(struct pl_fork_record *record, const struct pl_portion *portion, size_t *index);

void pl_fork_record_drop(struct pl_fork_record *record);

/* In the child: makes the calls, up to the first one that fails; `tag` is what performance.asked is compared with. */
void pl_fork_record_fill(struct pl_fork_record *record, const struct pl_portion *portion, uint64_t tag);

/* In the parent: brings what the calls below `end` have written to its places. */
void pl_fork_record_take(const struct pl_fork_record *record, const struct pl_portion *portion, size_t end);

#endif
