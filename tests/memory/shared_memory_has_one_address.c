/* SPDX-License-Identifier: BSD-3-Clause
 *
 * In forked children, also for what is allocated after they were started; and in a new program image, which this test
 * starts with the descriptor and attaches it there before anything else. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libparallel/memory/space.h"
#include "tests/memory/space.h"
#include "tests/support/property.h"

/* What the two sides say to each other; it begins as zeros. */
struct letter {
    _Atomic(struct note *) to_child;
    _Atomic(struct note *) to_parent;
};

struct note {
    struct note *self;
    struct note *next;
    char text[100];
};

static struct note *write_note(const char *text, struct note *next)
{
    struct note *note = parallel_shared_alloc(sizeof *note);
    if (note == NULL)
        abort();
    *note = (struct note){.self = note, .next = next};
    strcpy(note->text, text);
    return note;
}

static struct note *wait_for_note(_Atomic(struct note *) *place)
{
    struct note *note;
    while ((note = atomic_load(place)) == NULL)
        usleep(100);
    return note;
}

/* The child's side: reads what was allocated after it started, frees it, and answers with a list of its own. */
static void answer(struct letter *letter)
{
    struct note *note = wait_for_note(&letter->to_child);
    if (note->self != note || strcmp(note->text, "allocated after you were born") != 0)
        abort();
    char *large = parallel_shared_alloc(5 * MIB);
    if (large == NULL)
        abort();
    memset(large, 'c', 5 * MIB);
    struct note *last = (struct note *)(void *)large;
    *last = (struct note){.self = last};
    strcpy(last->text, "large");
    if (parallel_shared_free(note) != 0)
        abort();
    atomic_store(&letter->to_parent, write_note("from the child", last));
}

static void ask(struct letter *letter, pid_t child)
{
    atomic_store(&letter->to_child, write_note("allocated after you were born", NULL));
    struct note *note = wait_for_note(&letter->to_parent);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    /* It outlives the child that allocated it. */
    ck_assert_ptr_eq(note->self, note);
    ck_assert_str_eq(note->text, "from the child");
    ck_assert_ptr_eq(note->next->self, note->next);
    ck_assert_str_eq(note->next->text, "large");
    ck_assert_int_eq(((char *)note->next)[5 * MIB - 1], 'c');
    ck_assert_ok(parallel_shared_free(note->next));
    ck_assert_ok(parallel_shared_free(note));
}

PROPERTY(a_forked_child_sees_what_is_allocated_later)
{
    struct letter *letter = block_of(sizeof *letter);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        answer(letter);
        _exit(0);
    }
    ask(letter, child);
}
PROPERTY_END

/* Starts this program anew with the descriptor and a letter's address as arguments. */
static pid_t spawn(int fd, const char *what, const void *address)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        fcntl(fd, F_SETFD, 0);
        char number[20], where[40];
        snprintf(number, sizeof number, "%d", fd);
        snprintf(where, sizeof where, "%#llx", (unsigned long long)(uintptr_t)address);
        execl("/proc/self/exe", "spawned", what, number, where, (char *)NULL);
        _exit(127);
    }
    return child;
}

PROPERTY(a_spawned_process_attaches_at_the_same_address)
{
    struct letter *letter = block_of(sizeof *letter);
    ask(letter, spawn(pl_space_descriptor(), "answer", letter));
}
PROPERTY_END

PROPERTY(an_address_that_is_taken_there_is_a_clear_error)
{
    struct letter *letter = block_of(sizeof *letter);
    int status;
    pid_t child = spawn(pl_space_descriptor(), "taken", letter);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
PROPERTY_END

PROPERTY(the_descriptor_closes_on_exec_unless_it_is_passed_on)
{
    ck_assert_int_eq(pl_space_descriptor(), -1);
    ck_assert_ptr_nonnull(parallel_shared_alloc(1));
    ck_assert_int_ne(fcntl(pl_space_descriptor(), F_GETFD) & FD_CLOEXEC, 0);
}
PROPERTY_END

/* Refused, for this reason, and the descriptor is still the caller's. */
static void check_no_segment(int fd, int code, const char *why)
{
    ck_assert_fails(pl_space_attach(fd), code);
    ck_assert_msg(strstr(parallel_last_error()->message, why) != NULL, "%s", parallel_last_error()->message);
    ck_assert_ptr_null(pl_space_get());
}

PROPERTY(what_is_not_a_segment_is_refused)
{
    check_no_segment(-1, PARALLEL_ESYSTEM, "descriptor -1");
    int pipes[2];
    ck_assert_int_eq(pipe(pipes), 0);
    check_no_segment(pipes[0], PARALLEL_EINVALID, "cannot be read");
    int fd = memfd_create("other", MFD_CLOEXEC);
    check_no_segment(fd, PARALLEL_EINVALID, "not a segment");
    ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
    check_no_segment(fd, PARALLEL_EINVALID, "not a segment");
    struct pl_segment segment;
    const uint64_t hint = UINT64_C(0x550100000000);
    ck_assert_ok(pl_segment_create(64 * MIB, &hint, 1, &segment));
    struct pl_segment_header *header = (struct pl_segment_header *)(void *)segment.base;
    header->layout_version++;
    check_no_segment(segment.fd, PARALLEL_EINVALID, "layout version 2, but this library has version 1");
    header->layout_version--;
    header->size_bytes *= 2;
    check_no_segment(segment.fd, PARALLEL_EINVALID, "damaged");
    header->size_bytes /= 2;
    check_no_segment(segment.fd, PARALLEL_ENOMEMORY, "0x550100000000"); /* it is mapped there already */
    ck_assert_int_eq(fcntl(segment.fd, F_GETFD), FD_CLOEXEC);
    pl_segment_detach(&segment);
}
PROPERTY_END

PROPERTY(a_process_has_one_space)
{
    struct pl_segment segment;
    const uint64_t hint = UINT64_C(0x550100000000);
    ck_assert_ok(pl_segment_create(64 * MIB, &hint, 1, &segment));
    ck_assert_ptr_nonnull(parallel_shared_alloc(1));
    ck_assert_fails(pl_space_attach(segment.fd), PARALLEL_EMISUSE);
    pl_segment_detach(&segment);
}
PROPERTY_END

static int be_spawned(char **arguments)
{
    int fd = atoi(arguments[2]);
    void *address = (void *)(uintptr_t)strtoull(arguments[3], NULL, 0);
    if (strcmp(arguments[1], "taken") == 0) {
        struct pl_segment_header header;
        if (pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header)
            return 2;
        void *there = (void *)(uintptr_t)(header.address + header.size_bytes / 2);
        if (mmap(there, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != there)
            return 3;
        return pl_space_attach(fd) == PARALLEL_ENOMEMORY && pl_space_get() == NULL ? 0 : 4;
    }
    if (pl_space_attach(fd) != 0) {
        fprintf(stderr, "%s\n", parallel_last_error()->message);
        return 5;
    }
    answer(address);
    return 0;
}

int main(int count, char **arguments)
{
    if (count == 4)
        return be_spawned(arguments);
    const TTest *const tests[] = {a_forked_child_sees_what_is_allocated_later,
                                  a_spawned_process_attaches_at_the_same_address,
                                  an_address_that_is_taken_there_is_a_clear_error,
                                  the_descriptor_closes_on_exec_unless_it_is_passed_on,
                                  what_is_not_a_segment_is_refused,
                                  a_process_has_one_space};
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
