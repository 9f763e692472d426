/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Units are powers of 1024 and nothing else: a size here is always a number of pages in the end. */
#include "libparallel/base/size.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *letter;
    unsigned shift;
} units[] = {{"TiB", "T", 40}, {"GiB", "G", 30}, {"MiB", "M", 20}, {"KiB", "K", 10}, {"", "", 0}};

enum {
    UNIT_COUNT = sizeof units / sizeof units[0],
    ROUNDED_ABOVE = 1 << 20,
};

bool pl_size_parse(const char *text, size_t *bytes)
{
    if (text[0] < '0' || text[0] > '9') /* strtoull() would take blanks and signs */
        return false;
    int saved_errno = errno;
    errno = 0;
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    bool fits = errno == 0 && number > 0;
    errno = saved_errno;
    for (int unit = 0; unit < UNIT_COUNT; unit++) {
        if (strcmp(end, units[unit].name) != 0 && strcmp(end, units[unit].letter) != 0)
            continue;
        if (!fits || number > SIZE_MAX >> units[unit].shift)
            return false;
        *bytes = (size_t)number << units[unit].shift;
        return true;
    }
    return false;
}

const char *pl_size_format(size_t bytes, char text[PL_SIZE_TEXT])
{
    for (int unit = 0; unit < UNIT_COUNT - 1; unit++) {
        size_t one = (size_t)1 << units[unit].shift;
        if (bytes >= one && bytes % one == 0) {
            snprintf(text, PL_SIZE_TEXT, "%zu %s", bytes / one, units[unit].name);
            return text;
        }
        /* What is exact only in many digits of a small unit says more when it is rounded. */
        if (bytes >= one && bytes > ROUNDED_ABOVE) {
            snprintf(text, PL_SIZE_TEXT, "%.1f %s", (double)bytes / (double)one, units[unit].name);
            return text;
        }
    }
    snprintf(text, PL_SIZE_TEXT, "%zu byte%s", bytes, bytes == 1 ? "" : "s");
    return text;
}
