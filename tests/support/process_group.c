/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/process_group.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct process {
    pid_t pid;
    char name[32];
    char state;
};

/* A file of /proc/PID, as a string; "" if it has gone. */
static void read_file(pid_t pid, const char *file, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *stream = fopen(path, "re");
    size_t length = stream != NULL ? fread(text, 1, size - 1, stream) : 0;
    text[length] = '\0';
    if (stream != NULL)
        fclose(stream);
}

/* Whether /proc has it, in the group, and alive. */
static bool is_of_group(pid_t group, const char *pid, struct process *process)
{
    char line[512];
    int parent, its_group;
    process->pid = (pid_t)strtol(pid, NULL, 10);
    if (process->pid <= 0)
        return false;
    read_file(process->pid, "stat", line, sizeof line);
    const char *name = strchr(line, '('), *end = strrchr(line, ')');
    if (name == NULL || end == NULL || sscanf(end + 1, " %c %d %d", &process->state, &parent, &its_group) != 3)
        return false;
    snprintf(process->name, sizeof process->name, "%.*s", (int)(end - name - 1), name + 1);
    return its_group == group && process->state != 'Z' && process->state != 'X';
}

size_t processes_of_group(pid_t group, const char *prefix, pid_t pids[], size_t capacity)
{
    size_t count = 0;
    struct process process;
    DIR *all = opendir("/proc");
    for (struct dirent *entry; all != NULL && (entry = readdir(all)) != NULL;) {
        if (!is_of_group(group, entry->d_name, &process) || strncmp(process.name, prefix, strlen(prefix)) != 0)
            continue;
        if (count < capacity)
            pids[count] = process.pid;
        count++;
    }
    if (all != NULL)
        closedir(all);
    return count;
}

void show_processes_of_group(pid_t group)
{
    struct process process;
    char place[64];
    DIR *all = opendir("/proc");
    for (struct dirent *entry; all != NULL && (entry = readdir(all)) != NULL;) {
        if (!is_of_group(group, entry->d_name, &process))
            continue;
        read_file(process.pid, "wchan", place, sizeof place);
        printf("%d %s %c %s\n", (int)process.pid, process.name, process.state, place);
    }
    if (all != NULL)
        closedir(all);
    fflush(stdout);
}
