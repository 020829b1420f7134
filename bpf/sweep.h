/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ends flows by their age, on the CPU that owns them. */
#ifndef FLOWLABEL_SWEEP_H
#define FLOWLABEL_SWEEP_H

#include "flow_table.h"

/* The reason why the flow of SLOT ends at NOW; 0: it does not end. */
fl_inline __u8 fl_end_of(const struct fl_sweep_request *request, const struct fl_slot *slot, __u64 now)
{
	__u64 first = (__u64)slot->first_high << 16 | (slot->last_first & 0xFFFF);

	if (request->forced)
		return FL_END_FORCED;
	if (now >= (slot->last_first >> 16) + request->idle)
		return FL_END_IDLE;
	return now >= first + request->active ? FL_END_ACTIVE : 0;
}

/* Puts the record into the ring, then frees SLOT. False: the ring is full, and the flow stays. */
fl_inline bool fl_end_flow(const struct fl_packet *p, struct fl_slot *slot, __u8 reason)
{
	if (!fl_spill(p, slot, reason))
		return false;
	fl_free_slot(p, slot);
	return true;
}

/* fl_sweep_set(), while no other program of this CPU is in the table. */
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

/* Ends the flows of SET that are due. False: the ring is full. */
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
