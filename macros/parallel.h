/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The one include. */
#ifndef PARALLEL_H
#define PARALLEL_H

#include <libparallel/array.h>
#include <libparallel/barrier.h>
#include <libparallel/deadline.h>
#include <libparallel/error.h>
#include <libparallel/event.h>
#include <libparallel/executor.h>
#include <libparallel/future.h>
#include <libparallel/loop.h>
#include <libparallel/main_hook.h>
#include <libparallel/map.h>
#include <libparallel/mutex.h>
#include <libparallel/named_loop.h>
#include <libparallel/placement.h>
#include <libparallel/queue.h>
#include <libparallel/random.h>
#include <libparallel/reduce.h>
#include <libparallel/scope.h>
#include <libparallel/semaphore.h>
#include <libparallel/settings.h>
#include <libparallel/shared.h>
#include <libparallel/sum.h>
#include <libparallel/topology.h>
#include <libparallel/wait.h>

#include "parallel_array.h"
#include "parallel_as_completed.h"
#include "parallel_fn.h"
#include "parallel_for.h"
#include "parallel_loop.h"
#include "parallel_loop_reduce.h"
#include "parallel_reduce.h"
#include "parallel_reduce_simd.h"

#endif
