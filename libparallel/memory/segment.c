/* SPDX-License-Identifier: BSD-3-Clause
 *
 * memfd_create(2), and everything that can go wrong with a big one:
 *
 * - ftruncate() beyond RLIMIT_FSIZE kills the program by SIGXFSZ, so the limit is read first.
 * - The size is sealed: nobody can shrink the file under a mapping, which would turn every access into SIGBUS.
 * - It is mapped without access first and unlocked before it becomes accessible: under mlockall(MCL_FUTURE) the kernel
 *   would otherwise fill all of it with memory at once.
 * - The address is a hint without MAP_FIXED_NOREPLACE, compared afterwards. The thread sanitizer drops a hint that it
 *   does not like and keeps the flags, and MAP_FIXED_NOREPLACE at address 0 maps the null page for root (measured).
 * - fallocate() gives up with EINTR, and undoes all it did, at each signal, so a program with a fast interval timer
 *   would never get a big block: it is done in pieces.
 * - A program that closes all descriptors (a daemon does) would have us punch holes into a file of its own: each use
 *   checks that the descriptor still names the memfd, and goes through the mapping otherwise. */
#include "libparallel/memory/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libparallel/base/error.h"
#include "libparallel/base/size.h"

/* What older C libraries do not define yet. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define MAGIC UINT64_C(0x706c6d656d6f7279) /* "plmemory" */

/* The piece that one fallocate() commits. 256 KiB take 50 us here, which fits between two ticks of any profiler; the
 * system calls for more and smaller pieces than one cost 2 %. */
#define COMMIT_PIECE ((size_t)256 << 10)

static int new_file(size_t size_bytes, int *fd)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && size_bytes > limit.rlim_cur) {
        char asked[PL_SIZE_TEXT], allowed[PL_SIZE_TEXT];
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "shared memory: %s exceed the file size limit (ulimit -f) of %s",
                            pl_size_format(size_bytes, asked), pl_size_format((size_t)limit.rlim_cur, allowed));
    }
    /* MFD_NOEXEC_SEAL: systems with vm.memfd_noexec=2 allow nothing else; kernels before 6.3 do not know it. */
    int file = memfd_create("libparallel", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    if (file < 0 && errno == EINVAL)
        file = memfd_create("libparallel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0)
        return pl_error_set(PARALLEL_ESYSTEM, errno, "shared memory: memfd_create");
    if (ftruncate(file, (off_t)size_bytes) != 0 ||
        fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        char asked[PL_SIZE_TEXT];
        int code = pl_error_set(PARALLEL_ESYSTEM, errno, "shared memory: a memfd of %s",
                                pl_size_format(size_bytes, asked));
        close(file);
        return code;
    }
    *fd = file;
    return 0;
}

/* MAP_FAILED with errno; an address other than a hint that is not 0 is no success, and reads as EEXIST. */
static void *map(int fd, size_t size_bytes, uint64_t hint)
{
    void *wanted = (void *)(uintptr_t)hint;
    void *base = mmap(wanted, size_bytes, PROT_NONE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (base == MAP_FAILED)
        return MAP_FAILED;
    int error = EEXIST;
    if (hint == 0 || base == wanted) {
        munlock(base, size_bytes); /* see the head of this file */
        if (mprotect(base, size_bytes, PROT_READ | PROT_WRITE) == 0)
            return base;
        error = errno;
    }
    munmap(base, size_bytes);
    errno = error;
    return MAP_FAILED;
}

static int adopt(struct pl_segment *segment, void *base, size_t size_bytes, int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return pl_error_set(PARALLEL_ESYSTEM, errno, "shared memory: fstat");
    *segment = (struct pl_segment){
        .base = base, .size_bytes = size_bytes, .fd = fd, .device = status.st_dev, .inode = status.st_ino};
    /* A core dump would otherwise read the whole of it. It is advice: an old kernel may not know it. */
    (void)madvise(base, size_bytes, MADV_DONTDUMP);
    return 0;
}

int pl_segment_create(size_t size_bytes, const uint64_t *hints, int hint_count, struct pl_segment *segment)
{
    static const uint64_t anywhere[] = {0};
    if (hint_count == 0) {
        hints = anywhere;
        hint_count = 1;
    }
    int saved_errno = errno;
    int fd = -1;
    int code = new_file(size_bytes, &fd);
    if (code != 0)
        goto out;
    void *base = MAP_FAILED;
    for (int i = 0; i < hint_count && base == MAP_FAILED; i++)
        base = map(fd, size_bytes, hints[i]);
    if (base == MAP_FAILED) {
        char asked[PL_SIZE_TEXT];
        code = pl_error_set(PARALLEL_ENOMEMORY, errno, "shared memory: mapping %s",
                            pl_size_format(size_bytes, asked));
        goto out_close;
    }
    struct pl_segment made;
    code = adopt(&made, base, size_bytes, fd);
    if (code == 0)
        code = pl_segment_commit(&made, 0, sizeof(struct pl_segment_header));
    if (code != 0) {
        munmap(base, size_bytes);
        goto out_close;
    }
    *(struct pl_segment_header *)base = (struct pl_segment_header){.magic = MAGIC,
                                                                  .layout_version = PL_SEGMENT_LAYOUT_VERSION,
                                                                  .header_bytes = sizeof(struct pl_segment_header),
                                                                  .size_bytes = size_bytes,
                                                                  .address = (uint64_t)(uintptr_t)base};
    *segment = made;
    goto out;
out_close:
    close(fd);
out:
    errno = saved_errno;
    return code;
}

static int read_header(int fd, struct pl_segment_header *header)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return pl_error_set(PARALLEL_ESYSTEM, errno, "shared memory: descriptor %d", fd);
    ssize_t length = pread(fd, header, sizeof *header, 0);
    if (length < 0)
        return pl_error_set(PARALLEL_EINVALID, errno, "shared memory: descriptor %d cannot be read", fd);
    if (length < (ssize_t)sizeof *header || header->magic != MAGIC)
        return pl_error_set(PARALLEL_EINVALID, 0, "shared memory: descriptor %d is not a segment", fd);
    if (header->layout_version != PL_SEGMENT_LAYOUT_VERSION || header->header_bytes != sizeof *header)
        return pl_error_set(PARALLEL_EINVALID, 0, "shared memory: layout version %u, but this library has version %d",
                            (unsigned)header->layout_version, PL_SEGMENT_LAYOUT_VERSION);
    if (header->size_bytes != (uint64_t)status.st_size || header->address == 0 ||
        header->address % PL_SEGMENT_ALIGNMENT != 0)
        return pl_error_set(PARALLEL_EINVALID, 0, "shared memory: the header of descriptor %d is damaged", fd);
    return 0;
}

int pl_segment_attach(int fd, struct pl_segment *segment)
{
    int saved_errno = errno;
    struct pl_segment_header header;
    int code = read_header(fd, &header);
    if (code != 0)
        goto out;
    size_t size_bytes = (size_t)header.size_bytes;
    void *base = map(fd, size_bytes, header.address);
    if (base == MAP_FAILED) {
        char size[PL_SIZE_TEXT];
        code = pl_error_set(PARALLEL_ENOMEMORY, errno, "shared memory: %s at %#llx, where the parent has them",
                            pl_size_format(size_bytes, size), (unsigned long long)header.address);
        goto out;
    }
    code = adopt(segment, base, size_bytes, fd);
    if (code != 0)
        munmap(base, size_bytes);
out:
    errno = saved_errno;
    return code;
}

void pl_segment_detach(struct pl_segment *segment)
{
    int saved_errno = errno;
    munmap(segment->base, segment->size_bytes);
    if (pl_segment_has_descriptor(segment))
        close(segment->fd);
    errno = saved_errno;
}

bool pl_segment_has_descriptor(const struct pl_segment *segment)
{
    int saved_errno = errno;
    struct stat status;
    bool is_ours = fstat(segment->fd, &status) == 0 && (uint64_t)status.st_dev == segment->device &&
                   (uint64_t)status.st_ino == segment->inode;
    errno = saved_errno;
    return is_ours;
}

/* One piece, through the descriptor or else through the mapping; returns an errno. */
static int commit_piece(const struct pl_segment *segment, bool has_descriptor, size_t offset, size_t size_bytes)
{
    int result;
    do {
        if (has_descriptor) {
            result = fallocate(segment->fd, 0, (off_t)offset, (off_t)size_bytes);
        } else {
            size_t page = (size_t)sysconf(_SC_PAGESIZE);
            size_t first = offset / page * page;
            result = madvise(segment->base + first, offset + size_bytes - first, MADV_POPULATE_WRITE);
        }
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

int pl_segment_commit(const struct pl_segment *segment, size_t offset, size_t size_bytes)
{
    int saved_errno = errno;
    bool has_descriptor = pl_segment_has_descriptor(segment);
    int error = 0;
    for (size_t done = 0; error == 0 && done < size_bytes; done += COMMIT_PIECE) {
        size_t rest = size_bytes - done;
        error = commit_piece(segment, has_descriptor, offset + done, rest < COMMIT_PIECE ? rest : COMMIT_PIECE);
    }
    errno = saved_errno;
    if (error == 0)
        return 0;
    char size[PL_SIZE_TEXT];
    pl_size_format(size_bytes, size);
    if (error == EINVAL && !has_descriptor) /* MADV_POPULATE_WRITE came with Linux 5.14 */
        return pl_error_set(PARALLEL_ESYSTEM, 0, "shared memory: the program has closed descriptor %d, through which "
                            "memory is allocated", segment->fd);
    return pl_error_set(error == ENOSPC || error == ENOMEM ? PARALLEL_ENOMEMORY : PARALLEL_ESYSTEM, error,
                        "shared memory: %s", size);
}

void pl_segment_discard(const struct pl_segment *segment, size_t offset, size_t size_bytes)
{
    int saved_errno = errno;
    bool is_done = pl_segment_has_descriptor(segment) &&
                   fallocate(segment->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
                             (off_t)size_bytes) == 0;
    /* Through the mapping it needs no descriptor, but whole pages, and none of them locked by the program. */
    if (!is_done && madvise(segment->base + offset, size_bytes, MADV_REMOVE) != 0)
        memset(segment->base + offset, 0, size_bytes);
    errno = saved_errno;
}

size_t pl_segment_committed(const struct pl_segment *segment)
{
    struct stat status;
    if (!pl_segment_has_descriptor(segment) || fstat(segment->fd, &status) != 0)
        return 0;
    return (size_t)status.st_blocks * 512; /* stat(2): in units of 512 bytes, whatever the block size */
}
