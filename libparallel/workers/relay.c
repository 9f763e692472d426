/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The first bytes in each pipe are the pid of the worker, written by itself: so the pid is right however late the line is
 * read. The relay keeps the writing ends until the worker is known to have ended; the end of a pipe comes after that, when
 * children of the worker have closed it too. Then the channel is freed, by the thread. */
#include "libparallel/workers/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "libparallel/base/error.h"
#include "libparallel/base/lock.h"

/* A tag and a piece of a line fit into PIPE_BUF bytes (4096), so they arrive in one piece. */
enum { LINE_SIZE = 1024, TAG_SIZE = 40, READ_SIZE = 16384, NAME_SIZE = 16 };

/* Of one stream at a time: all that a pipe can hold (fs.pipe-max-size), after which others have their turn. */
enum { DRAINED_AT_ONCE = 1 << 20 };

struct stream {
    int reading;    /* -1: at its end */
    int writing;    /* -1: finished; under the relay's lock, as `is_finished` of the channel */
    size_t greeted; /* bytes of `pid` that have come */
    pid_t pid;
    size_t length;
    char line[LINE_SIZE];
};

struct pl_relay_channel {
    struct pl_relay_channel *next; /* under the lock */
    struct stream streams[2];      /* of stdout and of stderr; but for `writing` the thread's */
    bool is_finished;
    char name[NAME_SIZE];
};

struct pl_relay {
    struct pl_lock lock;
    struct pl_relay_channel *channels;
    bool is_stopping; /* under the lock */
    int wake;         /* eventfd: look at the channels again */
    pthread_t thread;
};

/* ---- Writing ---- */

static void write_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EAGAIN) { /* somebody has made it non-blocking */
            struct pollfd wait = {.fd = file, .events = POLLOUT};
            (void)poll(&wait, 1, -1);
        } else if (written < 0 && errno != EINTR) {
            return; /* nobody reads, or there is no room on the disk: then it is lost, as it would be without the relay */
        } else if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
}

/* Index 0 is stdout, 1 is stderr. */
static void pass_on(const struct pl_relay_channel *channel, int index)
{
    const struct stream *stream = &channel->streams[index];
    char text[TAG_SIZE + LINE_SIZE + 1];
    size_t tag = (size_t)snprintf(text, TAG_SIZE, "[%s %d] ", channel->name, (int)stream->pid);
    memcpy(text + tag, stream->line, stream->length);
    text[tag + stream->length] = '\n';
    write_all(index == 0 ? STDOUT_FILENO : STDERR_FILENO, text, tag + stream->length + 1);
}

/* ---- Reading ---- */

static void take(struct pl_relay_channel *channel, int index, const char *bytes, size_t count)
{
    struct stream *stream = &channel->streams[index];
    while (count > 0 && stream->greeted < sizeof stream->pid) {
        ((char *)&stream->pid)[stream->greeted++] = *bytes++;
        count--;
    }
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != '\n')
            stream->line[stream->length++] = bytes[i];
        if (bytes[i] == '\n' || stream->length == LINE_SIZE) {
            pass_on(channel, index);
            stream->length = 0;
        }
    }
}

/* What stands in the pipe now. */
static void drain(struct pl_relay_channel *channel, int index, bool is_finished)
{
    struct stream *stream = &channel->streams[index];
    char bytes[READ_SIZE];
    ssize_t count = 1;
    for (size_t taken = 0; count > 0 && taken < DRAINED_AT_ONCE; taken += count > 0 ? (size_t)count : 0) {
        while ((count = read(stream->reading, bytes, sizeof bytes)) < 0 && errno == EINTR)
            continue;
        if (count > 0)
            take(channel, index, bytes, (size_t)count);
    }
    bool is_at_end = count == 0;
    if ((is_at_end || is_finished) && stream->length > 0) { /* a last line without an end */
        pass_on(channel, index);
        stream->length = 0;
    }
    if (is_at_end) {
        close(stream->reading);
        stream->reading = -1;
    }
}

/* ---- The thread ---- */

/* Under the lock. The places to wait at: the wake, then both streams of each channel. NULL: no memory. */
static struct pollfd *list_places(struct pl_relay *relay, nfds_t *count)
{
    *count = 1;
    for (struct pl_relay_channel *channel = relay->channels; channel != NULL; channel = channel->next)
        *count += 2;
    struct pollfd *places = calloc(*count, sizeof *places);
    if (places == NULL)
        return NULL;
    places[0] = (struct pollfd){.fd = relay->wake, .events = POLLIN};
    nfds_t i = 1;
    for (struct pl_relay_channel *channel = relay->channels; channel != NULL; channel = channel->next)
        for (int k = 0; k < 2; k++)
            places[i++] = (struct pollfd){.fd = channel->streams[k].reading, .events = POLLIN};
    return places;
}

static void look_at_all(struct pl_relay *relay, bool is_last)
{
    pl_lock_acquire(&relay->lock);
    struct pl_relay_channel *channel = relay->channels;
    pl_lock_release(&relay->lock);
    while (channel != NULL) { /* others add at the head, and take none away */
        pl_lock_acquire(&relay->lock);
        struct pl_relay_channel *next = channel->next;
        bool is_finished = channel->is_finished || is_last;
        pl_lock_release(&relay->lock);
        for (int k = 0; k < 2; k++)
            if (channel->streams[k].reading >= 0)
                drain(channel, k, is_finished);
        channel = next;
    }
}

static void free_channel(struct pl_relay_channel *channel)
{
    for (int k = 0; k < 2; k++) {
        if (channel->streams[k].reading >= 0)
            close(channel->streams[k].reading);
        if (channel->streams[k].writing >= 0)
            close(channel->streams[k].writing);
    }
    free(channel);
}

/* Under the lock. */
static void free_ended(struct pl_relay *relay, bool is_last)
{
    for (struct pl_relay_channel **link = &relay->channels; *link != NULL;) {
        struct pl_relay_channel *channel = *link;
        bool is_at_end = channel->streams[0].reading < 0 && channel->streams[1].reading < 0;
        if (is_last || (channel->is_finished && is_at_end)) {
            *link = channel->next;
            free_channel(channel);
        } else {
            link = &channel->next;
        }
    }
}

/* Where there is no memory for the list of places, it looks at all of them so often. */
enum { BLIND_MS = 10 };

static void *relay_body(void *context)
{
    struct pl_relay *relay = context;
    pthread_setname_np(pthread_self(), "parallel-relay");
    for (bool is_last = false; !is_last;) {
        pl_lock_acquire(&relay->lock);
        is_last = relay->is_stopping;
        nfds_t count;
        struct pollfd *places = is_last ? NULL : list_places(relay, &count);
        pl_lock_release(&relay->lock);
        if (places != NULL)
            (void)poll(places, count, -1);
        else if (!is_last)
            (void)poll(NULL, 0, BLIND_MS);
        free(places);
        uint64_t wakes;
        (void)!read(relay->wake, &wakes, sizeof wakes); /* before the look: what comes later wakes poll() again */
        look_at_all(relay, is_last);
        pl_lock_acquire(&relay->lock);
        free_ended(relay, is_last);
        pl_lock_release(&relay->lock);
    }
    return NULL;
}

static void wake(struct pl_relay *relay)
{
    const uint64_t one = 1;
    (void)!write(relay->wake, &one, sizeof one); /* if it is full, it is awake */
}

/* ---- The interface ---- */

int pl_relay_start(struct pl_relay **out)
{
    struct pl_relay *relay = calloc(1, sizeof *relay);
    if (relay == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for the relay of what workers write");
    int code = 0;
    relay->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (relay->wake < 0) {
        code = pl_error_set(PARALLEL_ESYSTEM, errno, "no eventfd for the relay of what workers write");
        free(relay);
        return code;
    }
    sigset_t all, before;
    sigfillset(&all); /* SIGPIPE too: a program whose output nobody reads learns of it when it writes itself */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&relay->thread, NULL, relay_body, relay);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        code = pl_error_set(PARALLEL_EWORKER, error, "the thread that passes on what workers write cannot be started");
        close(relay->wake);
        free(relay);
        return code;
    }
    *out = relay;
    return 0;
}

void pl_relay_stop(struct pl_relay *relay)
{
    if (relay == NULL)
        return;
    pl_lock_acquire(&relay->lock);
    relay->is_stopping = true;
    pl_lock_release(&relay->lock);
    wake(relay);
    pthread_join(relay->thread, NULL);
    close(relay->wake);
    free(relay);
}

struct pl_relay_channel *pl_relay_open(struct pl_relay *relay, const char *name, int ends[2])
{
    struct pl_relay_channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL) {
        pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory to pass on what worker %s writes", name);
        return NULL;
    }
    snprintf(channel->name, sizeof channel->name, "%s", name);
    for (int k = 0; k < 2; k++)
        channel->streams[k].reading = channel->streams[k].writing = -1;
    for (int k = 0; k < 2; k++) {
        int pipe_ends[2];
        if (pipe2(pipe_ends, O_CLOEXEC) != 0 || fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK) != 0) {
            pl_error_set(PARALLEL_ESYSTEM, errno, "no pipe to pass on what worker %s writes", name);
            free_channel(channel);
            return NULL;
        }
        channel->streams[k].reading = pipe_ends[0];
        channel->streams[k].writing = ends[k] = pipe_ends[1];
    }
    pl_lock_acquire(&relay->lock);
    channel->next = relay->channels;
    relay->channels = channel;
    pl_lock_release(&relay->lock);
    wake(relay);
    return channel;
}

void pl_relay_finish(struct pl_relay *relay, struct pl_relay_channel *channel)
{
    pl_lock_acquire(&relay->lock);
    for (int k = 0; k < 2; k++) {
        close(channel->streams[k].writing);
        channel->streams[k].writing = -1;
    }
    channel->is_finished = true;
    pl_lock_release(&relay->lock);
    wake(relay);
}

void pl_relay_greet(const int ends[2])
{
    const pid_t pid = getpid();
    for (int k = 0; k < 2; k++)
        write_all(ends[k], (const char *)&pid, sizeof pid);
}
