/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The suite with workers that come from a second run of the program. */
#include "tests/executors/kind.h"

const struct executor_kind kind = {"processes", HAS_WORKERS | KEEPS_WORKERS | HAS_PLACES | HAS_QUEUE_LIMIT |
                                                    HAS_IDLE_TIMEOUT | HAS_INITIALIZER | CAN_RESIZE,
                                   "start=spawn"};
