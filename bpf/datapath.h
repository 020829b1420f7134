/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What happens to a packet: find the IPv6 header, write a label if configured, count. Nothing here drops or delays
 * a packet. */
#ifndef FLOWLABEL_DATAPATH_H
#define FLOWLABEL_DATAPATH_H

#include <bpf/bpf_endian.h>

#include "connection_table.h"
#include "counters.h"
#include "env.h"
#include "flow_table.h"
#include "length.h"
#include "parse.h"
#include "segments.h"
#include "stamp.h"
#include "walk.h"

/* Bytes of all segments of a super-packet. Senders outside the stack (tun, virtio, packet sockets) do not set the
 * number of segments; then this computes p->segments. */
fl_inline __u64 fl_segments_bytes(struct fl_packet *p, const struct fl_ip6 *ip6, struct fl_walk *walk)
{
	__u32 present = fl_env_wire_length(p) - p->link.l3;
	__u32 headers = fl_env_segment_headers(p, walk);
	__u32 unsent = fl_unsent_headers(ip6, headers);
	bool estimated = !headers;

	if (estimated)
		headers = FL_IP6_SIZE;
	headers -= unsent;
	present -= unsent;
	if (p->segment_size && present > headers)
		p->segments = (present - headers + p->segment_size - 1) / p->segment_size;
	if (estimated)
		fl_count(p, gso_estimated);
	return present + (__u64)(p->segments - 1) * headers;
}

/* The label of P, which came with 0, and the flags of its tag. */
fl_inline __u32 fl_stamp(const struct fl_packet *p, const struct fl_ip6 *ip6)
{
	struct fl_walk walk;
	__u32 ports = 0;
	__u32 label;
	bool has_ports;

	if (!fl_may_stamp(p, ip6))
		return 0;
	walk = fl_walk_headers(p, ip6);
	has_ports = fl_read_ports(p, &walk, &ports);
	fl_count_headers(p, &walk, has_ports);
	label = fl_compute_label(p, ip6, fl_flow_id_tail(&walk, has_ports, ports));
	return fl_write_label(p, ip6, label) ? label | FL_TAG_STAMPED : 0;
}

/* The same for A, a packet of P that is tracked. REMEMBERED: the label that its connection got; 0: none. */
fl_inline __u32 fl_stamp_tracked(const struct fl_packet *p, const struct fl_walk *walk, const struct fl_arrival *a,
				 __u32 remembered)
{
	const bool has_ports = a->kind >> FL_KIND_SHIFT == FL_KIND_PORTS;
	__u32 label = remembered;

	if (!fl_may_stamp(p, a->ip6))
		return 0;
	fl_count_headers(p, walk, has_ports);
	if (!label)
		label = fl_compute_label(p, a->ip6, fl_flow_id_tail(walk, has_ports, a->ports_be));
	return fl_write_label(p, a->ip6, label) ? label | FL_TAG_STAMPED | FL_TAG_CAME_ZERO : 0;
}

/* Labels P, which came with LABEL, and counts it by its connection. */
fl_inline void fl_track(const struct fl_packet *p, const struct fl_ip6 *ip6, __u32 label, __u64 bytes)
{
	struct fl_walk walk = fl_walk_headers(p, ip6);
	struct fl_arrival a = fl_arrival_of(p, ip6, &walk, bytes);
	struct fl_place place;
	__u32 tag;

	fl_env_enter_table(p);
	place = fl_find_connection(p, &a);
	tag = place.slot ? place.slot->tag : 0;
	fl_env_leave_table(p);
	if (fl_unlikely(place.slot && label != fl_came_with(tag)))
		fl_read_quic(p, &walk, &a);
	a.tag = label;
	if (!label && fl_env_config(p)->stamp != FL_STAMP_OFF)
		a.tag = fl_stamp_tracked(p, &walk, &a, tag & FL_TAG_STAMPED ? tag & FL_LABEL_MASK : 0);
	if (fl_unlikely((ip6->word_be & FL_ECN_MASK_BE) == FL_ECN_MASK_BE))
		a.tag |= FL_TAG_CE;
	fl_connections_add(p, place, &a);
}

/* TRACK: count by connection; a constant in every entry. */
fl_inline void fl_datapath(struct fl_packet *p, const bool track)
{
	struct fl_key key;
	struct fl_ip6 ip6;
	__u32 flags = 0;
	__u64 bytes;
	enum fl_outcome outcome = fl_find_ip6(p, &ip6);

	if (fl_unlikely(outcome < FL_GO_ON)) {
		fl_count_uncounted(p, outcome);
		return;
	}
	key = (struct fl_key){.ip6 = &ip6, .label = bpf_ntohl(ip6.word_be) & FL_LABEL_MASK};
	if (p->segments > 1 || p->segment_size) {
		struct fl_walk walk;

		if (fl_env_config(p)->stamp != FL_STAMP_OFF)
			fl_env_note_merged(p);
		walk = fl_walk_headers(p, &ip6);
		bytes = fl_segments_bytes(p, &ip6, &walk);
	} else {
		bytes = fl_packet_bytes(p, &ip6);
	}
	if (key.label)
		fl_count(p, labelled);
	fl_count(p, counted);
	fl_env_add(p->counters->counted_bytes, bytes);
	if (track) {
		fl_track(p, &ip6, key.label, bytes);
		return;
	}
	if (!key.label && fl_env_config(p)->stamp != FL_STAMP_OFF) {
		__u32 stamped = fl_stamp(p, &ip6);

		key.label = stamped & FL_LABEL_MASK;
		flags = stamped & FL_TAG_STAMPED;
	}
	fl_table_add(p, &key, flags, bytes);
}

#endif
