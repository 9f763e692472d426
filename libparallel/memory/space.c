/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Makes the space, once a process, without a lock: each thread that finds none makes one, one of them becomes the
 * process's by a swap, and the others are undone. (A lock would be held for ever in a child that is forked while
 * another thread holds it.)
 *
 * The address is fixed, so that a worker that is a new program image finds it free, for all the loader's address
 * randomisation. 0x2000_0000_0000 lies far from everything that Linux puts anywhere on x86-64 and arm64, above the
 * shadow memory of the address sanitizer and below its heap. The thread sanitizer allows its programs three narrow
 * windows only (below 0x80_0000_0000, 0x5500_0000_0000 to 0x5680_0000_0000, and above 0x7e80_0000_0000) and ends a
 * program that maps anything elsewhere, so there it is 64 GiB at the beginning of the second one, where no position
 * independent program ever lies (they begin at 0x5555_5555_0000), or of the third, below all libraries. The memory
 * sanitizer refuses the first address and takes the second. Under valgrind a mapping of 1 TiB takes 10 s, one of
 * 64 GiB 0.15 s. Where addresses have 39 bits the last hint and a smaller size are left. */
#include "libparallel/memory/space.h"

#include <stdio.h>
#include <stdlib.h>

#include "libparallel/base/error.h"
#include "libparallel/base/settings.h"
#include "libparallel/base/size.h"

/* Present only in a program that was linked with the thread sanitizer, or runs under valgrind. */
extern void __tsan_init(void) __attribute__((weak));
extern void _vgnU_freeres(void) __attribute__((weak));

#define GIB ((size_t)1 << 30)

enum { SIZE_COUNT = 5 };

/* Tried in turn. The last one is for file size limits and small machines. */
static const size_t sizes[SIZE_COUNT] = {1024 * GIB, 64 * GIB, 8 * GIB, GIB, GIB / 16};

#define SMALLEST (GIB / 16)
/* 2^30 units, which is what a claim counts; half of the addresses of x86-64. */
#define LARGEST (65536 * GIB)

static const uint64_t usual_hints[] = {UINT64_C(0x200000000000), UINT64_C(0x550000000000),
                                       UINT64_C(0x7e8000000000), UINT64_C(0x2000000000)};
static const uint64_t thread_sanitizer_hints[] = {UINT64_C(0x550000000000), UINT64_C(0x7e8000000000)};

static struct pl_space *_Atomic the_space;

struct pl_space *pl_space_get(void)
{
    /* Acquire: pairs with the release in install(); the view and the tables are made. */
    return pl_load_acquire(&the_space);
}

/* Computes where everything lies, the same in each process. */
static void lay_out(struct pl_space *space)
{
    size_t size = space->segment.size_bytes;
    char *base = space->segment.base;
    size_t offset = PL_SEGMENT_ALIGNMENT;
    offset = pl_participants_place(&space->participants, base, offset);
    offset = pl_small_blocks_place_tables(&space->small, base, size, offset);
    offset = pl_large_blocks_place_table(&space->large, base, size, offset);
    offset = pl_small_blocks_place_regions(&space->small, offset);
    pl_large_blocks_place_units(&space->large, size, offset);
}

static void destroy(struct pl_space *space)
{
    pl_segment_detach(&space->segment);
    free(space);
}

/* Makes `made` the process's space, unless there is one by now; returns the one that is. */
static struct pl_space *install(struct pl_space *made)
{
    struct pl_space *space = NULL;
    /* Release: publishes the view to pl_space_get(). Acquire: or reads the winner's. */
    if (pl_cas_acq_rel(&the_space, &space, made))
        return made;
    destroy(made);
    return space;
}

static void give_reason(struct pl_space *space, const char *why)
{
    char size[PL_SIZE_TEXT];
    snprintf(space->reason, sizeof space->reason, "%s at %p%s%s", pl_size_format(space->segment.size_bytes, size),
             (void *)space->segment.base, why[0] != '\0' ? ": " : "", why);
}

/* A segment of one of the sizes, at one of the hints if possible. `why` says what came in between. */
static int create_segment(const size_t *choices, int count, struct pl_segment *segment, char *why, size_t why_size)
{
    bool is_sanitized = __tsan_init != NULL;
    const uint64_t *hints = is_sanitized ? thread_sanitizer_hints : usual_hints;
    int hint_count = is_sanitized ? 2 : 4;
    int code = PARALLEL_EINTERNAL;
    for (int i = 0; i < count && code != 0; i++) {
        code = pl_segment_create(choices[i], hints, hint_count, segment);
        if (code != 0)
            snprintf(why, why_size, "%s", parallel_last_error()->message);
    }
    for (int i = 0; i < count && code != 0; i++) {
        code = pl_segment_create(choices[i], NULL, 0, segment);
        if (code == 0)
            snprintf(why, why_size, "wherever the kernel had room, so a spawned worker may find it taken");
    }
    return code;
}

static struct pl_space *create(const size_t *choices, int count, const char *reason)
{
    struct pl_space *space = calloc(1, sizeof *space);
    if (space == NULL) {
        pl_error_set(PARALLEL_ENOMEMORY, 0, "shared memory: no memory for %zu bytes", sizeof *space);
        return NULL;
    }
    char why[PARALLEL_MESSAGE_SIZE];
    snprintf(why, sizeof why, "%s", reason);
    if (create_segment(choices, count, &space->segment, why, sizeof why) != 0) {
        free(space);
        return NULL;
    }
    lay_out(space);
    give_reason(space, why);
    /* The tables that every process touches at once; the others get memory as they grow. */
    if (pl_segment_commit(&space->segment, 0, space->small.classes[0].taken_offset) != 0 ||
        pl_segment_commit(&space->segment, space->large.table_offset - PL_SEGMENT_ALIGNMENT,
                          sizeof(struct pl_large_head)) != 0) {
        destroy(space);
        return NULL;
    }
    return install(space);
}

static int check_size(size_t size_bytes)
{
    if (size_bytes >= SMALLEST && size_bytes <= LARGEST)
        return 0;
    char asked[PL_SIZE_TEXT], smallest[PL_SIZE_TEXT], largest[PL_SIZE_TEXT];
    return pl_error_set(PARALLEL_ERANGE, 0, "shared space: %s is not between %s and %s",
                        pl_size_format(size_bytes, asked), pl_size_format(SMALLEST, smallest),
                        pl_size_format(LARGEST, largest));
}

static size_t whole_units(size_t size_bytes)
{
    return (size_bytes + PL_SEGMENT_ALIGNMENT - 1) / PL_SEGMENT_ALIGNMENT * PL_SEGMENT_ALIGNMENT;
}

struct pl_space *pl_space_open(void)
{
    struct pl_space *space = pl_space_get();
    if (space != NULL)
        return space;
    const char *text = pl_setting_text(PL_SETTING_SHARED_SPACE);
    if (text != NULL) {
        size_t size_bytes;
        if (!pl_size_parse(text, &size_bytes)) {
            pl_error_set(PARALLEL_ESETTING, 0, "PARALLEL_SHARED_SPACE=%s: expected a size such as 64GiB", text);
            return NULL;
        }
        if (check_size(size_bytes) != 0)
            return NULL;
        size_bytes = whole_units(size_bytes);
        return create(&size_bytes, 1, "PARALLEL_SHARED_SPACE");
    }
    if (__tsan_init != NULL)
        return create(sizes + 1, SIZE_COUNT - 1, "the thread sanitizer has no room for more");
    if (_vgnU_freeres != NULL)
        return create(sizes + 1, SIZE_COUNT - 1, "valgrind takes seconds for more");
    return create(sizes, SIZE_COUNT, "");
}

int pl_space_open_sized(size_t size_bytes)
{
    int code = check_size(size_bytes);
    if (code != 0)
        return code;
    size_bytes = whole_units(size_bytes);
    struct pl_space *space = pl_space_get();
    if (space == NULL && (space = create(&size_bytes, 1, "as asked for")) == NULL)
        return parallel_last_error()->code;
    if (space->segment.size_bytes >= size_bytes)
        return 0;
    char asked[PL_SIZE_TEXT], open[PL_SIZE_TEXT];
    return pl_error_set(PARALLEL_ERANGE, 0, "shared space: %s asked for, but it is open already with %s",
                        pl_size_format(size_bytes, asked), pl_size_format(space->segment.size_bytes, open));
}

int pl_space_attach(int fd)
{
    if (pl_space_get() != NULL)
        return pl_error_set(PARALLEL_EMISUSE, 0, "shared space: this process has one already");
    struct pl_space *space = calloc(1, sizeof *space);
    if (space == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "shared memory: no memory for %zu bytes", sizeof *space);
    int code = pl_segment_attach(fd, &space->segment);
    if (code != 0) {
        free(space);
        return code;
    }
    lay_out(space);
    give_reason(space, "where the process has it that started this one");
    if (install(space) != space)
        return pl_error_set(PARALLEL_EMISUSE, 0, "shared space: another thread of this process made one");
    return 0;
}

int pl_space_descriptor(void)
{
    struct pl_space *space = pl_space_get();
    return space != NULL && pl_segment_has_descriptor(&space->segment) ? space->segment.fd : -1;
}

void pl_space_sweep(void)
{
    struct pl_space *space = pl_space_get();
    if (space != NULL)
        pl_participants_sweep(space);
}
