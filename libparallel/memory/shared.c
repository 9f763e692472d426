/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The public side of the shared space: small or large, and the checks of what callers pass. */
#include <libparallel/shared.h>

#include <stdint.h>
#include <string.h>

#include "libparallel/base/error.h"
#include "libparallel/memory/space.h"

_Static_assert(sizeof((parallel_shared_info *)0)->reason == PL_SPACE_REASON_SIZE, "a reason is never cut twice");

static int alloc_block(struct pl_space *space, size_t size_bytes, void **block)
{
    if (size_bytes <= PL_SMALL_LARGEST) {
        bool is_full;
        int code = pl_small_blocks_alloc(space, size_bytes, block, &is_full);
        if (!is_full)
            return code;
    }
    return pl_large_blocks_alloc(space, size_bytes, block);
}

void *parallel_shared_alloc(size_t size_bytes)
{
    if (size_bytes == 0) {
        pl_error_set(PARALLEL_EINVALID, 0, "shared memory: a block of zero bytes");
        return NULL;
    }
    struct pl_space *space = pl_space_open();
    if (space == NULL)
        return NULL;
    void *block;
    int code = alloc_block(space, size_bytes, &block);
    if (code == PARALLEL_ENOMEMORY && pl_small_blocks_trim(space) > 0)
        code = alloc_block(space, size_bytes, &block);
    return code == 0 ? block : NULL;
}

void *parallel_shared_alloc_array(size_t count, size_t size_bytes)
{
    size_t product;
    if (__builtin_mul_overflow(count, size_bytes, &product)) {
        pl_error_set(PARALLEL_ERANGE, 0, "shared memory: an array of %zu elements of %zu bytes", count, size_bytes);
        return NULL;
    }
    return parallel_shared_alloc(product);
}

static int free_block(void *block)
{
    struct pl_space *space = pl_space_get();
    if (space == NULL || !parallel_shared_contains(block))
        return pl_error_set(PARALLEL_EINVALID, 0, "shared memory: %p is not in the shared space", block);
    size_t offset = (size_t)((char *)block - space->segment.base);
    if (offset < space->small.end_offset)
        return pl_small_blocks_free(space, offset);
    return pl_large_blocks_free(space, offset);
}

int parallel_shared_free(void *block)
{
    if (block == NULL)
        return 0;
    int code = free_block(block);
    if (code != 0)
        pl_report("parallel_shared_free: %s", parallel_last_error()->message);
    return code;
}

bool parallel_shared_contains(const void *pointer)
{
    const struct pl_space *space = pl_space_get();
    if (space == NULL)
        return false;
    /* The tables before the blocks are not the user's: nothing there was ever allocated. */
    uintptr_t first = (uintptr_t)space->segment.base + space->small.first_offset;
    uintptr_t end = (uintptr_t)space->segment.base + space->segment.size_bytes;
    return (uintptr_t)pointer >= first && (uintptr_t)pointer < end;
}

size_t parallel_shared_trim(void)
{
    struct pl_space *space = pl_space_get();
    return space != NULL ? pl_small_blocks_trim(space) : 0;
}

int parallel_shared_reserve(size_t space_bytes)
{
    return pl_space_open_sized(space_bytes);
}

int parallel_shared_describe(parallel_shared_info *info)
{
    struct pl_space *space = pl_space_open();
    if (space == NULL)
        return parallel_last_error()->code;
    info->address = space->segment.base;
    info->space_bytes = space->segment.size_bytes;
    info->memory_bytes = pl_segment_committed(&space->segment);
    memcpy(info->reason, space->reason, sizeof info->reason);
    return 0;
}
