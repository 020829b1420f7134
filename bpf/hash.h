/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keyed hash of the tables, for programs and for user space (C and C++). */
#ifndef FLOWLABEL_HASH_H
#define FLOWLABEL_HASH_H

#include "compiler.h"
#include "flowlabel/abi.h"

fl_inline __u64 fl_hash_pair(const __u64 *keys, __u64 word)
{
	return (keys[0] + (word >> 32)) * (keys[1] + fl_low_half(word));
}

/*
 * The hash of two addresses and the REST of a key. KEYS: FL_HASH_KEYS random numbers. Use the upper bits.
 *
 * The hash is pair-multiply-shift (Thorup, "High speed hashing for integers and strings", section 3.5), followed by a
 * multiply-shift. Any two keys that are chosen without knowing KEYS have the same n upper bits with a probability of
 * about 2 in 2^n. The first step is linear in each word: labels or addresses in sequence would give an arithmetic
 * progression, and some KEYS would crowd it into few sets. Folding the sum before the second step prevents that. The
 * first five multiplications do not depend on each other; the sixth comes after them.
 */
fl_inline __u64 fl_hash(const __u64 *keys, const __u64 src[2], const __u64 dst[2], __u64 rest)
{
	__u64 sum = fl_hash_pair(keys, src[0]) + fl_hash_pair(keys + 2, src[1]) + fl_hash_pair(keys + 4, dst[0]) +
		    fl_hash_pair(keys + 6, dst[1]) + fl_hash_pair(keys + 8, rest);

	return (sum ^ sum >> 32) * keys[FL_HASH_WORDS];
}

#endif
