/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who lives in a process group, by the kernel's word: workers and zygotes are no children of the test, but they stay in
 * the group that it has made for itself. */
#ifndef TESTS_EXECUTORS_PROCESS_GROUP_H
#define TESTS_EXECUTORS_PROCESS_GROUP_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* Stores up to `capacity` processes of the group that are no zombies and whose name begins with `prefix` ("": any);
 * returns how many there are. */
static inline size_t processes_of_group(pid_t group, const char *prefix, pid_t pids[], size_t capacity)
{
    size_t count = 0;
    DIR *all = opendir("/proc");
    for (struct dirent *entry; all != NULL && (entry = readdir(all)) != NULL;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0)
            continue;
        char path[64], line[512];
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *stat = fopen(path, "re");
        if (stat == NULL)
            continue;
        size_t length = fread(line, 1, sizeof line - 1, stat);
        fclose(stat);
        line[length] = '\0';
        const char *name = strchr(line, '('), *end = strrchr(line, ')');
        char state;
        int parent, its_group;
        if (name == NULL || end == NULL || sscanf(end + 1, " %c %d %d", &state, &parent, &its_group) != 3)
            continue;
        if (its_group != group || state == 'Z' || state == 'X' || strncmp(name + 1, prefix, strlen(prefix)) != 0)
            continue;
        if (count < capacity)
            pids[count] = pid;
        count++;
    }
    if (all != NULL)
        closedir(all);
    return count;
}

#endif
