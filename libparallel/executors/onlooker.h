/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An onlooker: a thread that is no worker, and looks for the end of what a worker does. It does not stand in the way of
 * one (docs/protocols/threads.md, "A waiter on the CPU of a worker"). */
#ifndef LIBPARALLEL_EXECUTORS_ONLOOKER_H
#define LIBPARALLEL_EXECUTORS_ONLOOKER_H

#include "libparallel/base/latch.h"

/* As pl_latch_spin(). */
bool pl_onlooker_spin(struct pl_latch *latch, uint32_t turns);

#endif
