/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Two processes share a page, mapped at different addresses, so that the address cannot be what the kernel goes by. */
#include "libparallel/base/futex.h"

#include <sys/mman.h>
#include <unistd.h>

#include <libparallel/deadline.h>

#include "tests/support/in_child.h"
#include "tests/support/kernel_view.h"
#include "tests/support/property.h"

struct shared_page {
    _Atomic uint32_t word;
    _Atomic uint32_t answer;
};

static struct shared_page *map_page(int file)
{
    void *page = mmap(NULL, sizeof(struct shared_page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ck_assert_ptr_ne(page, MAP_FAILED);
    return page;
}

/* Ends with 0 if it was woken by somebody, then again by somebody who had changed the word. */
static _Noreturn void be_the_other_process(struct shared_page *page)
{
    if (pl_futex_wait(&page->word, 0, PARALLEL_NEVER, PL_FUTEX_SHARED) != PL_FUTEX_WOKEN)
        _exit(1);
    while (pl_load_acquire(&page->word) == 0) /* pairs with the store of the parent */
        pl_futex_wait(&page->word, 0, PARALLEL_NEVER, PL_FUTEX_SHARED);
    pl_store_release(&page->answer, pl_load_relaxed(&page->word)); /* pairs with the parent's load */
    pl_futex_wake(&page->answer, 1, PL_FUTEX_SHARED);
    _exit(0);
}

PROPERTY(a_wake_reaches_the_other_process)
{
    int file = memfd_create("futex", MFD_CLOEXEC);
    ck_assert_int_eq(ftruncate(file, sizeof(struct shared_page)), 0);
    struct shared_page *page = map_page(file), *same_page = map_page(file);
    ck_assert_ptr_ne(page, same_page);

    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        be_the_other_process(same_page);
    while (pl_futex_wake(&page->word, 1, PL_FUTEX_SHARED) == 0) /* until it sleeps */
        ;
    pl_store_release(&page->word, 7); /* pairs with the child's load */
    pl_futex_wake(&page->word, 1, PL_FUTEX_SHARED);
    while (pl_load_acquire(&page->answer) == 0) /* pairs with the child's store */
        pl_futex_wait(&page->answer, 0, PARALLEL_NEVER, PL_FUTEX_SHARED);
    ck_assert_uint_eq(pl_load_relaxed(&page->answer), 7);

    ck_assert_int_eq(wait_for_child(child), 0);
    ck_assert_uint_eq(current_children(NULL, 0), 0);
}
PROPERTY_END

PROPERTIES(a_wake_reaches_the_other_process)
