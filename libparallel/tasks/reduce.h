/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The library's side of PARALLEL_REDUCE: how a range is cut into units. */
#ifndef LIBPARALLEL_TASKS_REDUCE_H
#define LIBPARALLEL_TASKS_REDUCE_H

#include <stddef.h>
#include <stdint.h>

/* Iterations in a unit of a reduction over `count` of them, each unit with a record of `record_size` bytes. A function of
 * its arguments alone: neither workers nor machine may change the result's bits. */
uint64_t pl_reduce_unit(uint64_t count, size_t record_size);

#endif
