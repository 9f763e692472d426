/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a thread or process has used, as the kernel counts it, in the units of parallel_resources. */
#ifndef LIBPARALLEL_BASE_USAGE_H
#define LIBPARALLEL_BASE_USAGE_H

#include <stdint.h>
#include <sys/resource.h>

#include <libparallel/resources.h>

struct pl_usage {
    uint64_t user_ns;
    uint64_t system_ns;
    uint64_t peak_bytes; /* of the process */
    uint64_t minor_faults;
    uint64_t major_faults;
};

/* Of the calling thread so far. */
void pl_usage_of_thread(struct pl_usage *usage);

/* Of the calling process so far. */
void pl_usage_of_process(struct pl_usage *usage);

/* As wait4() tells it of a process that has ended. */
void pl_usage_of_rusage(const struct rusage *counted, struct pl_usage *usage);

/* What was used since `begin`; the peak is that of the end. */
void pl_usage_since(const struct pl_usage *begin, struct pl_usage *usage);

/* With who has used it, and where (a place's name, cut if need be). */
void pl_usage_tell(const struct pl_usage *usage, int worker, const char *place, parallel_resources *resources);

#endif
