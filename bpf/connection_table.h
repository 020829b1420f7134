/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counting by connection: source, destination, protocol and ports. What counts by (source, destination, label) is
 * exact, too: a slot counts what its connection sent with one label. When the label changes, these counts move to an
 * account, another slot of the table, whose key is (source, destination, label). Accounts leave the table like any
 * flow.
 *
 * Parts and sets are those of flow_table.h. A packet of a known connection touches the cache line of its slot. The
 * history of the slot, in an array of its own, is touched only by a new connection, a SYN, and a change of label.
 */
#ifndef FLOWLABEL_CONNECTION_TABLE_H
#define FLOWLABEL_CONNECTION_TABLE_H

#include "arrival.h"
#include "counters.h"
#include "env.h"
#include "flow_table.h"
#include "hash.h"
#include "history.h"
#include "set.h"

/* The part of the tag that is the same for every packet of a connection whose label stays. */
#define FL_TAG_LABEL_STATE (FL_LABEL_MASK | FL_TAG_CAME_ZERO)

/* Where a connection is, or its set. */
struct fl_place {
	struct fl_connection_set *set; /* NULL: none */
	struct fl_connection *slot;    /* NULL: it has none */
	__u32 preferred;               /* the slot that the hash prefers, in this CPU's part */
};

/* What moves to an account, or leaves with a record: PACKETS and OCTETS with the label of TAG, and with FL_TAG_STAMPED.
 */
struct fl_part {
	const __u64 *src;
	const __u64 *dst;
	__u64 packets;
	__u64 octets;
	__u64 first; /* ticks */
	__u64 last;  /* ticks */
	__u32 tag;
};

fl_inline __u64 fl_octets_of(const struct fl_connection *slot)
{
	return slot->octets_kind >> FL_OCTETS_SHIFT;
}

fl_inline __u32 fl_kind_of(const struct fl_connection *slot)
{
	return slot->octets_kind & FL_KIND_MASK;
}

fl_inline bool fl_is_account(const struct fl_connection *slot)
{
	return fl_kind_of(slot) == FL_KIND_ACCOUNT << FL_KIND_SHIFT;
}

fl_inline __u64 fl_connections_last_seen(const void *slot)
{
	return ((const struct fl_connection *)slot)->last_seen >> FL_LAST_SHIFT;
}

/* The time of the last packet, as fl_choose_slot() takes it. */
fl_inline __u64 fl_connection_age(const void *slot)
{
	return ((const struct fl_connection *)slot)->last_seen >> 1;
}

/* The index of SLOT of SET in this CPU's part of the table. PREFERRED: any slot of SET. */
fl_inline __u32 fl_index_of(const void *set, const void *slot, __u32 preferred)
{
	const __u32 way = (__u32)((const __u8 *)slot - (const __u8 *)set) / FL_SLOT_SIZE;

	return (preferred & ~(FL_WAYS - 1)) + way % FL_WAYS;
}

/* Looks up the set of a key with these addresses. REST: the rest of the key. */
fl_inline struct fl_place fl_connection_set_of(const struct fl_packet *p, const __u64 src[2], const __u64 dst[2],
					       __u64 rest)
{
	const __u64 hash = fl_hash(fl_env_secrets(p)->hash, src, dst, rest);
	struct fl_place place = {.preferred = (__u32)(hash >> (64 - fl_env_config(p)->slots_shift))};

	place.set = fl_env_table_set(p, connections, place.preferred >> FL_WAYS_SHIFT);
	return place;
}

fl_inline bool fl_holds_connection(const struct fl_connection *slot, const struct fl_arrival *a)
{
	return slot->ports_be == a->ports_be && slot->tag & FL_TAG_USED && fl_kind_of(slot) == a->kind &&
	       slot->src[1] == a->ip6->src[1] && slot->dst[1] == a->ip6->dst[1] && slot->src[0] == a->ip6->src[0] &&
	       slot->dst[0] == a->ip6->dst[0];
}

fl_inline struct fl_place fl_find_connection(const struct fl_packet *p, const struct fl_arrival *a)
{
	struct fl_place place = fl_connection_set_of(p, a->ip6->src, a->ip6->dst, (__u64)a->kind << 32 | a->ports_be);

	if (!place.set)
		return place;
	for (__u32 i = 0; i < FL_WAYS; i++) {
		struct fl_connection *slot = fl_probe(place.set, place.preferred, i);

		if (fl_holds_connection(slot, a)) {
			place.slot = slot;
			return place;
		}
		fl_reload();
	}
	return place;
}

/* The counts of SLOT. HISTORY: its history. */
fl_inline struct fl_part fl_part_of(const struct fl_connection *slot, const struct fl_history *history)
{
	const __u64 last = fl_connections_last_seen(slot);
	struct fl_part part = {
		.src = slot->src,
		.dst = slot->dst,
		.packets = fl_counted_packets(slot),
		.octets = fl_octets_of(slot),
		.first = last,
		.last = last,
		.tag = slot->tag & (FL_LABEL_MASK | FL_TAG_STAMPED),
	};

	if (fl_is_young(slot))
		return part;
	part.first = history->label_since;
	if (fl_is_account(slot)) {
		part.packets += history->more_packets;
		part.octets += history->more_octets;
	}
	return part;
}

/* Copies HISTORY, that of SLOT, into the record of PLACE. */
fl_inline bool fl_spill_history(const struct fl_packet *p, struct fl_record_place place,
				const struct fl_connection *slot, const struct fl_history *history)
{
	const __u32 line = __builtin_offsetof(struct fl_history, first_change);
	struct fl_history *to = fl_env_record_history(p, place);

	if (!to)
		return false;
	__builtin_memcpy(to, history, line);
	if (history->changed && !fl_is_account(slot))
		__builtin_memcpy((__u8 *)to + line, (const __u8 *)history + line, sizeof(*history) - line);
	return true;
}

/* Puts SLOT, whose counts are PART, into the ring as a record. False: the ring is full, and nothing was done. */
fl_inline bool fl_spill_connection(const struct fl_packet *p, const struct fl_connection *slot,
				   const struct fl_history *history, const struct fl_part *part, __u8 reason)
{
	const struct fl_record_place place = fl_env_record(p);

	if (!place.record || (!fl_is_young(slot) && !fl_spill_history(p, place, slot, history)))
		return false;
	place.record->connection = *slot;
	place.record->connection.tag = fl_record_tag(slot->tag, reason);
	fl_env_commit(p, place);
	fl_count_spilled(p, part->packets, part->octets);
	return true;
}

/* The counts of SLOT leave as a record, or are counted as lost. */
fl_inline void fl_evict(const struct fl_packet *p, const struct fl_connection *slot, const struct fl_history *history)
{
	const struct fl_part part = fl_part_of(slot, history);

	if (part.packets && !fl_spill_connection(p, slot, history, &part, FL_END_EVICTED))
		fl_lose(p, part.packets, part.octets);
}

/* Takes a slot of PLACE for KIND and the addresses; what it held leaves. The slot is between fl_begin_change() and
 * fl_end_change(); the rest of it is for the caller to fill. */
fl_inline struct fl_connection *fl_take_connection(const struct fl_packet *p, const struct fl_place *place,
						   const __u64 src[2], const __u64 dst[2], __u32 *generation,
						   struct fl_history **history)
{
	struct fl_connection *slot = fl_choose_slot(place->set, place->preferred, fl_connection_age);

	*history = fl_env_history(p, fl_index_of(place->set, slot, place->preferred));
	if (!*history)
		return NULL;
	if (slot->tag & FL_TAG_USED)
		fl_evict(p, slot, *history);
	*generation = fl_begin_change(p, slot);
	slot->src[0] = src[0];
	slot->src[1] = src[1];
	slot->dst[0] = dst[0];
	slot->dst[1] = dst[1];
	return slot;
}

fl_inline bool fl_holds_account(const struct fl_connection *slot, const struct fl_part *part)
{
	return (slot->tag & FL_TAG_KEY) == ((part->tag & FL_LABEL_MASK) | FL_TAG_USED) && fl_is_account(slot) &&
	       slot->src[1] == part->src[1] && slot->dst[1] == part->dst[1] && slot->src[0] == part->src[0] &&
	       slot->dst[0] == part->dst[0];
}

/* The flags and the label of SLOT, as fl_end_change() takes them. */
fl_inline __u32 fl_bits_of(const struct fl_connection *slot)
{
	return slot->tag & (FL_GENERATION - 1);
}

/* SLOT is not young any more. */
fl_inline void fl_mature(const struct fl_packet *p, struct fl_connection *slot, struct fl_history *history)
{
	const __u32 bits = fl_bits_of(slot);
	const __u32 generation = fl_begin_change(p, slot);

	fl_write_history(slot, history);
	slot->packets &= ~FL_PACKETS_YOUNG;
	fl_end_change(p, slot, generation, bits);
}

/* Adds PART to the account in SLOT. */
fl_inline void fl_add_to_account(const struct fl_packet *p, struct fl_connection *slot, struct fl_history *history,
				 const struct fl_part *part)
{
	const __u32 bits = fl_bits_of(slot) | (part->tag & FL_TAG_STAMPED);
	__u32 generation;

	if (fl_is_young(slot))
		fl_mature(p, slot, history);
	generation = fl_begin_change(p, slot);
	history->more_packets += part->packets;
	history->more_octets += part->octets;
	if (part->first < history->label_since)
		history->label_since = part->first;
	if (part->last > fl_connections_last_seen(slot))
		slot->last_seen = part->last << FL_LAST_SHIFT;
	fl_end_change(p, slot, generation, bits);
}

/* Makes an account of PART in a slot of PLACE. */
fl_inline bool fl_open_account(const struct fl_packet *p, const struct fl_place *place, const struct fl_part *part)
{
	struct fl_history *history;
	__u32 generation;
	struct fl_connection *slot = fl_take_connection(p, place, part->src, part->dst, &generation, &history);

	if (!slot)
		return false;
	slot->octets_kind = FL_KIND_ACCOUNT << FL_KIND_SHIFT;
	slot->packets = 0;
	slot->end_seq = 0;
	slot->ports_be = 0;
	slot->last_seen = part->last << FL_LAST_SHIFT;
	if (part->first == part->last && part->packets < FL_PACKETS_MANY &&
	    part->octets < FL_OCTETS_MANY >> FL_OCTETS_SHIFT) {
		slot->octets_kind |= part->octets << FL_OCTETS_SHIFT;
		slot->packets = (__u32)part->packets | FL_PACKETS_YOUNG;
	} else {
		history->label_since = part->first;
		history->more_packets = part->packets;
		history->more_octets = part->octets;
	}
	fl_end_change(p, slot, generation, part->tag | FL_TAG_USED);
	return true;
}

/* Moves PART to the account of its addresses and its label. False: it cannot; this does not happen, but the verifier
 * wants the checks. */
fl_inline bool fl_move_to_account(const struct fl_packet *p, const struct fl_part *part)
{
	const __u32 kind = FL_KIND_ACCOUNT << FL_KIND_SHIFT;
	const struct fl_place place =
		fl_connection_set_of(p, part->src, part->dst, (__u64)kind << 32 | (part->tag & FL_LABEL_MASK));

	if (!place.set)
		return false;
	for (__u32 i = 0; i < FL_WAYS; i++) {
		struct fl_connection *slot = fl_probe(place.set, place.preferred, i);

		if (fl_holds_account(slot, part)) {
			struct fl_history *history = fl_env_history(p, fl_index_of(place.set, slot, place.preferred));

			if (!history)
				return false;
			fl_add_to_account(p, slot, history, part);
			return true;
		}
	}
	return fl_open_account(p, &place, part);
}

fl_inline void fl_account(const struct fl_packet *p, const struct fl_part *part)
{
	if (part->packets && !fl_move_to_account(p, part))
		fl_lose(p, part->packets, part->octets);
}

/* The counts of SLOT begin with A. */
fl_inline void fl_begin_counts(struct fl_connection *slot, const struct fl_arrival *a)
{
	slot->packets = a->segments;
	slot->octets_kind = a->octets << FL_OCTETS_SHIFT | a->kind;
	slot->last_seen = a->now << FL_LAST_SHIFT;
}

/* Gives a slot of PLACE to the connection of A. */
fl_inline bool fl_open_connection(const struct fl_packet *p, const struct fl_place *place, const struct fl_arrival *a)
{
	const bool syn = a->tcp_flags & FL_TCP_SYN;
	struct fl_history *history;
	__u32 generation;
	struct fl_connection *slot = fl_take_connection(p, place, a->ip6->src, a->ip6->dst, &generation, &history);

	if (!slot)
		return false;
	fl_begin_counts(slot, a);
	slot->packets |= FL_PACKETS_YOUNG;
	if (syn)
		slot->octets_kind |= FL_YOUNG_SYN | (a->tcp_flags & FL_TCP_ACK ? FL_YOUNG_ACK : 0);
	slot->end_seq = a->end_seq;
	slot->ports_be = a->ports_be;
	fl_end_change(p, slot, generation, a->tag | FL_TAG_USED);
	if (syn &&
	    a->end_seq - a->seq != 1) { /* with data (RFC 7413): its sequence number cannot be told from the end */
		fl_mature(p, slot, history);
		history->isn = a->seq;
	}
	return true;
}

fl_inline void fl_advance(struct fl_connection *slot, const struct fl_arrival *a)
{
	if (a->sequenced && ((__s32)(a->end_seq - slot->end_seq) > 0 || a->fragment))
		slot->end_seq = a->end_seq;
}

/* Adds A, the reset of the connection in SLOT, to the account of its label. The label of the connection stays, and so
 * does the time of its last packet with that label. */
fl_inline void fl_add_reset(const struct fl_packet *p, struct fl_connection *slot, struct fl_history *history,
			    const struct fl_arrival *a)
{
	const struct fl_part part = {.src = a->ip6->src,
				     .dst = a->ip6->dst,
				     .packets = p->segments,
				     .octets = a->octets,
				     .first = a->now,
				     .last = a->now,
				     .tag = a->tag & (FL_LABEL_MASK | FL_TAG_STAMPED)};
	const __u32 bits = fl_bits_of(slot) | (a->tag & FL_TAG_CE);
	const __u32 generation = fl_begin_change(p, slot);

	fl_note_reset(history, a);
	history->more_packets += part.packets;
	history->more_octets += part.octets;
	fl_end_change(p, slot, generation, bits);
	fl_account(p, &part);
}

/* Adds A to the connection in SLOT whose counts do not go on: the label changes, or the connection is a new one on the
 * same ports. */
fl_inline void fl_add_and_part(const struct fl_packet *p, struct fl_connection *slot, struct fl_history *history,
			       const struct fl_arrival *a, bool reuse)
{
	struct fl_part part = fl_part_of(slot, history);
	const __u32 bits = (fl_bits_of(slot) & FL_TAG_CE) | a->tag | FL_TAG_USED;
	const bool syn = a->tcp_flags & FL_TCP_SYN;
	const __u32 generation = fl_begin_change(p, slot);

	part.src = a->ip6->src; /* the account may take this slot */
	part.dst = a->ip6->dst;
	if (reuse)
		fl_note_reuse(slot, history, a);
	else
		fl_note_change(slot, history, a);
	if (syn)
		fl_note_syn(history, a, !reuse);
	history->syns = syn;
	history->more_packets += part.packets;
	history->more_octets += part.octets;
	history->label_since = a->now;
	fl_begin_counts(slot, a);
	if (reuse)
		slot->end_seq = a->end_seq;
	else
		fl_advance(slot, a);
	fl_end_change(p, slot, generation, bits);
	fl_account(p, &part);
}

/* Adds A to the counts of SLOT. */
fl_inline void fl_count_arrival(struct fl_connection *slot, const struct fl_arrival *a)
{
	if (fl_unlikely(a->tag & ~slot->tag & (FL_TAG_STAMPED | FL_TAG_CE)))
		slot->tag |= a->tag & (FL_TAG_STAMPED | FL_TAG_CE);
	slot->packets += a->segments;
	slot->octets_kind += a->octets << FL_OCTETS_SHIFT;
	slot->last_seen = a->now << FL_LAST_SHIFT;
	fl_advance(slot, a);
}

/* Adds A, a retransmitted SYN, to the connection in SLOT. */
fl_inline void fl_add_syn(const struct fl_packet *p, struct fl_connection *slot, struct fl_history *history,
			  const struct fl_arrival *a)
{
	const __u32 bits = fl_bits_of(slot);
	const __u32 generation = fl_begin_change(p, slot);

	fl_note_syn(history, a, true);
	history->syns = fl_saturated(history->syns, FL_SYNS_MAX);
	fl_end_change(p, slot, generation, bits);
	fl_count_arrival(slot, a);
}

/* The counts of the connection in SLOT have moved elsewhere. They begin anew with its next packet. */
fl_inline void fl_empty(struct fl_connection *slot, struct fl_history *history)
{
	if (history->changed)
		fl_settle(slot, history);
	history->labelled_data |= fl_has_data(slot, history) && fl_came_with(slot->tag);
	history->data |= fl_has_data(slot, history);
	history->syns = 0;
	history->more_packets += fl_counted_packets(slot);
	history->more_octets += fl_octets_of(slot);
	slot->packets = FL_PACKETS_ANEW;
	slot->octets_kind = fl_kind_of(slot);
}

/* Do the counts of SLOT outgrow their fields soon? */
fl_inline bool fl_is_full(const struct fl_connection *slot)
{
	return slot->packets & FL_PACKETS_MANY || slot->octets_kind & FL_OCTETS_MANY;
}

/* Empties SLOT, whose counts outgrow their fields. Returns them. */
fl_inline struct fl_part fl_take_part(const struct fl_packet *p, struct fl_connection *slot, struct fl_history *history)
{
	const struct fl_part part = fl_part_of(slot, history);
	const __u32 bits = fl_bits_of(slot);
	const __u32 generation = fl_begin_change(p, slot);

	fl_empty(slot, history);
	fl_end_change(p, slot, generation, bits);
	return part;
}

/* The counts of SLOT begin with a packet at NOW. */
fl_inline void fl_begin_anew(const struct fl_packet *p, struct fl_connection *slot, struct fl_history *history,
			     __u64 now)
{
	const __u32 bits = fl_bits_of(slot);
	const __u32 generation = fl_begin_change(p, slot);

	slot->packets = 0;
	history->label_since = now;
	fl_end_change(p, slot, generation, bits);
}

/* Adds A to the connection in SLOT, with more than its counts. */
fl_inline void fl_add_with_history(const struct fl_packet *p, struct fl_connection *slot, struct fl_history *history,
				   const struct fl_arrival *a)
{
	struct fl_part full = {};
	bool reuse;

	if (fl_is_young(slot))
		fl_mature(p, slot, history);
	if (a->tcp_flags & FL_TCP_RST && fl_came_with(slot->tag) != fl_came_with(a->tag)) {
		fl_add_reset(p, slot, history, a);
		return;
	}
	if (fl_is_full(slot))
		full = fl_take_part(p, slot, history);
	if (slot->packets & FL_PACKETS_ANEW)
		fl_begin_anew(p, slot, history, a->now);
	reuse = a->tcp_flags & FL_TCP_SYN && !(history->isn_known && history->isn == a->seq);
	if (reuse || (slot->tag ^ a->tag) & FL_TAG_LABEL_STATE)
		fl_add_and_part(p, slot, history, a, reuse);
	else if (a->tcp_flags & FL_TCP_SYN)
		fl_add_syn(p, slot, history, a);
	else
		fl_count_arrival(slot, a);
	full.src = a->ip6->src; /* the account may take this slot */
	full.dst = a->ip6->dst;
	fl_account(p, &full);
}

/* Adds A in every other way than to the counts of a known connection. False: it cannot; see fl_move_to_account(). The
 * packet comes in parts, since clang keeps on the stack whatever a function can reach. */
static __attribute__((noinline)) bool fl_add_otherwise(void *ctx, struct fl_counters *counters, __u32 cpu,
						       const struct fl_place *place, const struct fl_arrival *a)
{
	const struct fl_packet p = {.ctx = ctx, .counters = counters, .cpu = cpu, .segments = a->segments};
	struct fl_history *history;

	if (!place->slot)
		return place->set && fl_open_connection(&p, place, a);
	history = fl_env_history(&p, fl_index_of(place->set, place->slot, place->preferred));
	if (!history)
		return false;
	fl_add_with_history(&p, place->slot, history, a);
	return true;
}

/* Is there nothing to do but to add A to the counts of SLOT? */
fl_inline bool fl_goes_on(const struct fl_connection *slot, const struct fl_arrival *a)
{
	return !((slot->tag ^ a->tag) & FL_TAG_LABEL_STATE) && !(a->tcp_flags & FL_TCP_SYN) &&
	       !(slot->packets & (FL_PACKETS_YOUNG | FL_PACKETS_ANEW)) && !fl_is_full(slot);
}

/* fl_connections_add(), while no other program of this CPU is in the table. */
fl_inline void fl_connections_add_alone(const struct fl_packet *p, struct fl_place place, const struct fl_arrival *a)
{
	if (fl_likely(place.slot) && fl_likely(fl_goes_on(place.slot, a)))
		fl_count_arrival(place.slot, a);
	else if (!fl_add_otherwise(p->ctx, p->counters, p->cpu, &place, a))
		fl_lose(p, a->segments, a->octets);
}

/* Adds the packets of A to its connection, for which PLACE was found. */
fl_inline void fl_connections_add(const struct fl_packet *p, struct fl_place place, const struct fl_arrival *a)
{
	fl_env_enter_table(p);
	if (FL_ENV_PREEMPTIBLE) /* another program may have changed the set */
		place = fl_find_connection(p, a);
	fl_connections_add_alone(p, place, a);
	fl_env_leave_table(p);
}

fl_inline __u64 fl_connections_first_seen(const struct fl_packet *p, const void *slot, __u32 index)
{
	const struct fl_connection *connection = slot;
	const struct fl_history *history = fl_env_history(p, index);

	if (fl_is_young(connection))
		return fl_connections_last_seen(slot);
	return history && !(connection->packets & FL_PACKETS_ANEW) ? history->label_since : ~0ULL >> 1;
}

/* Puts the counts of SLOT into the ring as a record. A connection that is old goes on, with its history; else SLOT is
 * freed. False: the ring is full, and nothing was done. */
fl_inline bool fl_connections_end(const struct fl_packet *p, void *slot, __u32 index, __u8 reason)
{
	struct fl_connection *connection = slot;
	struct fl_history *history = fl_env_history(p, index);
	struct fl_part part;

	if (!history)
		return false;
	part = fl_part_of(connection, history);
	if (part.packets && !fl_spill_connection(p, connection, history, &part, reason))
		return false;
	if (reason != FL_END_ACTIVE || fl_is_account(connection)) {
		fl_free_slot(p, slot);
		return true;
	}
	if (fl_is_young(connection))
		fl_mature(p, connection, history);
	fl_take_part(p, connection, history);
	return true;
}

#endif
