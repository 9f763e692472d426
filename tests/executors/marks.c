/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One shared mapping: an array of futex words and one of notes. It is a file without a name, which a second run of the program
 * inherits open, and whose number it finds in its environment. */
#include "tests/executors/marks.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct page {
    _Atomic uint32_t marks[MARK_COUNT];
    _Atomic int64_t notes[MARK_COUNT];
};

#define VARIABLE "TEST_MARKS"

static struct page *page;
static int file = -1;

static void map_file(void)
{
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page == MAP_FAILED) {
        perror("map_marks");
        abort();
    }
}

__attribute__((constructor)) static void inherit_marks(void)
{
    const char *number = getenv(VARIABLE);
    if (number == NULL)
        return;
    file = atoi(number);
    map_file();
}

void map_marks(void)
{
    char number[16];
    file = memfd_create("marks", 0);
    if (file < 0 || ftruncate(file, sizeof *page) != 0) {
        perror("map_marks");
        abort();
    }
    map_file();
    snprintf(number, sizeof number, "%d", file);
    setenv(VARIABLE, number, 1);
}

void unmap_marks(void)
{
    unsetenv(VARIABLE);
    munmap(page, sizeof *page);
    close(file);
    page = NULL;
}

uint32_t make_mark(int mark)
{
    int saved_errno = errno;
    uint32_t made = atomic_fetch_add(&page->marks[mark], 1) + 1;
    syscall(SYS_futex, &page->marks[mark], FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    errno = saved_errno;
    return made;
}

void wait_for_mark(int mark, uint32_t times)
{
    int saved_errno = errno;
    for (;;) {
        uint32_t made = atomic_load(&page->marks[mark]);
        if (made >= times)
            break;
        syscall(SYS_futex, &page->marks[mark], FUTEX_WAIT, made, NULL, NULL, 0);
    }
    errno = saved_errno;
}

uint32_t marks_made(int mark)
{
    return atomic_load(&page->marks[mark]);
}

void set_note(int note, int64_t value)
{
    atomic_store(&page->notes[note], value);
}

int64_t get_note(int note)
{
    return atomic_load(&page->notes[note]);
}
