/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where workers run. A policy divides the usable part of the machine into places, and workers are dealt to
 * them:
 *
 *   cores     (default) one place a physical core, all its PUs; cores of the fastest kind first
 *   pus       one place a PU (hardware thread), first PUs of all cores before second ones
 *   l3        one place a set of cores that share an L3 cache
 *   numa      one place a set of cores that share their nearest NUMA node
 *   packages  one place a package (socket)
 *   inherit   workers are left where the thread that starts them is
 *   none      workers may run on every CPU that the process was started with; the default where a cgroup quota
 *             or SLURM_CPUS_PER_TASK gives fewer CPUs than the cores we may use: it does not say which, and all
 *             processes with such a share would choose the same ones
 *   a list    places in hwloc's syntax, parted by blanks: "core:0-3 core:8", "package:1.core:all", "0xff"
 *
 * In a list every object is one place of its own ("core:0-3" are four) and a mask is one place. Indexes are
 * logical, count from 0 and count only what the process may use, as hwloc's own tools do inside a restricted
 * set. Masks hold the kernel's numbers. Nothing is rounded: an index outside the machine, or a PU that is not
 * ours, is an error.
 *
 * How many workers, if nobody says: parallel_worker_limit(); for `pus` one a PU, for a list one a place, both
 * cut as parallel_worker_limit() is (a list by PARALLEL_WORKERS alone). If somebody says: so many. Places
 * take one worker for each core in them; only when all are full do workers share cores, and that is reported
 * when the workers start, but not for `inherit` and `none`. */
#ifndef LIBPARALLEL_PLACEMENT_H
#define LIBPARALLEL_PLACEMENT_H

#include <stddef.h>
#include <stdio.h>

#include <libparallel/compiler.h>

PARALLEL_BEGIN_C

/* Writes one line a worker to `stream`: where `policy` (NULL: the setting PARALLEL_PLACES, else the default)
 * would put `worker_count` workers (0: the default number). The lines are those of PARALLEL_SHOW_PLACES=1.
 * Starts and binds nothing. Any thread. 0, PARALLEL_ESPECIFICATION for a malformed policy, PARALLEL_EPLACE
 * for a place that is not in the machine or not ours, PARALLEL_ERANGE for an absurd count, PARALLEL_ESETTING,
 * PARALLEL_ETOPOLOGY, PARALLEL_ENOMEMORY. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_placement_print(const char *policy, size_t worker_count,
                                                              FILE *stream);

PARALLEL_END_C

#endif
