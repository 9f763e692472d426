/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/executors/kind.h"

const struct executor_kind kind = {"threads", HAS_WORKERS | KEEPS_WORKERS | WORKERS_ARE_THREADS | SHARES_MEMORY |
                                                  HAS_PLACES | HAS_QUEUE_LIMIT | HAS_IDLE_TIMEOUT |
                                                  HAS_INITIALIZER | CAN_RESIZE, NULL};
