/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/process_group.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Whether /proc has it, in the group, alive, and with a name that begins so. */
static bool is_of_group(pid_t group, const char *prefix, pid_t pid)
{
    char line[512], state;
    int parent, its_group;
    if (pid <= 0)
        return false;
    read_file(pid, "stat", line, sizeof line);
    const char *name = strchr(line, '('), *end = strrchr(line, ')');
    if (name == NULL || end == NULL || sscanf(end + 1, " %c %d %d", &state, &parent, &its_group) != 3)
        return false;
    return its_group == group && state != 'Z' && state != 'X' && strncmp(name + 1, prefix, strlen(prefix)) == 0;
}

size_t processes_of_group(pid_t group, const char *prefix, pid_t pids[], size_t capacity)
{
    size_t count = 0;
    DIR *all = opendir("/proc");
    for (struct dirent *entry; all != NULL && (entry = readdir(all)) != NULL;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (!is_of_group(group, prefix, pid))
            continue;
        if (count < capacity)
            pids[count] = pid;
        count++;
    }
    if (all != NULL)
        closedir(all);
    return count;
}

void wait_for_zygotes(pid_t group, pid_t *zygote, pid_t *standby)
{
    while (processes_of_group(group, "parallel-spare", standby, 1) != 1 ||
           processes_of_group(group, "parallel-zygote", zygote, 1) != 1)
        usleep(100);
}

void kill_zygotes(pid_t group)
{
    pid_t zygote, standby;
    wait_for_zygotes(group, &zygote, &standby);
    kill(zygote, SIGSTOP); /* so that it makes no new standby */
    kill(standby, SIGKILL);
    kill(zygote, SIGKILL);
}

void show_processes(const pid_t pids[], size_t count)
{
    char status[512], place[64];
    for (size_t i = 0; i < count; i++) {
        read_file(pids[i], "stat", status, sizeof status);
        read_file(pids[i], "wchan", place, sizeof place);
        printf("%.60s %s\n", status, place);
    }
    fflush(stdout);
}
