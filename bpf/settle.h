/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What programs and readers, in C and C++, make of the slot of a connection and its history. */
#ifndef FLOWLABEL_SETTLE_H
#define FLOWLABEL_SETTLE_H

#include "compiler.h"
#include "flowlabel/abi.h"

/* The label with which the latest packet of a connection with TAG came. */
fl_inline __u32 fl_came_with(__u32 tag)
{
	return tag & FL_TAG_CAME_ZERO ? 0 : tag & FL_LABEL_MASK;
}

/* Packets of the slot's counts. Bit 31 says that they began anew (connection_table.h). */
fl_inline __u32 fl_counted_packets(const struct fl_connection *slot)
{
	return slot->packets & ~FL_PACKETS_ANEW;
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
	if (history->pending == FL_CHANGE_syn_then_zero || history->pending == FL_CHANGE_quic_repath)
		history->pending = FL_CHANGE_NONE;
}

#endif
