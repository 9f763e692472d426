/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How a reduction's range is cut into units, and which of their records count in the end. */
#include "libparallel/tasks/reduce.h"

#include <libparallel/reduce.h>

#include "libparallel/tasks/loop.h"

enum {
    /* Up to here a unit is one iteration, which may be long: two workers then share 256 of them to within half a
     * percent. */
    FEW_UNITS = 256,
    /* Short ranges and trivial bodies: 256 iterations cost what a unit costs, some nanoseconds, many times over. */
    LONG_UNIT = 256,
    /* 16 units for each of 128 workers; combining so many records takes a few microseconds. */
    MANY_UNITS = 2048,
    /* Big records (histograms) make fewer units, but never fewer than a few for each of some workers. */
    RECORDS_SIZE = 4 << 20,
    FEWEST_UNITS = 64,
};

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t pl_reduce_unit(uint64_t count, size_t record_size)
{
    uint64_t most = smaller(MANY_UNITS, larger(RECORDS_SIZE / larger(record_size, 1), FEWEST_UNITS));
    uint64_t units = smaller(larger(count / LONG_UNIT, FEW_UNITS), most);
    return (count - 1) / units + 1;
}

unsigned char *parallel_reduce_last_record(parallel_loop *loop)
{
    const struct parallel_loop_shared *shared = loop->shared;
    uint64_t stop = pl_loop_stop(shared);
    if (loop->failure != NULL && loop->failed_at == stop)
        return shared->records;
    uint64_t complete = stop == UINT64_MAX ? shared->unit_count : stop / shared->unit + 1;
    return shared->records + complete * shared->record_size;
}
