/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counting by (source, destination, label). Each CPU owns a partition of sets of FL_WAYS slots, so that a packet needs
 * neither lock nor atomic and touches one random cache line as long as its flow has the slot its hash prefers. A flow
 * that finds its set full takes the slot whose flow was silent longest; that flow leaves as a record, or is counted as
 * lost. counted = live + spilled + lost, always.
 */
#ifndef FLOWLABEL_FLOW_TABLE_H
#define FLOWLABEL_FLOW_TABLE_H

#include "counters.h"
#include "env.h"

/* The addresses stay where the header was read to: copies of them would only be copied once more. */
struct fl_key {
	const struct fl_ip6 *ip6;
	__u32 label; /* what the packet leaves with */
};

fl_inline __u64 fl_hash_pair(const __u64 *keys, __u64 word)
{
	return (keys[0] + (word >> 32)) * (keys[1] + fl_env_low_half(word));
}

/*
 * Pair-multiply-shift (Thorup, "High speed hashing for integers and strings", section 3.5) and a multiply-shift behind it,
 * with random keys: any two flows that an attacker picks without knowing the keys share a slot with a probability of
 * about 2 in the number of slots. The first step alone is linear in each word, so that flows with labels or addresses in
 * sequence would form an arithmetic progression and, with an unlucky key, crowd into few sets; folding the sum before the
 * second step breaks that. Five multiplications side by side and one after them. Returns the number of the slot that the
 * flow prefers, below 2^slots_shift.
 */
fl_inline __u32 fl_preferred_slot(const struct fl_packet *p, const struct fl_key *key)
{
	const __u64 *keys = fl_env_secrets(p)->hash;
	__u64 sum = fl_hash_pair(keys, key->ip6->src[0]) + fl_hash_pair(keys + 2, key->ip6->src[1]) +
		    fl_hash_pair(keys + 4, key->ip6->dst[0]) + fl_hash_pair(keys + 6, key->ip6->dst[1]) +
		    fl_hash_pair(keys + 8, key->label);

	return (__u32)((sum ^ sum >> 32) * keys[FL_HASH_WORDS] >> (64 - fl_env_config(p)->slots_shift));
}

fl_inline bool fl_slot_holds(const struct fl_slot *slot, const struct fl_key *key)
{
	return (slot->tag & FL_TAG_KEY) == (key->label | FL_TAG_USED) && slot->src[1] == key->ip6->src[1] &&
	       slot->dst[1] == key->ip6->dst[1] && slot->src[0] == key->ip6->src[0] && slot->dst[0] == key->ip6->dst[0];
}

/* Puts the flow of SLOT into the ring as a record. False: the ring is full, and nothing was done. */
fl_inline bool fl_spill(const struct fl_packet *p, const struct fl_slot *slot, __u8 reason)
{
	if (!fl_env_spill(p, slot, reason))
		return false;
	p->counters->spilled_flows++;
	p->counters->spilled_packets += slot->packets;
	p->counters->spilled_bytes += slot->octets;
	return true;
}

/* The flow of SLOT leaves: as a record, or counted as lost. */
fl_inline void fl_evict(const struct fl_packet *p, const struct fl_slot *slot)
{
	if (fl_spill(p, slot, FL_END_EVICTED))
		return;
	p->counters->lost_flows++;
	p->counters->lost_packets += slot->packets;
	p->counters->lost_bytes += slot->octets;
}

fl_inline __u64 fl_smaller(__u64 a, __u64 b)
{
	__u64 difference = a - b;

	return b + (difference & (__u64)((__s64)difference >> 63));
}

/*
 * The first free slot in the order of probing, else the one whose flow was silent longest. Which one that is, no branch
 * predictor can know, and a wrong guess that waits for memory takes the work on the next packets back; so the times are
 * compared without branches, each with the slot's place in the order of probing in its last bits.
 */
fl_inline struct fl_slot *fl_choose_slot(struct fl_set *set, __u32 preferred)
{
	__u64 oldest = ~0ULL >> 1;

	for (__u32 i = 0; i < FL_WAYS; i++) {
		struct fl_slot *slot = &set->slot[(preferred ^ i) % FL_WAYS];

		if (!(slot->tag & FL_TAG_USED))
			return slot;
		oldest = fl_smaller((slot->last_first >> 1 & ~(FL_WAYS - 1ULL)) | i, oldest);
	}
	return &set->slot[(preferred ^ oldest) % FL_WAYS];
}

/* Gives SLOT to the flow of KEY. A reader on another CPU sees an odd generation while the fields change and another
 * even one when they have. */
fl_inline void fl_take_slot(const struct fl_packet *p, struct fl_slot *slot, const struct fl_key *key, __u32 flags,
			    __u64 octets)
{
	const __u32 step = 1u << FL_TAG_GENERATION_SHIFT;
	const __u32 generation = slot->tag & ~(step - 1);
	__u64 now = fl_env_now(p);

	if (slot->tag & FL_TAG_USED)
		fl_evict(p, slot);
	fl_env_set_tag(p, slot, generation + step);
	slot->src[0] = key->ip6->src[0];
	slot->src[1] = key->ip6->src[1];
	slot->dst[0] = key->ip6->dst[0];
	slot->dst[1] = key->ip6->dst[1];
	slot->packets = p->segments;
	slot->octets = octets;
	slot->first_high = (__u32)(now >> 16);
	slot->last_first = now << 16 | (now & 0xFFFF);
	fl_env_set_tag(p, slot, (generation + 2 * step) | key->label | FL_TAG_USED | flags);
}

/* Adds the packets of P and their OCTETS to the flow of KEY, if that has a slot of SET. */
fl_inline bool fl_add_to_flow(const struct fl_packet *p, struct fl_set *set, __u32 preferred, const struct fl_key *key,
			      __u32 flags, __u64 octets)
{
	for (__u32 i = 0; i < FL_WAYS; i++) {
		struct fl_slot *slot = &set->slot[(preferred ^ i) % FL_WAYS];

		if (fl_slot_holds(slot, key)) {
			slot->packets += p->segments;
			slot->octets += octets;
			slot->last_first = fl_env_now(p) << 16 | (slot->last_first & 0xFFFF);
			if (flags && !(slot->tag & flags)) /* the verifier drops it where nothing is stamped */
				slot->tag |= flags;
			return true;
		}
		fl_reload();
	}
	return false;
}

/* fl_table_add() while nothing else of this CPU is in the table. */
fl_inline void fl_table_add_alone(const struct fl_packet *p, const struct fl_key *key, __u32 flags, __u64 octets)
{
	__u32 preferred = fl_preferred_slot(p, key);
	struct fl_set *set = fl_env_set(p, preferred >> FL_WAYS_SHIFT);

	if (!set) { /* no such index: cannot be, but the verifier does not know and nothing may vanish */
		p->counters->lost_flows++;
		p->counters->lost_packets += p->segments;
		p->counters->lost_bytes += octets;
		return;
	}
	if (!fl_add_to_flow(p, set, preferred, key, flags, octets))
		fl_take_slot(p, fl_choose_slot(set, preferred), key, flags, octets);
}

/* Adds the packets of P and their OCTETS to the flow of KEY. FLAGS: FL_TAG_STAMPED or 0. */
fl_inline void fl_table_add(const struct fl_packet *p, const struct fl_key *key, __u32 flags, __u64 octets)
{
	fl_env_enter_table(p);
	fl_table_add_alone(p, key, flags, octets);
	fl_env_leave_table(p);
}

#endif
