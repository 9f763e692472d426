/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Control groups form a tree of directories, shown by a mounted file system; a group's CPU quota binds all
 * groups below it, so every ancestor counts and the tightest one is ours.
 *
 *   version 1   each controller may have a tree of its own; that of "cpu" has in each directory
 *               cpu.cfs_quota_us (-1: none) and cpu.cfs_period_us
 *   version 2   one tree; in each directory but the topmost cpu.max: "200000 100000" or "max 100000"
 *   hybrid      both are mounted and either may hold the cpu controller: both are read
 *
 * Where we are: /proc/self/cgroup has a line "id:controllers:path" for each tree, with id 0 and no
 * controllers for version 2. Where the tree is seen: /proc/self/mountinfo, whose lines are
 *
 *   36 35 0:29 /root /mount/point rw,relatime shared:7 - cgroup cgroup rw,cpu,cpuacct
 *              ^ the directory of the tree that is mounted there; blanks in paths are written \040
 *
 * Containers mount only a part of a tree (root is not "/"), and a cgroup namespace makes all these paths
 * relative to the namespace's root, with "/.." for what lies above it. So our group is looked for like this:
 *
 *   path is root, or below it       mount point + rest of path, and up from there to the mount point
 *   root is "/..", "/../..", ...    the mount shows ancestors of the namespace's root; the names between are not
 *   and path is not above it        told, so only the mount point itself is known to be an ancestor
 *   else                            the mount shows a part of the tree that we are not in: nothing
 *
 * Above the mount point nothing can be seen, and the parent of a container can limit it unseen. */
#include "libparallel/machine/cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/error.h"

/* Our paths in the two kinds of tree; NULL if we are in none. */
struct membership {
    const char *controller;
    char *own;     /* version 1, the tree of the controller */
    char *unified; /* version 2 */
};

/* One line of mountinfo; the strings are parts of it. */
struct mount {
    char *root;
    char *point;
    bool is_unified;
};

/* True if `word` stands in a list parted by commas. */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (list != NULL) {
        if (strncmp(list, word, length) == 0 && (list[length] == ',' || list[length] == '\0'))
            return true;
        list = strchr(list, ',');
        list = list != NULL ? list + 1 : NULL;
    }
    return false;
}

static FILE *open_below(const char *root, const char *path)
{
    char whole[2 * PATH_MAX];
    int length = snprintf(whole, sizeof whole, "%s%s", root, path);
    return length < (int)sizeof whole ? fopen(whole, "re") : NULL;
}

/* Reads the first line of the file `name` in a group's directory. */
static bool read_line(const char *root, const char *directory, const char *name, char *line, int size)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = length < (int)sizeof path ? open_below(root, path) : NULL;
    if (file == NULL)
        return false;
    bool is_read = fgets(line, size, file) != NULL;
    fclose(file);
    return is_read;
}

/* Reads a number that ends at a blank or at the end of the line; `rest` may be NULL. */
static bool read_number(const char *text, uint64_t *out, const char **rest)
{
    uint64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, *at - '0', &number))
            return false;
    }
    if (at == text || (*at != ' ' && *at != '\n' && *at != '\0'))
        return false;
    *out = number;
    if (rest != NULL)
        *rest = at;
    return true;
}

/* A quota too large for the multiplication is beyond all machines, and no limit. */
static uint64_t to_millicores(uint64_t quota_us, uint64_t period_us)
{
    uint64_t product;
    if (period_us == 0 || __builtin_mul_overflow(quota_us, 1000u, &product))
        return PL_NO_QUOTA;
    return product / period_us;
}

/* "200000 100000"; "max 100000" is no number, and no limit. */
static uint64_t quota_of_unified(const char *root, const char *directory)
{
    char line[64];
    uint64_t quota_us;
    uint64_t period_us;
    const char *rest;
    if (!read_line(root, directory, "cpu.max", line, sizeof line) || !read_number(line, &quota_us, &rest) ||
        *rest != ' ' || !read_number(rest + 1, &period_us, NULL))
        return PL_NO_QUOTA;
    return to_millicores(quota_us, period_us);
}

/* Two files; a quota of "-1" is no number, and no limit. */
static uint64_t quota_of_version_1(const char *root, const char *directory)
{
    char quota_line[64];
    char period_line[64];
    uint64_t quota_us;
    uint64_t period_us;
    if (!read_line(root, directory, "cpu.cfs_quota_us", quota_line, sizeof quota_line) ||
        !read_line(root, directory, "cpu.cfs_period_us", period_line, sizeof period_line) ||
        !read_number(quota_line, &quota_us, NULL) || !read_number(period_line, &period_us, NULL))
        return PL_NO_QUOTA;
    return to_millicores(quota_us, period_us);
}

/* Takes "id:controllers:path" apart. Keeps the path of the first line of each kind, as the kernel prints
 * one. */
static int note_membership(char *line, struct membership *membership)
{
    line[strcspn(line, "\n")] = '\0';
    char *controllers = strchr(line, ':');
    char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (path == NULL)
        return 0;
    *controllers++ = '\0';
    *path++ = '\0';
    char **slot = NULL;
    if (has_word(controllers, membership->controller))
        slot = &membership->own;
    else if (controllers[0] == '\0' && strcmp(line, "0") == 0)
        slot = &membership->unified;
    if (slot == NULL || *slot != NULL)
        return 0;
    *slot = strdup(path);
    return *slot != NULL ? 0 : pl_error_set(PARALLEL_ENOMEMORY, 0, "control groups: out of memory");
}

static int read_membership(const char *root, struct membership *membership)
{
    FILE *file = open_below(root, "/proc/self/cgroup");
    if (file == NULL)
        return 0;
    int error = 0;
    char *line = NULL;
    size_t size = 0;
    while (error == 0 && getline(&line, &size, file) >= 0)
        error = note_membership(line, membership);
    free(line);
    fclose(file);
    return error;
}

static bool is_octal(char digit)
{
    return digit >= '0' && digit <= '7';
}

/* The kernel writes blank, tab, newline and backslash as a backslash and three octal digits. */
static void decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0';) {
        if (from[0] == '\\' && is_octal(from[1]) && is_octal(from[2]) && is_octal(from[3])) {
            *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

/* Takes a line of mountinfo apart; false if it is no control group tree that can have the controller. */
static bool parse_mount(char *line, const char *controller, struct mount *out)
{
    line[strcspn(line, "\n")] = '\0';
    char *tail = strstr(line, " - "); /* a blank inside a field would be escaped */
    if (tail == NULL)
        return false;
    *tail = '\0';
    char *rest = NULL;
    char *type = strtok_r(tail + 3, " ", &rest);
    strtok_r(NULL, " ", &rest); /* the source */
    char *options = strtok_r(NULL, " ", &rest);
    if (type == NULL || options == NULL)
        return false;
    out->is_unified = strcmp(type, "cgroup2") == 0;
    if (!out->is_unified && !(strcmp(type, "cgroup") == 0 && has_word(options, controller)))
        return false;
    char *fields[5] = {NULL};
    char *at = line;
    for (size_t i = 0; i < 5; i++, at = NULL)
        fields[i] = strtok_r(at, " ", &rest);
    if (fields[4] == NULL)
        return false;
    out->root = fields[3];
    out->point = fields[4];
    decode(out->root);
    decode(out->point);
    return true;
}

/* The number of "/.." at the beginning; *rest is what follows them. */
static size_t count_ups(const char *path, const char **rest)
{
    size_t count = 0;
    while (strncmp(path, "/..", 3) == 0 && (path[3] == '/' || path[3] == '\0')) {
        path += 3;
        count++;
    }
    *rest = path;
    return count;
}

/* The part of `path` below `root`, as the head comment says; NULL if the mount does not show an ancestor of
 * ours. */
static const char *below_mount(const char *path, const char *root)
{
    const char *path_rest;
    const char *root_rest;
    size_t path_ups = count_ups(path, &path_rest);
    size_t root_ups = count_ups(root, &root_rest);
    if (strcmp(root_rest, "/") == 0)
        root_rest = "";
    if (root_rest[0] == '\0' && path_ups < root_ups)
        return "";
    size_t length = strlen(root_rest);
    if (path_ups != root_ups || strncmp(path_rest, root_rest, length) != 0 ||
        (path_rest[length] != '/' && path_rest[length] != '\0'))
        return NULL;
    return strcmp(path_rest + length, "/") == 0 ? "" : path_rest + length;
}

/* Our group in one mounted tree. */
struct group {
    const char *root;
    char directory[PATH_MAX];
    size_t point_length; /* the directory's first part is the mount point */
    bool is_unified;
};

/* The same tree may be mounted more than once, showing more or less of it: each mount is visited. */
static void visit_mounts(const char *root, const struct membership *membership,
                         void (*visit)(struct group *group, uint64_t *result), uint64_t *result)
{
    FILE *file = open_below(root, "/proc/self/mountinfo");
    if (file == NULL)
        return;
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, file) >= 0) {
        struct mount mount;
        if (!parse_mount(line, membership->controller, &mount))
            continue;
        const char *path = mount.is_unified ? membership->unified : membership->own;
        const char *below = path != NULL ? below_mount(path, mount.root) : NULL;
        if (below == NULL)
            continue;
        struct group group = {
            .root = root, .point_length = strlen(mount.point), .is_unified = mount.is_unified};
        int length = snprintf(group.directory, sizeof group.directory, "%s%s", mount.point, below);
        if (length < (int)sizeof group.directory) /* beyond PATH_MAX nobody can open it */
            visit(&group, result);
    }
    free(line);
    fclose(file);
}

/* Calls `visit` for our group in each tree that has the controller. 0 or PARALLEL_ENOMEMORY. */
static int visit_groups(const char *root, const char *controller,
                        void (*visit)(struct group *group, uint64_t *result), uint64_t *result)
{
    struct membership membership = {controller, NULL, NULL};
    int error = read_membership(root, &membership);
    if (error == 0)
        visit_mounts(root, &membership, visit, result);
    free(membership.own);
    free(membership.unified);
    return error;
}

/* ---- CPU quota: the tightest from our group up to the mount point ---- */

static void tighten(struct group *group, uint64_t *tightest)
{
    for (;;) {
        uint64_t quota = group->is_unified ? quota_of_unified(group->root, group->directory)
                                           : quota_of_version_1(group->root, group->directory);
        if (quota < *tightest)
            *tightest = quota;
        char *last = strrchr(group->directory, '/');
        if (last == NULL || (size_t)(last - group->directory) < group->point_length)
            return;
        *last = '\0';
    }
}

int pl_cgroup_quota(const char *root, uint64_t *millicores)
{
    uint64_t tightest = PL_NO_QUOTA;
    int error = visit_groups(root, "cpu", tighten, &tightest);
    if (error == 0)
        *millicores = tightest;
    return error;
}

/* ---- Kills for memory: a line "oom_kill 3" in a file of our own group ---- */

static void count_oom_kills(struct group *group, uint64_t *count)
{
    char path[PATH_MAX];
    const char *name = group->is_unified ? "memory.events" : "memory.oom_control";
    int length = snprintf(path, sizeof path, "%s/%s", group->directory, name);
    FILE *file = length < (int)sizeof path ? open_below(group->root, path) : NULL;
    if (file == NULL)
        return;
    char line[64];
    while (fgets(line, sizeof line, file) != NULL) {
        uint64_t number;
        if (strncmp(line, "oom_kill ", 9) == 0 && read_number(line + 9, &number, NULL) && number > *count)
            *count = number;
    }
    fclose(file);
}

uint64_t pl_cgroup_oom_kills(const char *root)
{
    uint64_t count = 0;
    (void)visit_groups(root, "memory", count_oom_kills, &count);
    return count;
}
