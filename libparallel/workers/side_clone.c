/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The one piece of assembler: a clone whose child goes on at a function of its own. libc's clone() would do,
 * but newer thread sanitizers take every clone() for a fork. The child's return address is declared
 * undefined, so that a walk of its stack ends there. */
#include "libparallel/workers/side_clone.h"

#if PL_HAS_SIDE_CLONE
/* rdi flags, rsi stack_end, rdx pidfd, rcx body, r8 context; the kernel wants rdi flags, rsi stack, rdx
 * pidfd, and r10 and r8 zero. body and context travel on the new stack, which is aligned again once they are
 * popped. 56 is clone. */
__asm__(".text\n"
        ".globl pl_side_clone\n"
        ".hidden pl_side_clone\n"
        ".type pl_side_clone, @function\n"
        "pl_side_clone:\n"
        ".cfi_startproc\n"
        "    andq $-16, %rsi\n"
        "    subq $16, %rsi\n"
        "    movq %rcx, 0(%rsi)\n"
        "    movq %r8, 8(%rsi)\n"
        "    xorl %r10d, %r10d\n"
        "    xorl %r8d, %r8d\n"
        "    movl $56, %eax\n"
        "    syscall\n"
        "    testq %rax, %rax\n"
        "    jz 1f\n"
        "    ret\n"
        "1:\n"
        ".cfi_undefined rip\n"
        "    xorl %ebp, %ebp\n"
        "    popq %rax\n"
        "    popq %rdi\n"
        "    call *%rax\n"
        "    hlt\n"
        ".cfi_endproc\n"
        ".size pl_side_clone, .-pl_side_clone\n");
#endif
