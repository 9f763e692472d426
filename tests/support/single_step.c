/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The steps are tests/support/stepper.h's. The shared object is a memfd: cut to length 0, its pages are gone from every
 * mapping at once. */
#include "tests/support/single_step.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/give_up.h"
#include "tests/support/stepper.h"

struct shared_object create_shared_object(size_t size_bytes)
{
    struct shared_object object = {.size_bytes = size_bytes, .file = memfd_create("shared_object", MFD_CLOEXEC)};
    if (object.file < 0 || ftruncate(object.file, (off_t)size_bytes) != 0)
        give_up("single_step: memfd");
    object.memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, object.file, 0);
    if (object.memory == MAP_FAILED)
        give_up("single_step: mmap");
    return object;
}

void revoke_shared_object(struct shared_object *object)
{
    if (ftruncate(object->file, 0) != 0)
        give_up("single_step: ftruncate");
}

bool run_in_single_steps(void (*body)(void *context), bool (*after_step)(void *context), void *context, int *status)
{
    pid_t child = begin_steps(body, context, status);
    if (child == 0) {
        errno = EPERM;
        return false;
    }
    while (step(child, status))
        if (WSTOPSIG(*status) == SIGTRAP && !after_step(context)) {
            end_steps(child, status);
            break;
        }
    return true;
}
