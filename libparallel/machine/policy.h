/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Placement policies by name, for the files of this folder alone. */
#ifndef LIBPARALLEL_MACHINE_POLICY_H
#define LIBPARALLEL_MACHINE_POLICY_H

#include "libparallel/machine/place_private.h"

/* In the order in which messages list them; a list is what has none of the other names. */
enum pl_policy {
    PL_POLICY_CORES,
    PL_POLICY_PUS,
    PL_POLICY_L3,
    PL_POLICY_NUMA,
    PL_POLICY_PACKAGES,
    PL_POLICY_INHERIT,
    PL_POLICY_NONE,
    PL_POLICY_LIST
};

enum pl_policy pl_policy_find(const char *text);

/* Appends the places of a policy, the best ones first; `list` is the text of PL_POLICY_LIST. 0,
 * PARALLEL_EPLACE, PARALLEL_ESPECIFICATION, PARALLEL_ENOMEMORY. */
int pl_policy_add_places(enum pl_policy policy, const char *list, const struct pl_topology *topology,
                         struct pl_places *places);

#endif
