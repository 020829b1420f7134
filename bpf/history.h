/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The history of a connection's label: which class a change belongs to (FL_CHANGES). A class that later packets may
 * revise is counted at once, and remembered as pending. Only the labels with which packets came matter here.
 */
#ifndef FLOWLABEL_HISTORY_H
#define FLOWLABEL_HISTORY_H

#include <bpf/bpf_endian.h>

#include "arrival.h"
#include "settle.h"

#define FL_TICKS_OF_MS(ms) ((__u64)(ms) * 1000000 >> FL_TICK_SHIFT)

/* A connected UDP socket has a label of its own. After the first gap, a packet with another label may come from a new
 * socket with the same ports; after the second, it does not belong to the flow before. */
#define FL_UDP_SOCKET_GAP FL_TICKS_OF_MS(1000)
#define FL_UDP_FLOW_GAP FL_TICKS_OF_MS(60000)

/* A label alternates if it returned twice within so many packets, or changed so often within so many. */
#define FL_WINDOW_PACKETS 100
#define FL_WINDOW_RETURNS 2
#define FL_WINDOW_SHORT 64
#define FL_WINDOW_CHANGES 4
#define FL_WINDOW_CHANGES_MAX 63

#define FL_SYNS_MAX 0xFFF

#define FL_QUIC_PORT 443
#define FL_QUIC_OTHER_PORT 4433

fl_inline __u32 fl_saturated(__u32 count, __u32 max)
{
	return count < max ? count + 1 : max;
}

/* Have the slot's counts, or those before, packets other than SYN? */
fl_inline bool fl_has_data(const struct fl_connection *slot, const struct fl_history *history)
{
	return history->data || fl_counted_packets(slot) != history->syns;
}

/* A change of class CLASS, `changed` or `quic_repath`: is it one of an alternating label? */
fl_inline enum fl_change fl_class_in_window(const struct fl_connection *slot, struct fl_history *history,
					    enum fl_change class, __u32 to)
{
	const __u32 packets = (__u32)history->more_packets + fl_counted_packets(slot);
	__u32 in_window;

	if (!history->window_changes || packets - history->window_start > FL_WINDOW_PACKETS) {
		history->window_start = packets;
		history->window_changes = 0;
		history->window_returns = 0;
		history->alternating = 0;
	}
	in_window = packets - history->window_start;
	history->window_changes = fl_saturated(history->window_changes, FL_WINDOW_CHANGES_MAX);
	if (to == history->previous_label || to == history->first_label)
		history->window_returns = fl_saturated(history->window_returns, FL_WINDOW_RETURNS);
	if (history->alternating)
		return FL_CHANGE_alternating;
	if (history->window_returns < FL_WINDOW_RETURNS &&
	    (history->window_changes < FL_WINDOW_CHANGES || in_window > FL_WINDOW_SHORT))
		return class;
	history->alternating = 1;
	history->changes[FL_CHANGE_changed] -= history->window_changes - 1;
	history->changes[FL_CHANGE_alternating] += history->window_changes - 1;
	return FL_CHANGE_alternating;
}

fl_inline bool fl_is_quic_port(__u32 ports_be)
{
	const __u16 *ports = (const __u16 *)&ports_be;

	return ports[0] == bpf_htons(FL_QUIC_PORT) || ports[1] == bpf_htons(FL_QUIC_PORT) ||
	       ports[0] == bpf_htons(FL_QUIC_OTHER_PORT) || ports[1] == bpf_htons(FL_QUIC_OTHER_PORT);
}

/* The class of a change between two labels other than 0 that an A of TCP makes. */
fl_inline enum fl_change fl_class_of_tcp(const struct fl_connection *slot, const struct fl_arrival *a)
{
	const __u32 length = a->end_seq - a->seq;
	const bool keep_alive = !(a->tcp_flags & FL_TCP_FIN) && length <= 1 &&
				a->seq == slot->end_seq - 1; /* RFC 1122 section 4.2.3.6 */

	if (a->tcp_flags & FL_TCP_SYN)
		return FL_CHANGE_syn_rehash;
	if (!length || keep_alive)
		return FL_CHANGE_ack_change;
	return (__s32)(a->seq - slot->end_seq) < 0 ? FL_CHANGE_rto_rehash : FL_CHANGE_changed;
}

/* The same for UDP. */
fl_inline enum fl_change fl_class_of_udp(const struct fl_connection *slot, const struct fl_arrival *a)
{
	if (a->now - (slot->last_seen >> FL_LAST_SHIFT) >= FL_UDP_SOCKET_GAP)
		return FL_CHANGE_udp_new_socket;
	return a->long_header || fl_is_quic_port(a->ports_be) ? FL_CHANGE_quic_repath : FL_CHANGE_changed;
}

/* Is A of another flow than the packets before, though it has their ports? */
fl_inline bool fl_is_other_flow(const struct fl_connection *slot, const struct fl_arrival *a)
{
	return a->kind == (FL_KIND_PORTS << FL_KIND_SHIFT | FL_NEXT_UDP) &&
	       a->now - (slot->last_seen >> FL_LAST_SHIFT) > FL_UDP_FLOW_GAP;
}

/* The class of the change from label FROM to TO that A makes. */
fl_inline enum fl_change fl_class_of_change(const struct fl_connection *slot, const struct fl_history *history,
					    const struct fl_arrival *a, __u32 from, __u32 to)
{
	const bool only_synack = history->isn_known && history->synack && !fl_has_data(slot, history);
	const __u32 protocol = a->kind & 0xFF;

	if (a->kind >> FL_KIND_SHIFT != FL_KIND_PORTS)
		return a->fragment && a->sequenced && a->seq == slot->end_seq ? FL_CHANGE_frag_label : FL_CHANGE_NONE;
	if (only_synack && from && to && !history->syn_again && !(a->tcp_flags & FL_TCP_SYN))
		return FL_CHANGE_synack_cookie;
	if (!to)
		return FL_CHANGE_zeroed;
	if (!from)
		return only_synack ? FL_CHANGE_synack_zero : FL_CHANGE_labelled_late;
	if (protocol == FL_NEXT_UDP)
		return fl_class_of_udp(slot, a);
	return a->sequenced ? fl_class_of_tcp(slot, a) : FL_CHANGE_changed;
}

/* May a packet with the old label still undo this class? Then what looked like a retransmission was reordering. */
fl_inline bool fl_may_be_undone(__u32 class)
{
	return class == FL_CHANGE_rto_rehash || class == FL_CHANGE_syn_rehash;
}

/* Revises the pending class, now that A comes with another label, TO. True: A only shows the old label, or the new one
 * after that, and this is no change. */
fl_inline bool fl_revise(const struct fl_connection *slot, struct fl_history *history, const struct fl_arrival *a,
			 __u32 to)
{
	const __u32 pending = history->pending;

	if (fl_may_be_undone(pending) && to == history->previous_label) {
		history->changes[pending] += history->undone ? 1 : -1;
		history->undone ^= 1;
		if (!history->undone && a->sequenced && (__s32)(a->seq - slot->end_seq) >= 0)
			history->pending = FL_CHANGE_NONE; /* new data with the new label: the sender did change it */
		return true;
	}
	if (pending == FL_CHANGE_quic_repath && to != history->previous_label)
		fl_settle(slot, history);
	fl_refute_repath(history);
	history->pending = FL_CHANGE_NONE;
	history->undone = 0;
	return false;
}

fl_inline void fl_note_label(struct fl_history *history, __u32 label)
{
	if (label != history->first_label && label != history->previous_label && history->labels < 0xFFFF)
		history->labels++;
}

/* A packet that came with LABEL begins a new connection on the ports of the one in SLOT. */
fl_inline void fl_begin_again(const struct fl_connection *slot, struct fl_history *history, __u32 label)
{
	if (history->changed) {
		fl_settle(slot, history);
		fl_refute_repath(history);
	}
	if (label != fl_came_with(slot->tag))
		fl_note_label(history, label);
	history->pending = FL_CHANGE_NONE;
	history->undone = 0;
	history->window_changes = 0;
	history->data = 0;
	history->labelled_data = 0;
	history->first_label = label;
	history->previous_label = label;
}

fl_inline void fl_count_change(struct fl_history *history, enum fl_change class, __u64 now)
{
	if (class == FL_CHANGE_NONE)
		return;
	if (!history->last_change)
		history->first_change = now;
	history->last_change = now;
	history->changes[class]++;
}

/* The second cache line. */
fl_inline void fl_begin_changes(struct fl_history *history)
{
	if (history->changed)
		return;
	history->changed = 1;
	history->first_change = 0;
	for (__u32 i = 0; i < FL_CHANGE_COUNT; i++)
		history->changes[i] = 0;
}

/* A came with a label other than that of the packet before. Its packets are not in the slot's counts yet. */
fl_inline void fl_note_change(const struct fl_connection *slot, struct fl_history *history, const struct fl_arrival *a)
{
	const __u32 from = fl_came_with(slot->tag);
	const __u32 to = fl_came_with(a->tag);
	const bool data = fl_has_data(slot, history);
	enum fl_change class;

	history->labelled_data |= data && from;
	history->data |= data;
	if (from == to)
		return; /* only flowlabel changed the label: one of the packets was not stamped */
	if (fl_is_other_flow(slot, a)) {
		fl_begin_again(slot, history, to);
		return;
	}
	fl_begin_changes(history);
	fl_note_label(history, to);
	if (!fl_revise(slot, history, a, to)) {
		class = fl_class_of_change(slot, history, a, from, to);
		if (class == FL_CHANGE_changed || class == FL_CHANGE_quic_repath)
			class = fl_class_in_window(slot, history, class, to);
		else if (class == FL_CHANGE_rto_rehash)
			history->window_changes = 0;
		fl_count_change(history, class, a->now);
		if (class == FL_CHANGE_zeroed && history->isn_known && !history->labelled_data && !data)
			history->pending = FL_CHANGE_syn_then_zero;
		else if (fl_may_be_undone(class) || class == FL_CHANGE_quic_repath)
			history->pending = class;
	}
	history->previous_label = from;
}

/* A resets its connection with another label. The next packet may have the old one. */
fl_inline void fl_note_reset(struct fl_history *history, const struct fl_arrival *a)
{
	const __u32 label = fl_came_with(a->tag);

	fl_begin_changes(history);
	if (!history->changes[FL_CHANGE_rst_only])
		fl_note_label(history, label);
	fl_count_change(history, FL_CHANGE_rst_only, a->now);
}

/* A, a SYN with another sequence number, begins a new connection on the ports of the one before. */
fl_inline void fl_note_reuse(const struct fl_connection *slot, struct fl_history *history, const struct fl_arrival *a)
{
	fl_begin_again(slot, history, fl_came_with(a->tag));
	if (history->reused < 0xFFFF)
		history->reused++;
}

/* A is a SYN: the first of its connection, or a retransmission. */
fl_inline void fl_note_syn(struct fl_history *history, const struct fl_arrival *a, bool again)
{
	if (again) {
		history->syn_again = 1;
		return;
	}
	history->isn_known = 1;
	history->isn = a->seq;
	history->synack = (a->tcp_flags & FL_TCP_ACK) != 0;
	history->syn_again = 0;
	history->syn_label = fl_came_with(a->tag);
}

#endif
