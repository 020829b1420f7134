/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Macros for the compiler. */
#ifndef FLOWLABEL_COMPILER_H
#define FLOWLABEL_COMPILER_H

#include <linux/types.h>

#define fl_inline static inline __attribute__((always_inline))
#define fl_likely(x) __builtin_expect(!!(x), 1)
#define fl_unlikely(x) __builtin_expect(!!(x), 0)

/* Makes clang read memory again instead of keeping values. BPF has ten registers, so that clang would keep them on the
 * stack: it would write memory, and read memory as well. */
#define fl_reload() __asm__ volatile("" : : : "memory")

/* The low 32 bits of WORD. In BPF this is one move of a 32-bit register, which clears the upper half; clang would make
 * it two shifts. */
fl_inline __u64 fl_low_half(__u64 word)
{
#ifdef __bpf__
	__u32 low;

	__asm__("%0 = %1" : "=w"(low) : "w"((__u32)word));
	return low;
#else
	return (__u32)word;
#endif
}

#endif
