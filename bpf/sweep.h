/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ending flows by their times, on the CPU that owns them. */
#ifndef FLOWLABEL_SWEEP_H
#define FLOWLABEL_SWEEP_H

#include "flow_table.h"

/* Why the flow of SLOT ends at NOW, or 0: it does not. */
fl_inline __u8 fl_end_of(const struct fl_sweep_request *request, const struct fl_slot *slot, __u64 now)
{
	__u64 first = (__u64)slot->first_high << 16 | (slot->last_first & 0xFFFF);

	if (request->forced)
		return FL_END_FORCED;
	if (now >= (slot->last_first >> 16) + request->idle)
		return FL_END_IDLE;
	return now >= first + request->active ? FL_END_ACTIVE : 0;
}

/* The slot is free when its record is in the ring, not before: a full ring ends nothing. False: it is full. A reader
 * that copied the flow before sees that the generation is another one now. */
fl_inline bool fl_end_flow(const struct fl_packet *p, struct fl_slot *slot, __u8 reason)
{
	if (!fl_spill(p, slot, reason))
		return false;
	fl_free_slot(p, slot);
	return true;
}

/* fl_sweep_set() while nothing else of this CPU is in the table. */
fl_inline bool fl_sweep_set_alone(const struct fl_packet *p, struct fl_set *set, const struct fl_sweep_request *request,
				  __u32 *ended)
{
	__u64 now = fl_env_now(p);

	for (__u32 i = 0; i < FL_WAYS; i++) {
		struct fl_slot *slot = &set->slot[i];
		__u8 reason;

		if (!(slot->tag & FL_TAG_USED))
			continue;
		reason = fl_end_of(request, slot, now);
		if (!reason)
			continue;
		if (!fl_end_flow(p, slot, reason))
			return false;
		++*ended;
	}
	return true;
}

/* Ends what is due in SET. False: the ring is full. */
fl_inline bool fl_sweep_set(const struct fl_packet *p, struct fl_set *set, const struct fl_sweep_request *request,
			    __u32 *ended)
{
	bool room;

	fl_env_enter_table(p);
	room = fl_sweep_set_alone(p, set, request, ended);
	fl_env_leave_table(p);
	return room;
}

#endif
