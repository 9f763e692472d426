/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Words for the end of a process. What matters most comes first, for a message is cut at
 * PARALLEL_MESSAGE_SIZE: how it ended, where, by which way it got there. */
#include "libparallel/workers/process_end.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "libparallel/machine/cgroup.h"
#include "libparallel/workers/symbol.h"

static const struct signal_name {
    int signal;
    const char *name;
    const char *meaning;
} signal_names[] = {
    {SIGSEGV, "SIGSEGV", "invalid memory access"},
    {SIGBUS, "SIGBUS", "memory that is not there"},
    {SIGILL, "SIGILL", "invalid instruction"},
    {SIGFPE, "SIGFPE", "invalid arithmetic"},
    {SIGABRT, "SIGABRT", "abort"},
    {SIGTRAP, "SIGTRAP", "trap"},
    {SIGSYS, "SIGSYS", "forbidden system call"},
    {SIGKILL, "SIGKILL", "killed from outside"},
    {SIGTERM, "SIGTERM", "asked to end"},
    {SIGINT, "SIGINT", "interrupted"},
    {SIGQUIT, "SIGQUIT", "quit"},
    {SIGHUP, "SIGHUP", "hang-up"},
    {SIGPIPE, "SIGPIPE", "nobody reads the pipe"},
    {SIGALRM, "SIGALRM", "alarm"},
    {SIGXCPU, "SIGXCPU", "CPU time limit"},
    {SIGXFSZ, "SIGXFSZ", "file size limit"},
    {SIGUSR1, "SIGUSR1", "user signal"},
    {SIGUSR2, "SIGUSR2", "user signal"},
};

/* A text that is cut where its room ends. */
struct text {
    char *at;
    size_t room; /* with the zero byte */
};

static void __attribute__((format(printf, 2, 3))) append(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->at, text->room, format, arguments);
    va_end(arguments);
    if (length <= 0)
        return;
    size_t written = (size_t)length < text->room ? (size_t)length : text->room - 1;
    text->at += written;
    text->room -= written;
}

/* ---- Killed for memory ---- */

static _Atomic uint64_t oom_kills_seen; /* the control group's count when somebody looked last */

static bool has_oom_kill_risen(void)
{
    uint64_t now = pl_cgroup_oom_kills("");
    /* Relaxed: a number. One kill explains one death: who takes the new number has it. */
    return pl_exchange_relaxed(&oom_kills_seen, now) < now;
}

void pl_process_end_prepare(void)
{
    (void)has_oom_kill_risen();
}

/* ---- Words ---- */

/* The generated thunk, or what called it: the user's frames end here. */
static bool is_of_library(const char *name)
{
    return strstr(name, "_parallel_call") != NULL || strncmp(name, "pl_", 3) == 0;
}

static void append_place(struct text *text, const struct pl_crash *crash)
{
    char name[128];
    if (crash->pc != 0) {
        pl_symbol_format(crash->pc, name, sizeof name);
        append(text, " in %s", name);
    }
    uint32_t count = pl_load_acquire(&crash->frame_count); /* pairs with the handler */
    for (uint32_t i = 0, next; i < count && i < PL_CRASH_FRAME_LIMIT; i = next) {
        for (next = i + 1; next < count && crash->frames[next] == crash->frames[i];)
            next++;
        /* A return address may stand behind the end of a function whose last instruction is the call. */
        int length = pl_symbol_format(crash->frames[i] - 1, name, sizeof name);
        if ((size_t)length + sizeof " < , 16 times" > text->room || is_of_library(name)) /* whole names only */
            return;
        append(text, next > i + 1 ? " < %s, %u times" : " < %s", name, next - i);
    }
}

/* A limit that is nearly reached explains a death: an allocation was refused, and the program had no other way out. */
static void append_memory(struct text *text, const struct pl_crash *crash)
{
    if (crash->data_limit == 0)
        return;
    bool is_used_up = crash->data_bytes >= crash->data_limit - crash->data_limit / 8;
    append(text, "%s with %llu of %llu KiB of data memory in use", is_used_up ? ", probably out of memory," : "",
           (unsigned long long)(crash->data_bytes / 1024), (unsigned long long)(crash->data_limit / 1024));
}

static void append_signal(struct text *text, int signal, const struct pl_crash *crash)
{
    const struct signal_name *known = NULL;
    for (size_t i = 0; i < sizeof signal_names / sizeof signal_names[0]; i++)
        if (signal_names[i].signal == signal)
            known = &signal_names[i];
    if (crash != NULL && crash->is_stack_overflow)
        append(text, "stack overflow (%s)", known->name);
    else if (signal == SIGKILL && has_oom_kill_risen())
        append(text, "SIGKILL (killed, probably out of memory: the control group has killed for it meanwhile)");
    else if (known != NULL)
        append(text, "%s (%s)", known->name, known->meaning);
    else
        append(text, "signal %d", signal);
    if (crash == NULL)
        return;
    if (crash->has_address && !crash->is_stack_overflow)
        append(text, " at address 0x%zx", (size_t)crash->address);
    append_memory(text, crash);
    append_place(text, crash);
}

static void append_exit(struct text *text, int status, const struct pl_crash *crash)
{
    bool is_noted = crash != NULL && pl_load_acquire(&crash->has_called_exit) != 0; /* pairs with the exit handler */
    append(text, " left by %s(%d) before its call had ended", is_noted ? "exit" : "_exit", status);
    if (is_noted)
        append_memory(text, crash);
}

void pl_process_end_describe(const struct pl_process_end *end, const struct pl_crash *crash, int worker, const char *who,
                             parallel_failure *failure)
{
    *failure = (parallel_failure){
        .code = PARALLEL_ECRASHED, .exit_status = -1, .worker = worker, .pid = (int)end->pid};
    /* Acquire: pairs with the handler's release. A process that survived its handler has no crash to report.
     * */
    bool has_crashed = crash != NULL && pl_load_acquire(&crash->is_recorded) != 0;
    if (end->is_status_known && WIFSIGNALED(end->status))
        failure->signal = WTERMSIG(end->status);
    else if (end->is_status_known)
        failure->exit_status = WEXITSTATUS(end->status);
    else if (has_crashed)
        failure->signal = crash->signal;
    failure->has_dumped_core = end->is_status_known && WIFSIGNALED(end->status) && WCOREDUMP(end->status);

    struct text text = {failure->message, sizeof failure->message};
    append(&text, "%s %d%s", who, (int)end->pid, failure->has_dumped_core ? " (core dumped)" : "");
    if (failure->signal != 0) {
        append(&text, " died of ");
        append_signal(&text, failure->signal, has_crashed && crash->signal == failure->signal ? crash : NULL);
    } else if (failure->exit_status >= 0) {
        append_exit(&text, failure->exit_status, crash);
    } else {
        append(&text, " ended unseen: a wait() of the program took its status, or its keeper was killed");
    }
}
