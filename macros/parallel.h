/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The one include. */
#ifndef PARALLEL_H
#define PARALLEL_H

#include <libparallel/deadline.h>
#include <libparallel/error.h>
#include <libparallel/placement.h>
#include <libparallel/scope.h>
#include <libparallel/settings.h>
#include <libparallel/topology.h>

#endif
