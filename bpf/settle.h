/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What programs and readers, in C and C++, make of the slot of a connection and its history. */
#ifndef FLOWLABEL_SETTLE_H
#define FLOWLABEL_SETTLE_H

#include <stdbool.h>

#include "compiler.h"
#include "flowlabel/abi.h"

/* The label with which the latest packet of a connection with TAG came. */
fl_inline __u32 fl_came_with(__u32 tag)
{
	return tag & FL_TAG_CAME_ZERO ? 0 : tag & FL_LABEL_MASK;
}

/* Packets of the slot's counts. */
fl_inline __u32 fl_counted_packets(const struct fl_connection *slot)
{
	return slot->packets & ~(FL_PACKETS_YOUNG | FL_PACKETS_ANEW);
}

/* Is the latest packet of SLOT its first? Then its history is not written yet. */
fl_inline bool fl_is_young(const struct fl_connection *slot)
{
	return slot->packets & FL_PACKETS_YOUNG;
}

/* Writes the history of SLOT, which is young. */
fl_inline void fl_write_history(const struct fl_connection *slot, struct fl_history *history)
{
	const __u32 label = fl_came_with(slot->tag);
	const __u64 seen = slot->last_seen >> FL_LAST_SHIFT;
	const bool syn = slot->octets_kind & FL_YOUNG_SYN;

	__builtin_memset(history, 0, __builtin_offsetof(struct fl_history, first_change));
	history->first_seen = seen;
	history->label_since = seen;
	history->first_label = label;
	history->previous_label = label;
	history->labels = 1;
	history->pending = FL_CHANGE_NONE;
	history->syns = syn;
	history->isn_known = syn;
	history->synack = syn && slot->octets_kind & FL_YOUNG_ACK;
	history->isn = syn ? slot->end_seq - 1 : 0;
	history->syn_label = syn ? label : 0;
}

/* Settles the pending class of a connection that ends, whose counts end, or that is read: the packets with the latest
 * label decide. */
fl_inline void fl_settle(const struct fl_connection *slot, struct fl_history *history)
{
	if (fl_counted_packets(slot) < 2)
		return;
	if (history->pending == FL_CHANGE_syn_then_zero) {
		history->changes[FL_CHANGE_zeroed]--;
		history->changes[FL_CHANGE_syn_then_zero]++;
	}
	if (history->pending == FL_CHANGE_quic_repath)
		history->window_changes--; /* none that may alternate */
	if (history->pending == FL_CHANGE_syn_then_zero || history->pending == FL_CHANGE_quic_repath)
		history->pending = FL_CHANGE_NONE;
}

/* No packet confirmed a pending `quic_repath`, or one had the old label again. */
fl_inline void fl_refute_repath(struct fl_history *history)
{
	if (history->pending != FL_CHANGE_quic_repath)
		return;
	history->changes[FL_CHANGE_quic_repath]--;
	history->changes[FL_CHANGE_changed]++;
	history->pending = FL_CHANGE_NONE;
}

#endif
