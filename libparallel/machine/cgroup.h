/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The CPU quota that control groups set on this process, and how often they killed for memory. */
#ifndef LIBPARALLEL_MACHINE_CGROUP_H
#define LIBPARALLEL_MACHINE_CGROUP_H

#include <stdint.h>

#define PL_NO_QUOTA UINT64_MAX

/* The tightest quota of all control groups above this process, in thousandths of a CPU, rounded down;
 * PL_NO_QUOTA if there is none. `root` is put before every path that is read: "" for the real ones, a
 * directory tree in a test. Files that are missing, unreadable or not understood set no quota. 0 or
 * PARALLEL_ENOMEMORY. */
int pl_cgroup_quota(const char *root, uint64_t *millicores);

/* How many processes of this process's control group the kernel has killed so far because memory ran out; 0 if that is
 * not told. `root` as above. */
uint64_t pl_cgroup_oom_kills(const char *root);

#endif
