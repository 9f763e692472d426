/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lines by libdw of elfutils. It is loaded when a crash has to be told and not before, since it brings five libraries
 * along that a program which does not crash has no use for. What lies in files of their own below /usr/lib/debug is found
 * by build ID; libdw's own way of finding it would ask debuginfod servers.
 *
 * Built without libdw, or where it is not installed, there are functions and offsets (symbol.c), which addr2line
 * understands. */
#include "libparallel/workers/source_line.h"

#include "config.h"

#if HAVE_LIBDW

#include <dlfcn.h>
#include <elfutils/libdwfl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* The functions that are used, by their names. */
static struct {
    __typeof__(dwfl_begin) *begin;
    __typeof__(dwfl_end) *end;
    __typeof__(dwfl_report_elf) *report;
    __typeof__(dwfl_report_end) *report_end;
    __typeof__(dwfl_build_id_find_debuginfo) *find_debuginfo;
    __typeof__(dwfl_getsrc) *getsrc;
    __typeof__(dwfl_lineinfo) *lineinfo;
} libdw;
static Dwfl_Callbacks callbacks;
static bool is_loaded;

static bool find(void *library, const char *name, void *function)
{
    void *found = dlsym(library, name);
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

static void load(void)
{
    void *library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return;
    is_loaded = find(library, "dwfl_begin", &libdw.begin) && find(library, "dwfl_end", &libdw.end) &&
                find(library, "dwfl_report_elf", &libdw.report) &&
                find(library, "dwfl_report_end", &libdw.report_end) &&
                find(library, "dwfl_build_id_find_debuginfo", &libdw.find_debuginfo) &&
                find(library, "dwfl_getsrc", &libdw.getsrc) && find(library, "dwfl_lineinfo", &libdw.lineinfo);
    callbacks = (Dwfl_Callbacks){.find_debuginfo = libdw.find_debuginfo};
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

bool pl_source_line_format(const char *path, uintptr_t bias, uintptr_t address, char *text, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    Dwfl *process = is_loaded ? libdw.begin(&callbacks) : NULL;
    if (process == NULL)
        return false;
    bool is_known = false;
    if (libdw.report(process, path, path, -1, bias, true) != NULL && libdw.report_end(process, NULL, NULL) == 0) {
        int number = 0;
        Dwfl_Line *line = libdw.getsrc(process, address);
        const char *file = line != NULL ? libdw.lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
        if (file != NULL && number > 0 && strlen(base_name(file)) + sizeof ":1234567890" <= size) {
            snprintf(text, size, "%s:%d", base_name(file), number);
            is_known = true;
        }
    }
    libdw.end(process);
    return is_known;
}

#else

bool pl_source_line_format(const char *path, uintptr_t bias, uintptr_t address, char *text, size_t size)
{
    (void)path, (void)bias, (void)address, (void)text, (void)size;
    return false;
}

#endif
