/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/memory/space.h"
#include "tests/support/property.h"

PROPERTY(a_large_block_costs_memory_from_alloc_to_free)
{
    size_t before = memory_now();
    char *block = block_of(10 * MIB);
    /* It is there before it is touched: running out of it is an error of alloc, not a signal later. */
    ck_assert_uint_ge(memory_now(), before + 10 * MIB);
    ck_assert_uint_lt(memory_now(), before + 11 * MIB);
    memset(block, 1, 10 * MIB);
    ck_assert_ok(parallel_shared_free(block));
    ck_assert_uint_lt(memory_now(), before + MIB);
}
PROPERTY_END

PROPERTY(a_large_block_costs_whole_pages_only)
{
    void *first = block_of(20000); /* the tables have their memory now */
    size_t before = memory_now();
    void *block = block_of(MIB + 1);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    ck_assert_uint_eq(memory_now() - before, MIB + page);
    ck_assert_ok(parallel_shared_free(block));
    ck_assert_uint_eq(memory_now(), before);
    ck_assert_ok(parallel_shared_free(first));
}
PROPERTY_END

PROPERTY(memory_of_small_blocks_goes_back_when_it_is_asked_for)
{
    enum { COUNT = 20000 };
    static void *blocks[COUNT];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++)
            blocks[i] = block_of(1000);
        size_t full = memory_now();
        ck_assert_uint_ge(full, COUNT * 1000);
        for (int i = 1; i < COUNT; i++)
            ck_assert_ok(parallel_shared_free(blocks[i]));
        strcpy(blocks[0], "still here");
        size_t trimmed = parallel_shared_trim();
        ck_assert_uint_ge(trimmed, (COUNT - 100) * 1000);
        ck_assert_uint_eq(memory_now(), full - trimmed);
        ck_assert_uint_eq(parallel_shared_trim(), 0);
        ck_assert_str_eq(blocks[0], "still here");
        ck_assert_ok(parallel_shared_free(blocks[0]));
    }
}
PROPERTY_END

static bool is_in_no_core_dump(const void *address)
{
    FILE *map = fopen("/proc/self/smaps", "r");
    ck_assert_ptr_nonnull(map);
    char line[512];
    bool is_ours = false, is_excluded = false;
    unsigned long first, end;
    while (fgets(line, sizeof line, map) != NULL) {
        if (sscanf(line, "%lx-%lx", &first, &end) == 2)
            is_ours = first <= (unsigned long)address && (unsigned long)address < end;
        else if (is_ours && strncmp(line, "VmFlags:", 8) == 0)
            is_excluded = strstr(line, " dd") != NULL;
    }
    fclose(map);
    return is_excluded;
}

PROPERTY(the_space_is_in_no_core_dump)
{
    ck_assert(is_in_no_core_dump(block_of(1)));
}
PROPERTY_END

static int names_in_dev_shm(void)
{
    DIR *folder = opendir("/dev/shm");
    if (folder == NULL)
        return 0;
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += strstr(entry->d_name, "parallel") != NULL;
    closedir(folder);
    return count;
}

PROPERTY(the_space_has_no_name)
{
    int before = names_in_dev_shm();
    ck_assert_ptr_nonnull(block_of(MIB));
    ck_assert_int_eq(names_in_dev_shm(), before);
}
PROPERTY_END

PROPERTIES(a_large_block_costs_memory_from_alloc_to_free, a_large_block_costs_whole_pages_only,
           memory_of_small_blocks_goes_back_when_it_is_asked_for, the_space_is_in_no_core_dump,
           the_space_has_no_name)
