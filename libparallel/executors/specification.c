/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reads an executor specification, KIND[:WORKERS][,OPTION=VALUE]..., into options. Every refusal names the part that is
 * wrong; an option that is given twice is wrong too. A place list may contain commas ("places=0,2,4"): a part without
 * `=` after places= belongs to it.
 *
 * Does not check what only the kind or the machine knows (places, the largest number of workers). */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/error.h"
#include "libparallel/base/size.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/start_method.h"

enum {
    PART_WORKERS = 1,
    PART_PLACES = 2,
    PART_NAME = 4,
    PART_QUEUE = 8,
    PART_FULL = 16,
    PART_IDLE = 32,
    PART_TIMEOUT = 64,
    PART_MEMORY = 128,
    PART_RETRIES = 256,
    PART_MAX_TASKS = 512,
    PART_OUTPUT = 1024,
    PART_RESOURCES = 2048,
    PART_START = 4096,
};

static int malformed(const char *specification, const char *part, const char *expected)
{
    return pl_error_set(PARALLEL_ESPECIFICATION, 0, "executor specification \"%s\": %s: %s", specification, part,
                        expected);
}

/* A whole number of at least 1, all of the text. */
static bool read_count(const char *text, size_t *count)
{
    if (text[0] < '0' || text[0] > '9')
        return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end != '\0' || errno != 0 || value == 0 || value > SIZE_MAX)
        return false;
    *count = (size_t)value;
    return true;
}

static bool read_seconds(const char *text, uint64_t *ns)
{
    if ((text[0] < '0' || text[0] > '9') && text[0] != '.')
        return false;
    char *end;
    double seconds = strtod(text, &end);
    if (*end != '\0' || !isfinite(seconds) || seconds <= 0.0 || seconds > 1e9)
        return false;
    *ns = (uint64_t)(seconds * 1e9);
    return *ns > 0;
}

static bool read_output(const char *text, enum parallel_output *output)
{
    static const char *const names[] = {"inherit", "tag", "capture"}; /* in the order of the enumerators */
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            *output = (enum parallel_output)i;
            return true;
        }
    }
    return false;
}

static int read_option(const char *specification, const char *name, char *value, unsigned *seen,
                       parallel_executor_options *options)
{
    unsigned part;
    const char *expected = NULL;
    if (strcmp(name, "workers") == 0) {
        part = PART_WORKERS;
        if (!read_count(value, &options->workers))
            expected = "expected a whole number of workers, at least 1";
    } else if (strcmp(name, "places") == 0) {
        part = PART_PLACES;
        options->places = value;
    } else if (strcmp(name, "name") == 0) {
        part = PART_NAME;
        options->name = value;
        if (value[0] == '\0')
            expected = "expected a name";
    } else if (strcmp(name, "queue") == 0) {
        part = PART_QUEUE;
        if (!read_count(value, &options->queue_limit))
            expected = "expected how many calls may wait, at least 1";
    } else if (strcmp(name, "full") == 0) {
        part = PART_FULL;
        options->refuses_when_full = strcmp(value, "refuse") == 0;
        if (!options->refuses_when_full && strcmp(value, "block") != 0)
            expected = "expected block or refuse";
    } else if (strcmp(name, "idle") == 0) {
        part = PART_IDLE;
        if (!read_seconds(value, &options->idle_timeout_ns))
            expected = "expected seconds, more than 0";
    } else if (strcmp(name, "timeout") == 0) {
        part = PART_TIMEOUT;
        if (!read_seconds(value, &options->timeout_ns))
            expected = "expected seconds, more than 0";
    } else if (strcmp(name, "memory") == 0) {
        part = PART_MEMORY;
        if (!pl_size_parse(value, &options->memory_bytes))
            expected = "expected a size such as 512MiB";
    } else if (strcmp(name, "retries") == 0) {
        part = PART_RETRIES;
        if (!read_count(value, &options->retries))
            expected = "expected how often a call is repeated whose worker has died, at least 1";
    } else if (strcmp(name, "max_tasks") == 0) {
        part = PART_MAX_TASKS;
        if (!read_count(value, &options->max_tasks))
            expected = "expected how many calls a worker makes, at least 1";
    } else if (strcmp(name, "start") == 0) {
        part = PART_START;
        if (!pl_start_method_of_name(value, &options->start))
            expected = "expected auto, zygote, spawn or fork";
    } else if (strcmp(name, "resources") == 0) {
        part = PART_RESOURCES;
        options->counts_resources = strcmp(value, "on") == 0;
        if (!options->counts_resources && strcmp(value, "off") != 0)
            expected = "expected on or off";
    } else if (strcmp(name, "output") == 0) {
        part = PART_OUTPUT;
        if (!read_output(value, &options->output))
            expected = "expected inherit, tag or capture";
    } else {
        return malformed(specification, name,
                         "no such option (workers, places, name, queue, full, idle, resources, timeout, memory, "
                         "retries, max_tasks, output, start)");
    }
    if (expected != NULL) {
        char quoted[128];
        snprintf(quoted, sizeof quoted, "%s=%s", name, value);
        return malformed(specification, quoted, expected);
    }
    if (*seen & part)
        return malformed(specification, name, "given twice");
    *seen |= part;
    return 0;
}

/* The end of the option that begins at `text`: the next comma after which an option begins, or the end. */
static char *end_of_option(char *text)
{
    bool is_list = strncmp(text, "places=", 7) == 0;
    char *comma = strchr(text, ',');
    while (is_list && comma != NULL) {
        size_t length = strcspn(comma + 1, ",=");
        if (comma[1 + length] == '=')
            break;
        comma = strchr(comma + 1, ',');
    }
    return comma != NULL ? comma : text + strlen(text);
}

int pl_specification_parse(const char *specification, parallel_executor_options *options, char **storage)
{
    *options = parallel_executor_options_default();
    *storage = NULL;
    char *text = strdup(specification);
    if (text == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for an executor specification");
    unsigned seen = 0;
    int code = 0;

    char *rest = text + strcspn(text, ",");
    bool has_options = *rest == ',';
    *rest = '\0';
    char *workers = strchr(text, ':');
    if (workers != NULL)
        *workers++ = '\0';
    options->kind = text;
    if (pl_executor_kind_of_name(text) == NULL) {
        code = pl_error_set(PARALLEL_ESPECIFICATION, 0,
                            "executor specification \"%s\": no such kind of executor: \"%s\" (there are: %s)",
                            specification, text, pl_executor_kind_names());
        goto failed;
    }
    if (workers != NULL) {
        seen |= PART_WORKERS;
        if (!read_count(workers, &options->workers)) {
            code = pl_error_set(PARALLEL_ESPECIFICATION, 0,
                                "executor specification \"%s\": \"%s\": expected a whole number of workers, at "
                                "least 1", specification, workers);
            goto failed;
        }
    }
    while (has_options) {
        char *option = rest + 1;
        rest = end_of_option(option);
        has_options = *rest == ',';
        *rest = '\0';
        char *value = strchr(option, '=');
        if (value == NULL) {
            code = malformed(specification, option[0] == '\0' ? "an empty option" : option,
                             "expected OPTION=VALUE");
            goto failed;
        }
        *value++ = '\0';
        code = read_option(specification, option, value, &seen, options);
        if (code != 0)
            goto failed;
    }
    *storage = text;
    return 0;

failed:
    free(text);
    return code;
}
