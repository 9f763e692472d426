/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Control groups are read from trees of directories that the test makes: /proc/self/cgroup,
 * /proc/self/mountinfo and the groups' own files, all below a root of the test's. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libparallel/machine/cgroup.h"

#include "tests/support/property.h"

static char root[] = "/tmp/libparallel-test-XXXXXX";

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *position)
{
    (void)status, (void)type, (void)position;
    return remove(path);
}

/* Makes the directories above `path` as well. */
static FILE *create_file(const char *path)
{
    char whole[512];
    int length = snprintf(whole, sizeof whole, "%s%s", root, path);
    ck_assert_int_lt(length, (int)sizeof whole);
    for (char *slash = strchr(whole + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ck_assert(mkdir(whole, 0777) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    ck_assert_msg(file != NULL, "%s: %s", whole, strerror(errno));
    return file;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = create_file(path);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

/* A new tree. */
static void begin(const char *cgroup, const char *mountinfo)
{
    snprintf(root, sizeof root, "/tmp/libparallel-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    write_file("/proc/self/cgroup", cgroup);
    write_file("/proc/self/mountinfo", mountinfo);
}

/* Reads the tree and removes it. */
static void expect_quota(uint64_t expected)
{
    uint64_t millicores = 0;
    ck_assert_int_eq(pl_cgroup_quota(root, &millicores), 0);
    ck_assert_int_eq(nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    ck_assert_uint_eq(millicores, expected);
}

#define UNIFIED_MOUNT "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
#define CPU_MOUNT     "33 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:10 - cgroup cgroup rw,cpu,cpuacct\n"
#define OTHER_MOUNTS                                                                                          \
    "24 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"                                                         \
    "34 25 0:30 / /sys/fs/cgroup/cpuset rw shared:11 - cgroup cgroup rw,cpuset\n"

PROPERTY(version_2_own_group)
{
    begin("0::/batch/job\n", OTHER_MOUNTS UNIFIED_MOUNT);
    write_file("/sys/fs/cgroup/batch/job/cpu.max", "250000 100000\n");
    expect_quota(2500);
}
PROPERTY_END

PROPERTY(version_2_every_ancestor)
{
    begin("0::/a/b/c\n", UNIFIED_MOUNT);
    write_file("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
    write_file("/sys/fs/cgroup/a/b/cpu.max", "800000 100000\n");
    write_file("/sys/fs/cgroup/a/cpu.max", "150000 50000\n");
    expect_quota(3000);
}
PROPERTY_END

PROPERTY(version_2_a_sibling_does_not_count)
{
    begin("0::/a/b\n", UNIFIED_MOUNT);
    write_file("/sys/fs/cgroup/a/bb/cpu.max", "100000 100000\n");
    write_file("/sys/fs/cgroup/a/b/below/cpu.max", "100000 100000\n");
    expect_quota(PL_NO_QUOTA);
}
PROPERTY_END

PROPERTY(version_2_at_the_mount_point)
{
    /* In a container with a namespace of its own the topmost group that it sees has a quota. */
    begin("0::/\n", UNIFIED_MOUNT);
    write_file("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    expect_quota(500);
}
PROPERTY_END

PROPERTY(version_1_every_ancestor)
{
    begin("5:cpuset:/other\n4:cpu,cpuacct:/a/b\n1:name=systemd:/x\n", OTHER_MOUNTS CPU_MOUNT);
    write_file("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "-1\n");
    write_file("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n");
    write_file("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "400000\n");
    write_file("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
    write_file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    write_file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    expect_quota(4000);
}
PROPERTY_END

PROPERTY(version_1_another_controller_does_not_count)
{
    begin("4:cpuacct,cpuset:/a\n",
          "33 25 0:29 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct,cpuset\n");
    write_file("/sys/fs/cgroup/cpuacct/a/cpu.cfs_quota_us", "100000\n");
    write_file("/sys/fs/cgroup/cpuacct/a/cpu.cfs_period_us", "100000\n");
    expect_quota(PL_NO_QUOTA);
}
PROPERTY_END

PROPERTY(hybrid_both_trees)
{
    begin("4:cpu:/one\n0::/two\n",
          "33 25 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu\n34 25 0:30 / /cg/unified rw - cgroup2 none rw\n");
    write_file("/cg/cpu/one/cpu.cfs_quota_us", "300000");
    write_file("/cg/cpu/one/cpu.cfs_period_us", "100000");
    write_file("/cg/unified/two/cpu.max", "200000 100000");
    expect_quota(2000);
}
PROPERTY_END

PROPERTY(a_container_that_sees_its_part_of_the_tree)
{
    begin("4:cpu:/docker/abc/inner\n",
          "33 25 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
    write_file("/sys/fs/cgroup/cpu/inner/cpu.cfs_quota_us", "-1");
    write_file("/sys/fs/cgroup/cpu/inner/cpu.cfs_period_us", "100000");
    write_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000");
    write_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
    expect_quota(1500);
}
PROPERTY_END

PROPERTY(a_mount_of_another_part_of_the_tree_says_nothing)
{
    begin("0::/docker/abcd\n", "30 24 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    write_file("/sys/fs/cgroup/cpu.max", "100000 100000\n");
    expect_quota(PL_NO_QUOTA);
    begin("0::/../elsewhere\n", UNIFIED_MOUNT); /* moved out of the namespace's root */
    write_file("/sys/fs/cgroup/cpu.max", "100000 100000\n");
    expect_quota(PL_NO_QUOTA);
}
PROPERTY_END

PROPERTY(a_mount_from_above_the_namespace_shows_an_ancestor)
{
    begin("0::/job\n", "30 24 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    write_file("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    expect_quota(3000);
    begin("0::/../job\n", "30 24 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    write_file("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    expect_quota(3000);
    begin("0::/../job\n", "30 24 0:26 /.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    write_file("/sys/fs/cgroup/job/cpu.max", "100000 100000\n");
    expect_quota(1000);
    begin("0::/job\n", "30 24 0:26 /../other /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    write_file("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    expect_quota(PL_NO_QUOTA);
}
PROPERTY_END

PROPERTY(blanks_and_backslashes_in_paths)
{
    begin("0::/a b\n", "30 24 0:26 / /my\\040groups\\134\\011x rw - cgroup2 cgroup2 rw\n");
    write_file("/my groups\\\tx/a b/cpu.max", "200000 100000\n");
    expect_quota(2000);
    begin("0::/a b/c\n", "30 24 0:26 /a\\040b /groups rw - cgroup2 cgroup2 rw\n");
    write_file("/groups/c/cpu.max", "200000 100000\n");
    expect_quota(2000);
}
PROPERTY_END

PROPERTY(a_removed_group_leaves_its_ancestors)
{
    begin("0::/a/gone (deleted)\n", UNIFIED_MOUNT);
    write_file("/sys/fs/cgroup/a/cpu.max", "100000 100000\n");
    expect_quota(1000);
}
PROPERTY_END

PROPERTY(a_path_may_have_colons)
{
    begin("0::/a:b:c\n", UNIFIED_MOUNT);
    write_file("/sys/fs/cgroup/a:b:c/cpu.max", "100000 100000\n");
    expect_quota(1000);
}
PROPERTY_END

PROPERTY(what_is_missing_or_not_understood_sets_no_quota)
{
    static const char *const contents[] = {
        "",       "\n",         "max",          "max max",  "100000",     "100000 ",   "100000 0",
        "-1 100", "100000 abc", "1e5 100000",   " 1 1",     "100000 -5",  "0x10 10",   "100000,100000",
        "99999999999999999999 1", "18446744073709551615 1", "100000\t100000",
    };
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        begin("0::/a\n", UNIFIED_MOUNT);
        write_file("/sys/fs/cgroup/a/cpu.max", contents[i]);
        expect_quota(PL_NO_QUOTA);
    }
    begin("0::/a\n", UNIFIED_MOUNT);
    write_file("/sys/fs/cgroup/a/cpu.max/is/a/directory", "");
    expect_quota(PL_NO_QUOTA);
    begin("4:cpu:/a\n", CPU_MOUNT); /* a quota without its period */
    write_file("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "100000");
    expect_quota(PL_NO_QUOTA);
    static const char *const nonsense[] = {
        "", "\n\n", "x", "0", "0:", "0::", ":::", "4:cpu\n", "0::relative\n"};
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        begin(nonsense[i], UNIFIED_MOUNT CPU_MOUNT);
        expect_quota(PL_NO_QUOTA);
        begin("0::/a\n4:cpu:/a\n", nonsense[i]);
        expect_quota(PL_NO_QUOTA);
    }
    begin("0::/a\n", " - cgroup2\n - cgroup2 x y\n1 2 3 4 - cgroup2 x y\n5 - - - cgroup2 cgroup2 rw");
    expect_quota(PL_NO_QUOTA);
    uint64_t millicores = 0;
    ck_assert_int_eq(pl_cgroup_quota("/nonexistent", &millicores), 0);
    ck_assert_uint_eq(millicores, PL_NO_QUOTA);
}
PROPERTY_END

PROPERTY(paths_of_any_length)
{
    char path[6000];
    memset(path, 'x', sizeof path);
    for (size_t i = 0; i < sizeof path; i += 100)
        path[i] = '/';
    path[sizeof path - 1] = '\0';
    char line[7000];
    snprintf(line, sizeof line, "0::%s\n", path);
    begin(line, UNIFIED_MOUNT);
    expect_quota(PL_NO_QUOTA);
    snprintf(line, sizeof line, "30 24 0:26 %s %s rw - cgroup2 cgroup2 rw\n", path, "/cg");
    begin("0::/a\n", line);
    expect_quota(PL_NO_QUOTA);
}
PROPERTY_END

PROPERTY(the_real_files_can_be_read)
{
    uint64_t millicores = 0;
    ck_assert_int_eq(pl_cgroup_quota("", &millicores), 0);
    ck_assert_uint_gt(millicores, 0);
}
PROPERTY_END

PROPERTIES(version_2_own_group, version_2_every_ancestor, version_2_a_sibling_does_not_count,
           version_2_at_the_mount_point, version_1_every_ancestor,
           version_1_another_controller_does_not_count, hybrid_both_trees,
           a_container_that_sees_its_part_of_the_tree, a_mount_of_another_part_of_the_tree_says_nothing,
           a_mount_from_above_the_namespace_shows_an_ancestor, blanks_and_backslashes_in_paths,
           a_removed_group_leaves_its_ancestors, a_path_may_have_colons,
           what_is_missing_or_not_understood_sets_no_quota, paths_of_any_length, the_real_files_can_be_read)
