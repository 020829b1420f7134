/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counting by (source, destination, label). Each CPU has a part of the table of its own, so a packet needs no lock and
 * no atomic operation. It touches one random cache line as long as its flow is in the slot that the hash prefers. A new
 * flow whose set is full takes the slot of the flow that saw no packet for longest; that flow leaves as a record, or is
 * counted as lost. Always: counted = live + spilled + lost.
 */
#ifndef FLOWLABEL_FLOW_TABLE_H
#define FLOWLABEL_FLOW_TABLE_H

#include "counters.h"
#include "env.h"
#include "hash.h"
#include "set.h"

/* The addresses stay where the header was read to, which saves a copy. */
struct fl_key {
	const struct fl_ip6 *ip6;
	__u32 label; /* of the packet when it leaves */
};

/* The slot that the flow of KEY prefers, below 2^slots_shift. */
fl_inline __u32 fl_preferred_slot(const struct fl_packet *p, const struct fl_key *key)
{
	__u64 hash = fl_hash(fl_env_secrets(p)->hash, key->ip6->src, key->ip6->dst, key->label);

	return (__u32)(hash >> (64 - fl_env_config(p)->slots_shift));
}

fl_inline bool fl_holds_flow(const struct fl_slot *slot, const struct fl_key *key)
{
	return (slot->tag & FL_TAG_KEY) == (key->label | FL_TAG_USED) && slot->src[1] == key->ip6->src[1] &&
	       slot->dst[1] == key->ip6->dst[1] && slot->src[0] == key->ip6->src[0] && slot->dst[0] == key->ip6->dst[0];
}

fl_inline __u64 fl_table_first_seen(const struct fl_packet *p, const void *slot, __u32 index)
{
	const struct fl_slot *flow = slot;

	(void)p;
	(void)index;
	return (__u64)flow->first_high << 16 | (flow->last_first & 0xFFFF);
}

fl_inline __u64 fl_table_last_seen(const void *slot)
{
	const struct fl_slot *flow = slot;

	return flow->last_first >> 16;
}

/* The time of the last packet, as fl_choose_slot() takes it. */
fl_inline __u64 fl_flow_last_seen(const void *slot)
{
	const struct fl_slot *flow = slot;

	return flow->last_first >> 1;
}

/* Counts a record with PACKETS and OCTETS as spilled. */
fl_inline void fl_count_spilled(const struct fl_packet *p, __u64 packets, __u64 octets)
{
	p->counters->spilled_flows++;
	p->counters->spilled_packets += packets;
	p->counters->spilled_bytes += octets;
}

/* Puts FLOW into the ring as a record. False: the ring is full, and nothing was done. */
fl_inline bool fl_spill_flow(const struct fl_packet *p, const struct fl_slot *flow, __u8 reason)
{
	const struct fl_record_place place = fl_env_record(p);
	struct fl_slot *record;

	if (!place.record)
		return false;
	record = &place.record->flow;
	record->src[0] = flow->src[0];
	record->src[1] = flow->src[1];
	record->dst[0] = flow->dst[0];
	record->dst[1] = flow->dst[1];
	record->packets = flow->packets;
	record->octets = flow->octets;
	record->tag = fl_record_tag(flow->tag, reason);
	record->first_high = flow->first_high;
	record->last_first = flow->last_first;
	fl_env_commit(p, place);
	fl_count_spilled(p, flow->packets, flow->octets);
	return true;
}

/* Puts the flow of SLOT into the ring as a record, then frees SLOT. False: the ring is full, and the flow stays. */
fl_inline bool fl_table_end(const struct fl_packet *p, void *slot, __u32 index, __u8 reason)
{
	(void)index;
	if (!fl_spill_flow(p, slot, reason))
		return false;
	fl_free_slot(p, slot);
	return true;
}

/* Counts a flow with PACKETS and OCTETS as lost. */
fl_inline void fl_lose(const struct fl_packet *p, __u64 packets, __u64 octets)
{
	p->counters->lost_flows++;
	p->counters->lost_packets += packets;
	p->counters->lost_bytes += octets;
}

/* Gives SLOT to the flow of KEY. The flow that has it leaves as a record, or is counted as lost. */
fl_inline void fl_take_slot(const struct fl_packet *p, struct fl_slot *slot, const struct fl_key *key, __u32 flags,
			    __u64 octets)
{
	__u64 now = fl_env_now(p);
	__u32 generation;

	if (slot->tag & FL_TAG_USED && !fl_spill_flow(p, slot, FL_END_EVICTED))
		fl_lose(p, slot->packets, slot->octets);
	generation = fl_begin_change(p, slot);
	slot->src[0] = key->ip6->src[0];
	slot->src[1] = key->ip6->src[1];
	slot->dst[0] = key->ip6->dst[0];
	slot->dst[1] = key->ip6->dst[1];
	slot->packets = p->segments;
	slot->octets = octets;
	slot->first_high = (__u32)(now >> 16);
	slot->last_first = now << 16 | (now & 0xFFFF);
	fl_end_change(p, slot, generation, key->label | FL_TAG_USED | flags);
}

/* Adds the packets of P and their OCTETS to the flow of KEY, if it has a slot of SET. */
fl_inline bool fl_add_to_flow(const struct fl_packet *p, struct fl_set *set, __u32 preferred, const struct fl_key *key,
			      __u32 flags, __u64 octets)
{
	for (__u32 i = 0; i < FL_WAYS; i++) {
		struct fl_slot *slot = fl_probe(set, preferred, i);

		if (fl_holds_flow(slot, key)) {
			slot->packets += p->segments;
			slot->octets += octets;
			slot->last_first = fl_env_now(p) << 16 | (slot->last_first & 0xFFFF);
			if (flags && !(slot->tag & flags)) /* the verifier drops this where nothing is stamped */
				slot->tag |= flags;
			return true;
		}
		fl_reload();
	}
	return false;
}

/* fl_table_add(), while no other program of this CPU is in the table. */
fl_inline void fl_table_add_alone(const struct fl_packet *p, const struct fl_key *key, __u32 flags, __u64 octets)
{
	__u32 preferred = fl_preferred_slot(p, key);
	struct fl_set *set = fl_env_table_set(p, table, preferred >> FL_WAYS_SHIFT);

	if (!set) /* cannot happen; the verifier wants the check, and the packet must be accounted for */
		fl_lose(p, p->segments, octets);
	else if (!fl_add_to_flow(p, set, preferred, key, flags, octets))
		fl_take_slot(p, fl_choose_slot(set, preferred, fl_flow_last_seen), key, flags, octets);
}

/* Adds the packets of P and their OCTETS to the flow of KEY. FLAGS: FL_TAG_STAMPED or 0. */
fl_inline void fl_table_add(const struct fl_packet *p, const struct fl_key *key, __u32 flags, __u64 octets)
{
	fl_env_enter_table(p);
	fl_table_add_alone(p, key, flags, octets);
	fl_env_leave_table(p);
}

#endif
