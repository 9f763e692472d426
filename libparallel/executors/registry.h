/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is open: to tell a closed executor from an open one, for the end of the program, and for fork.
 *
 * Its lock is held for list work only, never while an executor runs, waits or ends. Who finds an executor there and goes on
 * to use it borrows it under the lock; closing waits until it is given back. */
#ifndef LIBPARALLEL_EXECUTORS_REGISTRY_H
#define LIBPARALLEL_EXECUTORS_REGISTRY_H

#include "libparallel/executors/executor.h"

/* Of pl_registry_borrow(): whatever its number. */
enum { PL_REGISTRY_ANY_NUMBER = 0 };

/* Gives the executor its number, and enters it. */
void pl_registry_enter(struct parallel_executor *executor);

/* Takes it out. False: another thread was faster. */
bool pl_registry_leave(struct parallel_executor *executor);

/* Borrows the executor of this address, and of this number, if it is open. The address is compared, not read. */
bool pl_registry_borrow(struct parallel_executor *executor, uint64_t number);

/* Borrows the youngest one with a number below that; NULL: there is none. */
struct parallel_executor *pl_registry_borrow_youngest(uint64_t below);

/* Ends a loan, any of the above. */
void pl_registry_give_back(struct parallel_executor *executor);

/* Of an executor that has been taken out: until nobody has it any more. */
void pl_registry_wait_for_borrowers(struct parallel_executor *executor);

/* While it is locked no executor is taken out. Over a fork, so that the child finds the list whole, and forgets it: none of
 * these executors has workers there. */
void pl_registry_lock(void);
void pl_registry_unlock(void);
void pl_registry_forget(void);

#endif
