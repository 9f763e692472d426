/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/executors/kind.h"

const struct executor_kind kind = {"serial", SHARES_MEMORY | RUNS_AT_SUBMISSION | HAS_INITIALIZER, NULL};
