/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/executors/kind.h"

const struct executor_kind kind = {"fork", HAS_WORKERS | HAS_PLACES | HAS_QUEUE_LIMIT | HAS_IDLE_TIMEOUT |
                                               HAS_INITIALIZER | CAN_RESIZE |
                                               CALLS_ARE_PROCESSES, NULL};
