/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/property.h"

static char *printed_table(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(stream);
    parallel_settings_print(stream);
    fclose(stream);
    return text;
}

PROPERTY(each_setting_has_a_name_a_meaning_a_default_and_a_value)
{
    int rows = 0;
    char *table = printed_table(), *rest = table;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && line[0] != '\0'; rows++) {
        ck_assert_msg(strncmp(line, "PARALLEL_", 9) == 0, "no name: %s", line);
        ck_assert_msg(strlen(line + strcspn(line, " ")) > 10, "no meaning: %s", line);
        line = strsep(&rest, "\n");
        const char *fallback = strstr(line, "default: "), *now = strstr(line, "; now: ");
        ck_assert_msg(fallback != NULL && fallback[9] != ';', "no default: %s", line);
        ck_assert_msg(now != NULL && now[7] != '\0', "no value: %s", line);
    }
    ck_assert_int_eq(rows, PL_SETTING_COUNT);
    free(table);
}
PROPERTY_END

PROPERTY(values_stand_as_they_were_set)
{
    setenv("PARALLEL_EXECUTOR", "threads:4,places=l3", 1);
    setenv("PARALLEL_WORKERS", "a dozen", 1);
    unsetenv("PARALLEL_PLACES");
    char *table = printed_table();
    ck_assert_ptr_nonnull(strstr(table, "default: threads; now: threads:4,places=l3\n"));
    ck_assert_ptr_nonnull(strstr(table, "now: a dozen (malformed)\n"));
    ck_assert_ptr_nonnull(strstr(table, "default: cores; none if a quota gives fewer; now: default\n"));
    free(table);
}
PROPERTY_END

PROPERTY(a_stream_that_fails_leaves_errno_alone)
{
    FILE *file = fopen("/dev/full", "w");
    ck_assert_ptr_nonnull(file);
    setvbuf(file, NULL, _IONBF, 0); /* or nothing would fail before the end */
    errno = EDOM;
    parallel_settings_print(file);
    ck_assert_int_eq(errno, EDOM);
    fclose(file);
}
PROPERTY_END

PROPERTIES(each_setting_has_a_name_a_meaning_a_default_and_a_value, values_stand_as_they_were_set,
           a_stream_that_fails_leaves_errno_alone)
