/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Each limit holds for a whole process and the space is made once, so each is tried in a property of its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libparallel/memory/space.h"
#include "tests/memory/space.h"
#include "tests/support/property.h"
#include "tests/support/sanitizer.h"

static void set_limit(int resource, rlim_t value)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit((__rlimit_resource_t)resource, &limit), 0);
    limit.rlim_cur = value;
    ck_assert_int_eq(setrlimit((__rlimit_resource_t)resource, &limit), 0);
}

PROPERTY(a_low_file_size_limit_makes_a_smaller_space)
{
    set_limit(RLIMIT_FSIZE, 2048 * MIB);
    parallel_shared_info info;
    ck_assert_ok(parallel_shared_describe(&info));
    ck_assert_uint_eq(info.space_bytes, 1024 * MIB);
    ck_assert_ptr_nonnull(strstr(info.reason, "ulimit -f"));
    ck_assert_ok(parallel_shared_free(block_of(100 * MIB)));
}
PROPERTY_END

PROPERTY(a_file_size_limit_below_any_space_is_an_error)
{
    set_limit(RLIMIT_FSIZE, MIB);
    ck_assert_ptr_null(parallel_shared_alloc(1));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ENOMEMORY);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "ulimit -f"));
    /* And is looked at again. */
    set_limit(RLIMIT_FSIZE, RLIM_INFINITY);
    ck_assert_ptr_nonnull(parallel_shared_alloc(1));
}
PROPERTY_END

PROPERTY(a_file_size_limit_that_comes_later_changes_nothing)
{
    ck_assert_ptr_nonnull(parallel_shared_alloc(1));
    set_limit(RLIMIT_FSIZE, MIB);
    char *block = block_of(10 * MIB);
    memset(block, 1, 10 * MIB);
    ck_assert_ok(parallel_shared_free(block));
}
PROPERTY_END

PROPERTY(few_addresses_make_a_smaller_space)
{
    if (UNDER_ADDRESS_SANITIZER || UNDER_THREAD_SANITIZER)
        return; /* they need all the addresses themselves */
    set_limit(RLIMIT_AS, (rlim_t)20 << 30);
    parallel_shared_info info;
    ck_assert_ok(parallel_shared_describe(&info));
    ck_assert_uint_eq(info.space_bytes, (size_t)8 << 30);
}
PROPERTY_END

PROPERTY(a_space_of_ones_own_size)
{
    ck_assert_fails(parallel_shared_reserve(MIB), PARALLEL_ERANGE);
    ck_assert_fails(parallel_shared_reserve(SIZE_MAX), PARALLEL_ERANGE);
    ck_assert_ok(parallel_shared_reserve(100 * MIB));
    parallel_shared_info info;
    ck_assert_ok(parallel_shared_describe(&info));
    ck_assert_uint_eq(info.space_bytes, 100 * MIB);
    ck_assert_ok(parallel_shared_reserve(64 * MIB)); /* there is that much */
    ck_assert_fails(parallel_shared_reserve(101 * MIB), PARALLEL_ERANGE);
}
PROPERTY_END

PROPERTY(the_setting_chooses_the_size)
{
    setenv("PARALLEL_SHARED_SPACE", "256MiB", 1);
    parallel_shared_info info;
    ck_assert_ok(parallel_shared_describe(&info));
    ck_assert_uint_eq(info.space_bytes, 256 * MIB);
    ck_assert_ptr_nonnull(strstr(info.reason, "PARALLEL_SHARED_SPACE"));
}
PROPERTY_END

PROPERTY(a_malformed_setting_is_an_error)
{
    setenv("PARALLEL_SHARED_SPACE", "a lot", 1);
    ck_assert_ptr_null(parallel_shared_alloc(1));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ESETTING);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "a lot"));
}
PROPERTY_END

PROPERTY(a_full_space_is_an_error_and_usable_again_after_a_free)
{
    enum { MOST = 100000 };
    static char *blocks[MOST];
    ck_assert_ok(parallel_shared_reserve(64 * MIB));
    for (size_t size = 100; size < 4 * MIB; size *= 20) {
        size_t full[2];
        for (int round = 0; round < 2; round++) {
            size_t count = 0;
            while ((blocks[count] = parallel_shared_alloc(size)) != NULL) {
                blocks[count][0] = blocks[count][size - 1] = 1;
                ck_assert_uint_lt(++count, MOST);
            }
            ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ENOMEMORY);
            /* Of a small space small blocks get a small part, and then each takes a unit. */
            ck_assert_uint_ge(count, size > 16384 ? 40 * MIB / (size + 65536) : 1000);
            full[round] = count;
            while (count > 0)
                ck_assert_ok(parallel_shared_free(blocks[--count]));
        }
        ck_assert_uint_eq(full[0], full[1]);
    }
}
PROPERTY_END

/* What a daemon does to descriptors that are not its own. */
static void lose_descriptor(const char *instead)
{
    int fd = pl_space_descriptor();
    ck_assert_int_ge(fd, 0);
    close(fd);
    if (instead != NULL) {
        int other = open(instead, O_RDWR);
        ck_assert_int_ge(other, 0);
        ck_assert_int_eq(dup2(other, fd), fd);
    }
    ck_assert_int_eq(pl_space_descriptor(), -1);
}

PROPERTY(a_program_that_closes_all_descriptors_loses_nothing)
{
    ck_assert_ptr_nonnull(parallel_shared_alloc(1));
    lose_descriptor(NULL);
    char *large = parallel_shared_alloc(MIB);
    if (large == NULL) { /* before Linux 5.14 */
        ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ESYSTEM);
        return;
    }
    memset(large, 1, MIB);
    ck_assert_ok(parallel_shared_free(large));
    large = block_of(MIB);
    ck_assert(large[0] == 0 && memcmp(large, large + 1, MIB - 1) == 0);
    for (int i = 0; i < 1000; i++)
        ck_assert_ptr_nonnull(parallel_shared_alloc(1000));
}
PROPERTY_END

PROPERTY(a_file_that_takes_the_descriptors_number_is_left_alone)
{
    char name[] = "/tmp/libparallel-test-XXXXXX";
    int file = mkstemp(name);
    ck_assert_int_ge(file, 0);
    static char text[MIB];
    memset(text, 'x', sizeof text);
    ck_assert_int_eq(write(file, text, sizeof text), (ssize_t)sizeof text);
    char *before = block_of(MIB);
    lose_descriptor(name);
    ck_assert_ok(parallel_shared_free(before)); /* punches a hole: where? */
    void *after = parallel_shared_alloc(MIB);
    ck_assert_ok(parallel_shared_free(after));
    struct stat status;
    ck_assert_int_eq(fstat(file, &status), 0);
    ck_assert_int_eq(status.st_size, sizeof text);
    ck_assert_int_eq(pread(file, text, sizeof text, 0), (ssize_t)sizeof text);
    ck_assert(text[0] == 'x' && memcmp(text, text + 1, sizeof text - 1) == 0);
    unlink(name);
}
PROPERTY_END

PROPERTY(memory_that_cannot_be_had_is_an_error_and_leaves_nothing)
{
    ck_assert_ptr_nonnull(parallel_shared_alloc(1));
    void *large = block_of(MIB);
    size_t before = memory_now();
    /* An end of the space where nothing can be committed: the file is replaced by one that is full, at the same
     * number and known by the same name. */
    struct pl_space *space = pl_space_get();
    int full = memfd_create("full", MFD_ALLOW_SEALING);
    ck_assert_int_ge(full, 0);
    ck_assert_int_eq(fcntl(full, F_ADD_SEALS, F_SEAL_GROW), 0);
    struct stat status;
    ck_assert_int_eq(fstat(full, &status), 0);
    struct pl_segment saved = space->segment;
    space->segment.fd = full;
    space->segment.device = status.st_dev;
    space->segment.inode = status.st_ino;
    ck_assert_ptr_null(parallel_shared_alloc(MIB));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ESYSTEM); /* EPERM, from the seal */
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "1 MiB"));
    space->segment = saved;
    ck_assert_uint_eq(memory_now(), before);
    ck_assert_ok(parallel_shared_free(large));
    large = block_of(MIB);
    ck_assert_uint_eq(memory_now(), before);
    ck_assert_ok(parallel_shared_free(large));
}
PROPERTY_END

PROPERTY(locking_all_memory_does_not_fill_the_space)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
    set_limit(RLIMIT_MEMLOCK, limit.rlim_max);
    if (mlockall(MCL_FUTURE) != 0)
        return; /* not allowed here: nothing to see */
    int code = parallel_shared_reserve(1024 * MIB);
    if (code == PARALLEL_ENOMEMORY && parallel_last_error()->system_errno == EAGAIN)
        return; /* the limit of locked memory counts addresses, and is lower: nothing to see either */
    ck_assert_ok(code);
    ck_assert_uint_lt(memory_now(), 10 * MIB);
    void *block = block_of(MIB);
    ck_assert_ok(parallel_shared_free(block));
    ck_assert_uint_lt(memory_now(), 10 * MIB);
}
PROPERTY_END

PROPERTIES(a_low_file_size_limit_makes_a_smaller_space, a_file_size_limit_below_any_space_is_an_error,
           a_file_size_limit_that_comes_later_changes_nothing, few_addresses_make_a_smaller_space,
           a_space_of_ones_own_size, the_setting_chooses_the_size, a_malformed_setting_is_an_error,
           a_full_space_is_an_error_and_usable_again_after_a_free,
           a_program_that_closes_all_descriptors_loses_nothing,
           a_file_that_takes_the_descriptors_number_is_left_alone,
           memory_that_cannot_be_had_is_an_error_and_leaves_nothing, locking_all_memory_does_not_fill_the_space)
