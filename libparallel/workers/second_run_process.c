/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The second run itself, until it is a zygote.
 *
 * Its library reads the variable in a constructor, before those of the program, and takes it away: nothing that the
 * program starts from a constructor inherits it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libparallel/shared.h>

#include "libparallel/base/patience.h"
#include "libparallel/memory/space.h"
#include "libparallel/workers/second_run.h"
#include "libparallel/workers/zygote_process.h"

static struct {
    bool is_present;
    struct pl_second_run_record *record;
    struct pl_second_run_files files;
} handover;

/* 101 is the first priority that is free to use; without one the library's constructors come first only if it is shared. */
__attribute__((constructor(101))) static void take_handover(void)
{
    const char *text = secure_getenv(PL_SECOND_RUN_VARIABLE);
    if (text == NULL)
        return;
    long parent;
    unsigned long long record;
    struct pl_second_run_files *files = &handover.files;
    bool is_whole = sscanf(text, "%ld:%llx:%d:%d:%d:%d", &parent, &record, &files->space, &files->program,
                           &files->lifeline, &files->message) == 6;
    unsetenv(PL_SECOND_RUN_VARIABLE);
    if (!is_whole || parent != (long)getppid()) /* left over from another process: this is a run like any other */
        return;
    handover.record = (struct pl_second_run_record *)(uintptr_t)record;
    handover.is_present = true;
    const int inherited[] = {files->space, files->program, files->lifeline, files->message};
    for (size_t i = 0; i < sizeof inherited / sizeof inherited[0]; i++)
        (void)fcntl(inherited[i], F_SETFD, FD_CLOEXEC);
}

/* Whoever reads it not at all has gone, and then the zygote goes too. */
static void send(const parallel_error *message)
{
    ssize_t written;
    do
        written = write(handover.files.message, message, sizeof *message);
    while (written < 0 && errno == EINTR);
}

static _Noreturn void give_up(void)
{
    send(parallel_last_error());
    _exit(1);
}

static struct pl_second_run_record *attach(void)
{
    if (pl_space_attach(handover.files.space) != 0)
        give_up();
    struct pl_second_run_record *record = handover.record;
    if (!parallel_shared_contains(record) || record->record_bytes != sizeof *record ||
        record->module_bytes != sizeof record->modules[0]) {
        pl_error_set(PARALLEL_EWORKER, 0, "start=spawn: the second run of the program has another version of libparallel");
        give_up();
    }
    return record;
}

void pl_second_run_take_over(void)
{
    if (!handover.is_present)
        return;
    struct pl_second_run_record *record = attach();
    pl_modules_match(record->modules, record->module_count);
    (void)pl_patience_turns(); /* settled before a worker is bound to one processor */
    fflush(NULL);              /* what constructors have printed must not be printed by every worker that calls exit() */
    pid_t zygote = fork();
    if (zygote < 0) {
        pl_error_set(PARALLEL_EWORKER, errno, "no process to be had for the zygote");
        give_up();
    }
    if (zygote > 0)
        _exit(0);
    struct pl_zygote_board *board = record->board; /* read before the record is given back */
    send(&(parallel_error){.code = 0});
    close(handover.files.message);
    pl_zygote_live(board, handover.files.program, handover.files.lifeline);
}
