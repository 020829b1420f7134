/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ends flows of a table by their age, on the CPU that owns them. The table knows their times, and spills them. */
#ifndef FLOWLABEL_SWEEP_H
#define FLOWLABEL_SWEEP_H

#include "set.h"

/* What the sweep needs from a table. INDEX: that of SLOT in this CPU's part of the table. */
struct fl_swept_table {
	/* The times of the first and of the last packet of the flow in SLOT, in time units. */
	__u64 (*first_seen)(const struct fl_packet *p, const void *slot, __u32 index);
	__u64 (*last_seen)(const void *slot);
	/* Ends the flow of SLOT for REASON: puts it into the ring as a record and frees the slot, or begins it anew.
	 * False: the ring is full, and nothing was done. */
	bool (*end)(const struct fl_packet *p, void *slot, __u32 index, __u8 reason);
};

/* The reason why the flow of SLOT ends at NOW; 0: it does not end. */
fl_inline __u8 fl_end_of(const struct fl_packet *p, const struct fl_swept_table functions,
			 const struct fl_sweep_request *request, const void *slot, __u32 index, __u64 now)
{
	if (request->forced)
		return FL_END_FORCED;
	if (now >= functions.last_seen(slot) + request->idle)
		return FL_END_IDLE;
	return now >= functions.first_seen(p, slot, index) + request->active ? FL_END_ACTIVE : 0;
}

/* fl_sweep_set(), while no other program of this CPU is in the table. */
fl_inline bool fl_sweep_set_alone(const struct fl_packet *p, const struct fl_swept_table functions, void *set,
				  __u32 index, const struct fl_sweep_request *request, __u32 *ended)
{
	__u64 now = fl_env_now(p);

	for (__u32 i = 0; i < FL_WAYS; i++) {
		void *slot = &((struct fl_any_set *)set)->slot[i];
		__u32 place = index * FL_WAYS + i;
		__u8 reason;

		if (!(*fl_tag_of(slot) & FL_TAG_USED))
			continue;
		reason = fl_end_of(p, functions, request, slot, place, now);
		if (!reason)
			continue;
		if (!functions.end(p, slot, place, reason))
			return false;
		++*ended;
	}
	return true;
}

/* Ends the flows of SET, number INDEX, that are due. False: the ring is full. */
fl_inline bool fl_sweep_set(const struct fl_packet *p, const struct fl_swept_table functions, void *set, __u32 index,
			    const struct fl_sweep_request *request, __u32 *ended)
{
	bool room;

	fl_env_enter_table(p);
	room = fl_sweep_set_alone(p, functions, set, index, request, ended);
	fl_env_leave_table(p);
	return room;
}

#endif
