/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet as the table of connections sees it: whose it is, and what it says about its label. */
#ifndef FLOWLABEL_ARRIVAL_H
#define FLOWLABEL_ARRIVAL_H

#include <bpf/bpf_endian.h>

#include "env.h"
#include "length.h"
#include "walk.h"

/* The header of TCP without its last fields (RFC 9293 section 3.1). */
struct fl_tcp {
	__u32 ports_be;
	__u32 seq_be;
	__u32 ack_be;
	__u8 data_offset; /* in the upper four bits, in units of 4 bytes */
	__u8 flags;
	__u16 window_be;
};

#define FL_TCP_SIZE 20 /* without options */

#define FL_TCP_FIN 0x01
#define FL_TCP_SYN 0x02
#define FL_TCP_RST 0x04
#define FL_TCP_ACK 0x10

#define FL_UDP_SIZE 8
#define FL_QUIC_LONG_HEADER 0xC0 /* form and fixed bit, RFC 9000 section 17.2 */

#define FL_ECN_MASK_BE bpf_htonl(3u << 20) /* of the first word of the IPv6 header (RFC 3168 section 5) */

struct fl_arrival {
	const struct fl_ip6 *ip6;
	__u64 octets;     /* on the wire */
	__u64 now;        /* ticks */
	__u32 segments;   /* packets that cross the wire */
	__u32 ports_be;   /* 0: none */
	__u32 kind;       /* FL_KIND_MASK of fl_connection.octets_kind */
	__u32 seq;        /* TCP: its sequence number; a fragment: its identification */
	__u32 end_seq;    /* TCP: that after its data, SYN and FIN; a fragment: its identification */
	__u32 tag;        /* its label when it leaves, and FL_TAG_STAMPED, FL_TAG_CAME_ZERO, FL_TAG_CE */
	__u8 tcp_flags;   /* 0: not TCP, or no whole header */
	bool sequenced;   /* SEQ and END_SEQ are valid */
	bool fragment;    /* and not an atomic one */
	bool long_header; /* UDP: its payload begins like the long header of QUIC (RFC 9000 section 17.2) */
};

fl_inline bool fl_has_ports(__u32 protocol)
{
	return protocol == FL_NEXT_TCP || protocol == FL_NEXT_UDP || protocol == FL_NEXT_DCCP ||
	       protocol == FL_NEXT_SCTP || protocol == FL_NEXT_UDPLITE;
}

/* Reads the ports. False: WALK did not reach whole ports. */
fl_inline bool fl_read_ports(const struct fl_packet *p, const struct fl_walk *walk, __u32 *ports_be)
{
	return walk->end == FL_WALK_UPPER && fl_has_ports(walk->protocol) &&
	       walk->offset + sizeof(*ports_be) <= walk->limit &&
	       fl_env_load(p, p->link.l3 + walk->offset, ports_be, sizeof(*ports_be));
}

/* The kernel inserts a hop-by-hop header into super-packets above 65,535 bytes ("BIG TCP") and removes it when it
 * makes segments, so the header is never on the wire. Only such packets have payload length 0 and segments. */
#define FL_BIG_TCP_SIZE 8

/* Which of the HEADERS of a super-packet, in bytes, are not sent. */
fl_inline __u32 fl_unsent_headers(const struct fl_ip6 *ip6, __u32 headers)
{
	return !ip6->payload_length_be && ip6->next_header == FL_NEXT_HOP_BY_HOP &&
			       headers >= FL_IP6_SIZE + FL_BIG_TCP_SIZE + FL_TCP_SIZE
		       ? FL_BIG_TCP_SIZE
		       : 0;
}

/* Reads the ports and the sequence of a TCP header. False: it is not whole. */
fl_inline bool fl_read_tcp(const struct fl_packet *p, const struct fl_walk *walk, struct fl_arrival *a)
{
	struct fl_tcp tcp;
	__u64 headers; /* of all segments */
	__u32 length;

	if (walk->offset + sizeof(tcp) > walk->limit || !fl_env_load(p, p->link.l3 + walk->offset, &tcp, sizeof(tcp)))
		return false;
	headers = walk->offset + (tcp.data_offset >> 4) * 4;
	if (p->segments > 1 || p->segment_size)
		headers = p->segments * (headers - fl_unsent_headers(a->ip6, (__u32)headers));
	length = a->octets > headers ? (__u32)(a->octets - headers) : 0;
	a->kind = FL_KIND_PORTS << FL_KIND_SHIFT | FL_NEXT_TCP;
	a->ports_be = tcp.ports_be;
	a->tcp_flags = tcp.flags;
	a->seq = bpf_ntohl(tcp.seq_be);
	a->end_seq = a->seq + length + (tcp.flags & FL_TCP_FIN) + (tcp.flags & FL_TCP_SYN) / FL_TCP_SYN;
	a->sequenced = true;
	return true;
}

fl_inline void fl_read_fragment(const struct fl_packet *p, const struct fl_walk *walk, struct fl_arrival *a)
{
	__u32 id_be;

	a->fragment = true;
	if (fl_env_load(p, p->link.l3 + walk->offset + 4, &id_be, sizeof(id_be))) {
		a->seq = a->end_seq = bpf_ntohl(id_be);
		a->sequenced = true;
	}
}

/* Does the payload of A, a packet of P, begin like the long header of QUIC? */
fl_inline void fl_read_quic(const struct fl_packet *p, const struct fl_walk *walk, struct fl_arrival *a)
{
	const __u32 offset = walk->offset + FL_UDP_SIZE;
	__u8 first;

	if (a->kind == (FL_KIND_PORTS << FL_KIND_SHIFT | FL_NEXT_UDP) && offset < walk->limit &&
	    fl_env_load(p, p->link.l3 + offset, &first, sizeof(first)))
		a->long_header = (first & FL_QUIC_LONG_HEADER) == FL_QUIC_LONG_HEADER;
}

/* What P, of OCTETS, is to the table of connections. Its label is set later. */
fl_inline struct fl_arrival fl_arrival_of(const struct fl_packet *p, const struct fl_ip6 *ip6,
					  const struct fl_walk *walk, __u64 octets)
{
	struct fl_arrival a = {.ip6 = ip6, .octets = octets, .now = fl_env_now(p), .segments = p->segments};

	if (fl_likely(walk->end == FL_WALK_UPPER && walk->protocol == FL_NEXT_TCP) &&
	    fl_likely(fl_read_tcp(p, walk, &a)))
		return a;
	if (fl_read_ports(p, walk, &a.ports_be)) {
		a.kind = FL_KIND_PORTS << FL_KIND_SHIFT | walk->protocol;
		return a;
	}
	a.kind = FL_KIND_NO_PORTS << FL_KIND_SHIFT | (walk->protocol & 0xFF);
	if (walk->end == FL_WALK_FRAGMENT)
		fl_read_fragment(p, walk, &a);
	return a;
}

#endif
