/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The record of a finished flow: a copy of its slot, with the end reason instead of the generation. */
#ifndef FLOWLABEL_RECORD_H
#define FLOWLABEL_RECORD_H

#include "packet.h"

/* REASON: enum fl_end_reason. */
fl_inline void fl_fill_record(struct fl_slot *record, const struct fl_slot *slot, __u8 reason)
{
	const __u32 generation = ~0u << FL_TAG_GENERATION_SHIFT;

	record->src[0] = slot->src[0];
	record->src[1] = slot->src[1];
	record->dst[0] = slot->dst[0];
	record->dst[1] = slot->dst[1];
	record->packets = slot->packets;
	record->octets = slot->octets;
	record->tag = (slot->tag & ~generation) | (__u32)reason << FL_TAG_REASON_SHIFT;
	record->first_high = slot->first_high;
	record->last_first = slot->last_first;
}

#endif
