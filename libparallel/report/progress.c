/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Draws progress. All bars of the process stand below each other, the one that began last at the bottom; the cursor rests at the
 * end of the last one. A bar that has ended is drawn once more above the others, and stays:
 *
 *     load: 100 %|##########| 400/400 [00:02<00:00, 200/s]          ended
 *     rows:  45 %|####      | 450/1000 [00:03<00:04, 150/s]         drawn again ten times a second
 *
 * Where stderr is no terminal, and with PARALLEL_PROGRESS=lines, there is a line through the reporter now and then and one at
 * the end. A forked child begins without bars: those of its parent are the parent's to draw. */
#include "libparallel/report/progress.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libparallel/base/error.h"
#include "libparallel/base/fork.h"
#include "libparallel/base/lock.h"
#include "libparallel/base/settings.h"

/* In the order of the setting's choices. */
enum { AUTO, LINES, OFF };

#define BAR_PERIOD_NS  UINT64_C(100000000)  /* what an eye follows */
#define LINE_PERIOD_NS UINT64_C(5000000000) /* what a log bears */
#define SECOND_NS      UINT64_C(1000000000)

enum {
    LABEL_SIZE = 48,
    TAIL_SIZE = 112, /* two counts of 20 digits, two times, a rate */
    LINE_SIZE = 256,
    MOST_BARS = 8, /* drawn at a time; others wait until one ends */
    USUAL_COLUMNS = 80,
    NARROWEST_BAR = 4,
    WIDEST_BAR = 50,
};

struct pl_progress {
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t done; /* by the counting threads */
    _Atomic uint64_t due_ns;                           /* when it is drawn next; who moves it draws */
    _Alignas(2 * PL_CACHE_LINE) uint64_t total;        /* this and what follows: constant, but for `next` */
    uint64_t begin_ns;
    bool is_bar;
    struct pl_progress *next; /* bars only; guarded by the lock */
    char label[LABEL_SIZE];
};

static struct {
    struct pl_lock lock;
    struct pl_progress *first; /* in the order in which they began */
    size_t drawn;              /* lines that stand on the terminal now */
    uint32_t fork_count;
} bars;

/* ---- What a line says ---- */

static void print_time(char text[24], double seconds)
{
    unsigned long long whole = seconds < 1e9 ? (unsigned long long)seconds : 999999999;
    if (whole < 3600)
        snprintf(text, 24, "%02llu:%02llu", whole / 60, whole % 60);
    else
        snprintf(text, 24, "%llu:%02llu:%02llu", whole / 3600, whole / 60 % 60, whole % 60);
}

static void print_rate(char text[24], double rate)
{
    static const char *const prefixes[] = {"", "k", "M", "G", "T"};
    size_t k = 0;
    for (; rate >= 1000 && k < sizeof prefixes / sizeof prefixes[0] - 1; k++)
        rate /= 1000;
    if (rate >= 1 || rate == 0)
        snprintf(text, 24, "%.3g%s/s", rate, prefixes[k]);
    else
        snprintf(text, 24, "%.3g s each", 1 / rate);
}

/* "450/1000 [00:03<00:04, 150/s]": done, all, time since the begin, time to the end if it goes on so. */
static void print_tail(char text[TAIL_SIZE], const struct pl_progress *progress, uint64_t done, uint64_t now_ns)
{
    char elapsed[24], left[24] = "?", rate[24];
    double seconds = now_ns > progress->begin_ns ? (double)(now_ns - progress->begin_ns) / (double)SECOND_NS : 0;
    print_time(elapsed, seconds);
    if (done > 0)
        print_time(left, seconds * (double)(progress->total - done) / (double)done);
    print_rate(rate, seconds > 0 ? (double)done / seconds : 0);
    snprintf(text, TAIL_SIZE, "%llu/%llu [%s<%s, %s]", (unsigned long long)done, (unsigned long long)progress->total,
             elapsed, left, rate);
}

static uint64_t done_of(const struct pl_progress *progress)
{
    uint64_t done = pl_load_relaxed(&progress->done); /* relaxed: a number to look at */
    return done < progress->total ? done : progress->total;
}

static int percent_of(const struct pl_progress *progress, uint64_t done)
{
    return (int)(100 * ((double)done / (double)progress->total));
}

static int column_count(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return USUAL_COLUMNS;
    return size.ws_col < LINE_SIZE ? size.ws_col : LINE_SIZE;
}

/* One line of at most columns - 1 characters, so that no terminal breaks it. */
static void print_bar(char line[LINE_SIZE], const struct pl_progress *progress, uint64_t now_ns, int columns)
{
    char tail[TAIL_SIZE], bar[WIDEST_BAR + 3] = "";
    uint64_t done = done_of(progress);
    print_tail(tail, progress, done, now_ns);
    int width = columns - 1 - (int)(strlen(progress->label) + strlen(": 100 %|| ") + strlen(tail));
    width = width < WIDEST_BAR ? width : WIDEST_BAR;
    if (width >= NARROWEST_BAR) {
        int full = (int)((double)width * ((double)done / (double)progress->total));
        memset(bar, ' ', (size_t)width + 2);
        memset(bar + 1, '#', (size_t)full);
        bar[0] = bar[width + 1] = '|';
        bar[width + 2] = '\0';
    }
    snprintf(line, LINE_SIZE, "%s: %3d %%%s %s", progress->label, percent_of(progress, done), bar, tail);
    if (strlen(line) >= (size_t)columns)
        line[columns - 1] = '\0';
}

/* ---- The terminal ---- */

static void write_whole(const char *text, size_t length)
{
    int saved_errno = errno;
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            break; /* nobody looks */
        text += written;
        length -= (size_t)written;
    }
    errno = saved_errno;
}

/* Draws all bars in place of those that stand there, in one write; `ended` (NULL: none) above them, with a line of its own.
 * Under the lock. */
static void draw(const struct pl_progress *ended, uint64_t now_ns)
{
    char text[(MOST_BARS + 1) * (LINE_SIZE + 1) + 32], line[LINE_SIZE];
    int columns = column_count();
    size_t length = 0;
    if (bars.drawn > 1)
        length += (size_t)snprintf(text, sizeof text, "\033[%zuA", bars.drawn - 1); /* up */
    length += (size_t)snprintf(text + length, sizeof text - length, "\r\033[J"); /* clears what is below */
    if (ended != NULL) {
        print_bar(line, ended, now_ns, columns);
        length += (size_t)snprintf(text + length, sizeof text - length, "%s\n", line);
    }
    bars.drawn = 0;
    for (const struct pl_progress *bar = bars.first; bar != NULL && bars.drawn < MOST_BARS; bar = bar->next) {
        print_bar(line, bar, now_ns, columns);
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", bars.drawn > 0 ? "\n" : "", line);
        bars.drawn++;
    }
    write_whole(text, length);
}

static void report_line(const struct pl_progress *progress, uint64_t now_ns)
{
    char tail[TAIL_SIZE];
    uint64_t done = done_of(progress);
    print_tail(tail, progress, done, now_ns);
    pl_report("%s: %d %% %s", progress->label, percent_of(progress, done), tail);
}

/* In a child, whose only thread this is, a parent's thread may have held the lock. */
static void forget_bars_of_parent(void)
{
    if (bars.fork_count == pl_fork_count())
        return;
    bars.fork_count = pl_fork_count();
    bars.lock = (struct pl_lock)PL_LOCK_INITIALIZER;
    bars.first = NULL;
    bars.drawn = 0;
}

static void add_bar(struct pl_progress *progress, uint64_t now_ns)
{
    pl_lock_acquire(&bars.lock);
    struct pl_progress **end = &bars.first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = progress;
    draw(NULL, now_ns);
    pl_lock_release(&bars.lock);
}

static void remove_bar(struct pl_progress *progress, uint64_t now_ns)
{
    pl_lock_acquire(&bars.lock);
    struct pl_progress **place = &bars.first;
    while (*place != progress)
        place = &(*place)->next;
    *place = progress->next;
    draw(progress, now_ns);
    pl_lock_release(&bars.lock);
}

/* ---- The interface ---- */

struct pl_progress *pl_progress_begin(const char *label, uint64_t total, uint64_t now_ns)
{
    int mode = pl_setting_choice(PL_SETTING_PROGRESS);
    if (mode == OFF || pl_setting_flag(PL_SETTING_QUIET))
        return NULL;
    struct pl_progress *progress = aligned_alloc(_Alignof(struct pl_progress), sizeof *progress);
    if (progress == NULL)
        return NULL;
    atomic_init(&progress->done, 0);
    progress->total = total;
    progress->begin_ns = now_ns;
    progress->is_bar = mode == AUTO && isatty(STDERR_FILENO);
    progress->next = NULL;
    atomic_init(&progress->due_ns, now_ns + (progress->is_bar ? BAR_PERIOD_NS : LINE_PERIOD_NS));
    snprintf(progress->label, sizeof progress->label, "%s", label);
    if (progress->is_bar) {
        forget_bars_of_parent();
        add_bar(progress, now_ns);
    }
    return progress;
}

void pl_progress_publish(struct pl_progress *progress, struct pl_progress_part *part, uint64_t now_ns)
{
    /* Relaxed throughout: numbers to look at. The end of the work publishes them to who ends it. */
    pl_add_relaxed(&progress->done, part->count);
    part->count = 0;
    part->published_ns = now_ns;
    uint64_t due_ns = pl_load_relaxed(&progress->due_ns);
    if (now_ns < due_ns ||
        !pl_cas_relaxed(&progress->due_ns, &due_ns, now_ns + (progress->is_bar ? BAR_PERIOD_NS : LINE_PERIOD_NS)))
        return;
    if (!progress->is_bar) {
        report_line(progress, now_ns);
    } else if (pl_lock_try(&bars.lock)) { /* else another bar is just drawing all */
        draw(NULL, now_ns);
        pl_lock_release(&bars.lock);
    }
}

void pl_progress_end(struct pl_progress *progress, uint64_t now_ns)
{
    if (progress == NULL)
        return;
    if (progress->is_bar)
        remove_bar(progress, now_ns);
    else
        report_line(progress, now_ns);
    free(progress);
}
