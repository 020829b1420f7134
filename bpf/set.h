/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The mechanics of any table: sets of FL_WAYS slots, the order of probing, the choice of the slot to take, and the
 * generation by which a reader on another CPU sees a change. They touch only the tag of a slot.
 *
 * Each kind of key has its own header (flow_table.h for flows), which hashes the key (hash.h), compares, fills and
 * counts, and passes its functions to those of this header. All are inlined. Sets and slots have no type here: each
 * table has its own (FL_TABLES).
 */
#ifndef FLOWLABEL_SET_H
#define FLOWLABEL_SET_H

#include "env.h"
#include "slot.h"

/* One step of the generation in a tag. */
#define FL_GENERATION (1u << FL_TAG_GENERATION_SHIFT)

/* The slot that comes N-th in the order of probing. PREFERRED: the hash of the key. */
fl_inline void *fl_probe(void *set, __u32 preferred, __u64 n)
{
	return &((struct fl_any_set *)set)->slot[(preferred ^ n) % FL_WAYS];
}

fl_inline __u64 fl_smaller(__u64 a, __u64 b)
{
	__u64 difference = a - b;

	return b + (difference & (__u64)((__s64)difference >> 63));
}

/*
 * The slot for a key that has none: the first free one in the order of probing, or else the one whose last packet is
 * the oldest. LAST_SEEN gives a number below 2^63 that grows with the time of the last packet; its low FL_WAYS_SHIFT
 * bits do not count.
 *
 * The result cannot be predicted, and a mispredicted branch that waits for memory throws away work on the following
 * packets. So the times are compared without branches; the low bits of each are replaced by the slot's place in the
 * order of probing.
 */
fl_inline void *fl_choose_slot(void *set, __u32 preferred, __u64 (*const last_seen)(const void *slot))
{
	__u64 oldest = ~0ULL >> 1;

	for (__u32 i = 0; i < FL_WAYS; i++) {
		void *slot = fl_probe(set, preferred, i);

		if (!(*fl_tag_of(slot) & FL_TAG_USED))
			return slot;
		oldest = fl_smaller((last_seen(slot) & ~(FL_WAYS - 1ULL)) | i, oldest);
	}
	return fl_probe(set, preferred, oldest);
}

/* Begins a change of the fields of SLOT: the generation becomes odd, the rest of the tag stays. Returns the generation
 * that fl_end_change() takes. */
fl_inline __u32 fl_begin_change(const struct fl_packet *p, void *slot)
{
	__u32 *tag = fl_tag_of(slot);
	const __u32 generation = *tag & ~(FL_GENERATION - 1);

	fl_env_set_tag(p, tag, *tag + FL_GENERATION);
	return generation;
}

/* Ends the change: the generation is even again, and not the one from before. BITS: the rest of the tag. */
fl_inline void fl_end_change(const struct fl_packet *p, void *slot, __u32 generation, __u32 bits)
{
	fl_env_set_tag(p, fl_tag_of(slot), (generation + 2 * FL_GENERATION) | bits);
}

/* Frees SLOT. A reader that copied it before sees another generation. */
fl_inline void fl_free_slot(const struct fl_packet *p, void *slot)
{
	__u32 *tag = fl_tag_of(slot);

	fl_env_set_tag(p, tag, (*tag & ~(FL_GENERATION - 1)) + 2 * FL_GENERATION);
}

#endif
