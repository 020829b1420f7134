/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The record of a finished flow: a copy of its slot, of any table, with the end reason instead of the generation. */
#ifndef FLOWLABEL_RECORD_H
#define FLOWLABEL_RECORD_H

#include "slot.h"

/* REASON: enum fl_end_reason. */
fl_inline void fl_fill_record(void *record, const void *slot, __u8 reason)
{
	const __u32 generation = ~0u << FL_TAG_GENERATION_SHIFT;
	const struct fl_any_slot *from = slot;
	struct fl_any_slot *to = record;

	for (__u32 i = 0; i < FL_TAG_OFFSET / sizeof(__u64); i++)
		to->before_tag[i] = from->before_tag[i];
	to->tag = (from->tag & ~generation) | (__u32)reason << FL_TAG_REASON_SHIFT;
	to->after_tag = from->after_tag;
	to->last = from->last;
}

#endif
