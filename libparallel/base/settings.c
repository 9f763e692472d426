/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The table of settings. The environment is read once, at the first use of any setting, so a later setenv() by the
 * program changes nothing, and no thread reads the environment while another one writes it. A count or flag is parsed
 * here; a text is checked by the floor that understands it. */
#include "libparallel/base/settings.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/error.h"

enum setting_type { FLAG, COUNT, CHOICE, TEXT };

struct setting {
    const char *name;
    enum setting_type type;
    const char *fallback; /* in words, for the table */
    const char *meaning;
    const char *choices[3]; /* the first is the default */
    const char *choices_in_words;
};

static const struct setting table[PL_SETTING_COUNT] = {
    [PL_SETTING_EXECUTOR] = {
        .name = "PARALLEL_EXECUTOR",
        .type = TEXT,
        .fallback = "threads",
        .meaning = "specification of the default executor, such as serial or threads:4,places=l3",
    },
    [PL_SETTING_WORKERS] = {
        .name = "PARALLEL_WORKERS",
        .type = COUNT,
        .fallback = "all cores that are ours",
        .meaning = "upper limit on the number of workers of every executor and loop",
    },
    [PL_SETTING_PLACES] = {
        .name = "PARALLEL_PLACES",
        .type = TEXT,
        .fallback = "cores; none if a quota gives fewer",
        .meaning = "where workers run: cores, pus, l3, numa, packages, inherit, none, or a list as hwloc writes it",
    },
    [PL_SETTING_PROGRESS] = {
        .name = "PARALLEL_PROGRESS",
        .type = CHOICE,
        .fallback = "auto",
        .meaning = "how loops with .progress show it on stderr: auto (a bar on a terminal, else lines), lines, or off",
        .choices = {"auto", "lines", "off"},
        .choices_in_words = "auto, lines or off",
    },
    [PL_SETTING_SHARED_SPACE] = {
        .name = "PARALLEL_SHARED_SPACE",
        .type = TEXT,
        .fallback = "1TiB, or what there is room for",
        .meaning = "addresses reserved for shared memory, such as 64GiB",
    },
    [PL_SETTING_SHOW_PLACES] = {
        .name = "PARALLEL_SHOW_PLACES",
        .type = FLAG,
        .fallback = "0",
        .meaning = "1 writes one line a worker: where it runs",
    },
    [PL_SETTING_WAIT] = {
        .name = "PARALLEL_WAIT",
        .type = CHOICE,
        .fallback = "auto",
        .meaning = "how long workers and waiters look before they sleep: auto (what a wake costs), spin (a second), sleep (not)",
        .choices = {"auto", "spin", "sleep",
    },
        .choices_in_words = "auto, spin or sleep",
    },
    [PL_SETTING_QUIET] = {
        .name = "PARALLEL_QUIET",
        .type = FLAG,
        .fallback = "0",
        .meaning = "1 silences reports and warnings on stderr",
    },
};

static struct {
    const char *text;
    size_t count;
    bool flag;
    bool is_malformed;
    bool is_lost; /* there was no memory to keep its text */
} values[PL_SETTING_COUNT];

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void read_value(enum pl_setting setting)
{
    const char *text = getenv(table[setting].name);
    if (text == NULL || text[0] == '\0') /* set to nothing is not set, as for OpenMP's variables */
        return;
    values[setting].text = strdup(text);
    values[setting].is_lost = values[setting].text == NULL;
    char *end = NULL;
    switch (table[setting].type) {
    case TEXT:
        break;
    case FLAG:
        values[setting].flag = strcmp(text, "1") == 0;
        values[setting].is_malformed = strcmp(text, "0") != 0 && strcmp(text, "1") != 0;
        break;
    case COUNT:
        if (text[0] >= '0' && text[0] <= '9') {
            errno = 0;
            unsigned long count = strtoul(text, &end, 10);
            values[setting].is_malformed = *end != '\0' || errno != 0 || count == 0 || count > PL_LARGEST_COUNT;
            values[setting].count = values[setting].is_malformed ? 0 : count;
        } else {
            values[setting].is_malformed = true;
        }
        break;
    case CHOICE:
        values[setting].is_malformed = true;
        for (size_t i = 0; i < sizeof table[setting].choices / sizeof table[setting].choices[0]; i++)
            if (strcmp(text, table[setting].choices[i]) == 0) {
                values[setting].count = i;
                values[setting].is_malformed = false;
            }
        break;
    }
}

static void read_environment(void)
{
    int saved_errno = errno;
    for (int setting = 0; setting < PL_SETTING_COUNT; setting++)
        read_value((enum pl_setting)setting);
    errno = saved_errno;
}

int parallel_settings_check(void)
{
    pthread_once(&once, read_environment);
    for (int setting = 0; setting < PL_SETTING_COUNT; setting++) {
        if (values[setting].is_lost)
            return pl_error_set(PARALLEL_ENOMEMORY, 0, "%s: no memory to keep its value", table[setting].name);
        if (!values[setting].is_malformed)
            continue;
        const char *expected = table[setting].type == FLAG    ? "0 or 1"
                               : table[setting].type == COUNT ? "a whole number from 1 to 4194304"
                                                              : table[setting].choices_in_words;
        return pl_error_set(PARALLEL_ESETTING, 0, "%s=%.100s: expected %s", table[setting].name,
                            values[setting].text, expected);
    }
    return 0;
}

void parallel_settings_print(FILE *stream)
{
    pthread_once(&once, read_environment);
    int saved_errno = errno; /* a stream that fails says so in its own error flag */
    for (int setting = 0; setting < PL_SETTING_COUNT; setting++) {
        const char *text = values[setting].text;
        fprintf(stream, "%-22s %s\n%24sdefault: %s; now: %s%s\n", table[setting].name, table[setting].meaning, "",
                table[setting].fallback, text != NULL ? text : "default",
                values[setting].is_malformed ? " (malformed)" : "");
    }
    errno = saved_errno;
}

bool pl_setting_flag(enum pl_setting setting)
{
    pthread_once(&once, read_environment);
    return values[setting].flag;
}

size_t pl_setting_count(enum pl_setting setting)
{
    pthread_once(&once, read_environment);
    return values[setting].count;
}

int pl_setting_choice(enum pl_setting setting)
{
    pthread_once(&once, read_environment);
    return (int)values[setting].count;
}

const char *pl_setting_text(enum pl_setting setting)
{
    pthread_once(&once, read_environment);
    return values[setting].text;
}
