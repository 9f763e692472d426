/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The file is written in append mode, so after it was cut off at 0 the next byte stands at 0. Bounding it makes holes and
 * leaves its length, for who writes meanwhile goes on at its end. */
#include "libparallel/workers/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libparallel/base/error.h"

/* A message has room for a line or so. What stays when the file has become large is far more than is ever shown. */
enum { SHOWN = 88, KEPT = 1 << 16, LARGE = 1 << 20 };

static const char begin_text[] = "; output: \"", cut_text[] = "...", end_text[] = "\"";

int pl_capture_open(void)
{
    int file = memfd_create("parallel-output", MFD_CLOEXEC);
    if (file >= 0 && fcntl(file, F_SETFL, O_APPEND) == 0)
        return file;
    pl_error_set(PARALLEL_ESYSTEM, errno, "no file for what a worker writes");
    if (file >= 0)
        close(file);
    return -1;
}

/* As one line: what separates lines becomes a bar, other control characters a question mark. Returns the length. */
static size_t flatten(const char *from, size_t length, char *to, size_t room)
{
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        bool is_break = from[i] == '\n' || from[i] == '\r';
        size_t need = is_break ? 3 : 1;
        if (written + need > room)
            break;
        if (is_break)
            memcpy(to + written, " | ", need);
        else
            to[written] = (unsigned char)from[i] < ' ' || from[i] == 127 ? '?' : from[i];
        written += need;
    }
    return written;
}

void pl_capture_append(int file, char *message, size_t size)
{
    struct stat status;
    if (fstat(file, &status) != 0 || status.st_size == 0)
        return;
    char tail[SHOWN], shown[3 * SHOWN];
    off_t from = status.st_size > SHOWN ? status.st_size - SHOWN : 0;
    ssize_t count = pread(file, tail, sizeof tail, from);
    size_t length = count > 0 ? (size_t)count : 0;
    while (length > 0 && (tail[length - 1] == '\n' || tail[length - 1] == ' '))
        length--;
    size_t first = 0;
    while (from > 0 && first < length && ((unsigned char)tail[first] & 0xc0) == 0x80) /* within a UTF-8 character */
        first++;
    length = flatten(tail + first, length - first, shown, sizeof shown);
    size_t skipped = length > SHOWN ? length - SHOWN : 0; /* bars make it longer: its end is what counts */
    bool is_cut = from > 0 || skipped > 0;
    size_t added = sizeof begin_text - 1 + (is_cut ? sizeof cut_text - 1 : 0) + length - skipped + sizeof end_text - 1;
    if (length == 0 || added >= size)
        return;
    size_t kept = strnlen(message, size - 1 - added);
    char *at = message + kept;
    at = (char *)memcpy(at, begin_text, sizeof begin_text - 1) + sizeof begin_text - 1;
    if (is_cut)
        at = (char *)memcpy(at, cut_text, sizeof cut_text - 1) + sizeof cut_text - 1;
    at = (char *)memcpy(at, shown + skipped, length - skipped) + length - skipped;
    memcpy(at, end_text, sizeof end_text);
}

void pl_capture_forget(int file)
{
    struct stat status;
    if (fstat(file, &status) == 0 && status.st_size > 0)
        (void)!ftruncate(file, 0); /* it cannot fail; if it did, the next error would show more */
}

void pl_capture_bound(int file)
{
    struct stat status;
    if (fstat(file, &status) != 0 || (uint64_t)status.st_blocks * 512 < LARGE)
        return;
    off_t end = (status.st_size - KEPT) / KEPT * KEPT;
    if (end > 0)
        (void)fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, end);
}
