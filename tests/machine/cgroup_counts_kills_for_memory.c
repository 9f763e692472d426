/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How often the kernel has killed for memory is read from our own control group, of either version. */
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

static void write_file(const char *path, const char *text)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = strchr(whole + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ck_assert(mkdir(whole, 0777) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void begin(const char *cgroup, const char *mountinfo)
{
    snprintf(root, sizeof root, "/tmp/libparallel-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    write_file("/proc/self/cgroup", cgroup);
    write_file("/proc/self/mountinfo", mountinfo);
}

static void expect_kills(uint64_t expected)
{
    ck_assert_uint_eq(pl_cgroup_oom_kills(root), expected);
    ck_assert_int_eq(nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

PROPERTY(version_2)
{
    begin("0::/job/step\n", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    write_file("/sys/fs/cgroup/job/memory.events", "low 0\noom 9\noom_kill 9\n");
    write_file("/sys/fs/cgroup/job/step/memory.events", "low 0\nhigh 0\nmax 7\noom 5\noom_kill 3\noom_group_kill 8\n");
    expect_kills(3);
}
PROPERTY_END

PROPERTY(version_1)
{
    begin("4:memory:/job\n1:cpu,cpuacct:/other\n",
          "30 23 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
          "31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    write_file("/sys/fs/cgroup/cpu/other/memory.oom_control", "oom_kill 7\n");
    write_file("/sys/fs/cgroup/memory/job/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    expect_kills(2);
}
PROPERTY_END

PROPERTY(nothing_is_told)
{
    begin("0::/job\n", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    expect_kills(0);
    begin("0::/job\n", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    write_file("/sys/fs/cgroup/job/memory.events", "oom_kill many\n");
    expect_kills(0);
}
PROPERTY_END

PROPERTIES(version_2, version_1, nothing_is_told)
