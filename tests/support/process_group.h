/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who lives in a process group, by the kernel's word: workers and zygotes are no children of the test, but they stay in
 * the group that it has made for itself. */
#ifndef TESTS_SUPPORT_PROCESS_GROUP_H
#define TESTS_SUPPORT_PROCESS_GROUP_H

#include <stddef.h>
#include <sys/types.h>

/* Stores up to `capacity` processes of the group that are no zombies and whose name begins with `prefix` ("": any);
 * returns how many there are. */
size_t processes_of_group(pid_t group, const char *prefix, pid_t pids[], size_t capacity);

/* The zygote of the group and its standby, when there is one of each: a standby bears the zygote's name until it first
 * runs. */
void wait_for_zygotes(pid_t group, pid_t *zygote, pid_t *standby);

/* Kills both, so that no third one takes their place. */
void kill_zygotes(pid_t group);

/* Prints a line for each of them: pid, name, state and where in the kernel it waits. */
void show_processes(const pid_t pids[], size_t count);

#endif
