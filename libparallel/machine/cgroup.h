/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The CPU quota that control groups set on this process. */
#ifndef LIBPARALLEL_MACHINE_CGROUP_H
#define LIBPARALLEL_MACHINE_CGROUP_H

#include <stdint.h>

#define PL_NO_QUOTA UINT64_MAX

/* The tightest quota of all control groups above this process, in thousandths of a CPU, rounded down;
 * PL_NO_QUOTA if there is none. `root` is put before every path that is read: "" for the real ones, a
 * directory tree in a test. Files that are missing, unreadable or not understood set no quota. 0 or
 * PARALLEL_ENOMEMORY. */
int pl_cgroup_quota(const char *root, uint64_t *millicores);

#endif
