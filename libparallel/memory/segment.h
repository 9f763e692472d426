/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A segment: one memfd, full-sized from the start, mapped at one address by every process that uses it. It begins with
 * a header (magic, layout version, size, address), so that a process that inherits the descriptor across an exec knows
 * what it has and where it belongs. The file has no name and is gone with its last process.
 *
 * A hole costs nothing; memory is there from commit to discard. Does not know what is kept where in the segment. */
#ifndef LIBPARALLEL_MEMORY_SEGMENT_H
#define LIBPARALLEL_MEMORY_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Raised whenever the meaning of a byte in the segment changes, in this header or in anything behind it. */
    PL_SEGMENT_LAYOUT_VERSION = 1,
    /* What begins at a multiple of this begins a page, on every system with pages of at most 64 KiB. */
    PL_SEGMENT_ALIGNMENT = 65536,
};

struct pl_segment_header {
    uint64_t magic;
    uint32_t layout_version;
    uint32_t header_bytes;
    uint64_t size_bytes;
    uint64_t address;
};

struct pl_segment {
    char *base;        /* the same in every process */
    size_t size_bytes; /* a multiple of PL_SEGMENT_ALIGNMENT */
    int fd;            /* close-on-exec */
    uint64_t device;   /* what fd named when it was opened: a program may close what is not its own, */
    uint64_t inode;    /* and then the number soon names another file */
};

/* Makes a segment at one of the `hint_count` addresses, tried in order; with no hints at whatever address the kernel
 * gives. PARALLEL_ENOMEMORY: RLIMIT_FSIZE or the address space is too small, or every hint is taken;
 * PARALLEL_ESYSTEM: the system has no memfd. */
int pl_segment_create(size_t size_bytes, const uint64_t *hints, int hint_count, struct pl_segment *segment);

/* Maps the segment that an inherited descriptor names, at the address that its header says, and owns the descriptor
 * afterwards. PARALLEL_EINVALID: no segment of this layout version; PARALLEL_ENOMEMORY: the address is taken here. */
int pl_segment_attach(int fd, struct pl_segment *segment);

/* Unmaps it here and closes the descriptor: for a segment that lost the race to be the process's space, and tests. */
void pl_segment_detach(struct pl_segment *segment);

/* The descriptor still names the segment: the program has not closed it. */
bool pl_segment_has_descriptor(const struct pl_segment *segment);

/* Gives memory to a range that begins at a multiple of PL_SEGMENT_ALIGNMENT or is inside one; what it already has is
 * left as it is, so several processes may commit one range at the same time. Where there was none it reads as zero.
 * PARALLEL_ENOMEMORY: there is none; a part of the range may have got some. */
int pl_segment_commit(const struct pl_segment *segment, size_t offset, size_t size_bytes);

/* Takes the memory of a range away again: it reads as zero, and may be committed anew. Whole pages are given back to the
 * system. Never fails: in the worst case the range is overwritten with zeros. */
void pl_segment_discard(const struct pl_segment *segment, size_t offset, size_t size_bytes);

/* Bytes of memory that the segment has now. */
size_t pl_segment_committed(const struct pl_segment *segment);

#endif
