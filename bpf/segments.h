/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The length of the headers that every segment of a super-packet repeats. They end with TCP or UDP; in a tunnel,
 * with the inner TCP or UDP. Only super-packets need this.
 */
#ifndef FLOWLABEL_SEGMENTS_H
#define FLOWLABEL_SEGMENTS_H

#include <bpf/bpf_endian.h>
#include <stddef.h>

#include "arrival.h"
#include "env.h"
#include "parse.h"
#include "walk.h"

#define FL_NEXT_IPV4 4
#define FL_NEXT_IPV6 41
#define FL_NEXT_GRE 47

#define FL_ETHERTYPE_IPV4 0x0800
#define FL_ETHERTYPE_ETHERNET 0x6558 /* Ethernet in GRE and in Geneve */

#define FL_IP4_SIZE 20         /* without options */
#define FL_IP4_FRAGMENT 0x3FFF /* M flag and offset (RFC 791 section 3.1) */

/* A tunnel header that ends further from the start of the frame is ignored, so that all offsets stay below the
 * bound of fl_env_load(). */
#define FL_INNER_LIMIT 4096

#define FL_VXLAN_VNI_VALID 0x08 /* RFC 7348 section 5 */
#define FL_VXLAN_GPE 0x04       /* draft-ietf-nvo3-vxlan-gpe section 3.1: a next protocol is given */
#define FL_VXLAN_GPE_IPV4 1
#define FL_VXLAN_GPE_IPV6 2
#define FL_VXLAN_SIZE 8

#define FL_GUE_OTHER 0xE0 /* the variant and the control flag, draft-ietf-intarea-gue section 3.2: not followed */
#define FL_GUE_SIZE 4     /* without options */

#define FL_GENEVE_VERSION 0xC0 /* RFC 8926 section 3.4 */
#define FL_GENEVE_SIZE 8       /* without options */

#define FL_GRE_CHECKSUM 0x8000 /* RFC 2784 section 2.1, RFC 2890 section 2 */
#define FL_GRE_KEY 0x2000
#define FL_GRE_SEQUENCE 0x1000
#define FL_GRE_OTHER 0x4FFF /* routing, the reserved bits and the version: not followed */
#define FL_GRE_SIZE 4

/* The fields of Geneve; VXLAN and GUE have other fields in the same places. */
struct fl_udp_tunnel_header {
	__u8 version_length; /* Geneve: length of the options in units of 4 bytes; GUE: the same and a flag; VXLAN:
				flags */
	__u8 flags;          /* GUE: the inner protocol */
	__u16 protocol_be;   /* VXLAN-GPE: the lower byte is the next protocol */
	__u32 vni_be;
};

struct fl_gre_header {
	__u16 flags_be;
	__u16 protocol_be;
};

/* The start of the IPv4 header. */
struct fl_ip4_start {
	__u8 version_length; /* length in units of 4 bytes */
	__u8 traffic_class;
	__u16 total_length_be;
	__u16 id_be;
	__u16 fragment_be;
};

fl_inline bool fl_is_tunnelled(__u16 protocol_be)
{
	return protocol_be == bpf_htons(FL_ETHERTYPE_ETHERNET) || protocol_be == bpf_htons(FL_ETHERTYPE_IPV4) ||
	       protocol_be == bpf_htons(FL_ETHERTYPE_IPV6);
}

/* The ethertype of IP packets of VERSION; 0: no such version. */
fl_inline __u16 fl_ethertype_of_version(__u32 version)
{
	if (version == 4)
		return bpf_htons(FL_ETHERTYPE_IPV4);
	return version == 6 ? bpf_htons(FL_ETHERTYPE_IPV6) : 0;
}

/* The ethertype of an IP packet after the next header PROTOCOL; 0: it is not an IP packet. */
fl_inline __u16 fl_ethertype_of_next_header(__u32 protocol)
{
	if (protocol == FL_NEXT_IPV4)
		return bpf_htons(FL_ETHERTYPE_IPV4);
	return protocol == FL_NEXT_IPV6 ? bpf_htons(FL_ETHERTYPE_IPV6) : 0;
}

/* The ethertype of the packet in VXLAN. */
fl_inline __u16 fl_ethertype_of_vxlan(const struct fl_udp_tunnel_header *header)
{
	if (header->version_length & FL_VXLAN_GPE && header->protocol_be == bpf_htons(FL_VXLAN_GPE_IPV4))
		return bpf_htons(FL_ETHERTYPE_IPV4);
	if (header->version_length & FL_VXLAN_GPE && header->protocol_be == bpf_htons(FL_VXLAN_GPE_IPV6))
		return bpf_htons(FL_ETHERTYPE_IPV6);
	return bpf_htons(FL_ETHERTYPE_ETHERNET);
}

/* Moves INNER from the end of UDP to the packet inside: an IP packet (FOU, GUE variant 1, bareudp), or what a
 * Geneve, GUE or VXLAN header announces. Ports can be configured, so they do not identify a tunnel. The caller
 * accepts a header only if the inner packet has the length that is left. None of these headers begins like an IP
 * packet. */
fl_inline bool fl_pass_udp_tunnel(const struct fl_packet *p, struct fl_link *inner)
{
	struct fl_udp_tunnel_header header;

	if (!fl_env_load(p, inner->l3, &header, sizeof(header)))
		return false;
	inner->protocol_be = fl_ethertype_of_version(header.version_length >> 4);
	if (inner->protocol_be)
		return true;
	if (!(header.version_length & FL_GENEVE_VERSION) && fl_is_tunnelled(header.protocol_be)) {
		inner->l3 += FL_GENEVE_SIZE + header.version_length * 4u;
		inner->protocol_be = header.protocol_be;
		return true;
	}
	inner->protocol_be = fl_ethertype_of_next_header(header.flags);
	if (!(header.version_length & FL_GUE_OTHER) && inner->protocol_be) {
		inner->l3 += FL_GUE_SIZE + header.version_length * 4u;
		return true;
	}
	inner->l3 += FL_VXLAN_SIZE;
	inner->protocol_be = fl_ethertype_of_vxlan(&header);
	return header.version_length & FL_VXLAN_VNI_VALID;
}

fl_inline bool fl_pass_gre(const struct fl_packet *p, struct fl_link *inner)
{
	struct fl_gre_header header;
	__u32 flags;

	if (!fl_env_load(p, inner->l3, &header, sizeof(header)))
		return false;
	flags = bpf_ntohs(header.flags_be);
	inner->l3 += FL_GRE_SIZE + (flags & FL_GRE_CHECKSUM ? 4 : 0) + (flags & FL_GRE_KEY ? 4 : 0) +
		     (flags & FL_GRE_SEQUENCE ? 4 : 0);
	inner->protocol_be = header.protocol_be;
	return !(flags & FL_GRE_OTHER) && fl_is_tunnelled(header.protocol_be);
}

/* Moves INNER to the IP header in the tunnel at the end of WALK. */
fl_inline bool fl_pass_tunnel(const struct fl_packet *p, const struct fl_walk *walk, struct fl_link *inner)
{
	__u16 protocol_be;

	inner->l3 = walk->l3 + walk->offset;
	switch (walk->protocol) {
	case FL_NEXT_IPV4:
	case FL_NEXT_IPV6:
		inner->protocol_be = fl_ethertype_of_next_header(walk->protocol);
		break;
	case FL_NEXT_GRE:
		if (!fl_pass_gre(p, inner))
			return false;
		break;
	case FL_NEXT_UDP:
		inner->l3 += FL_UDP_SIZE;
		if (!fl_pass_udp_tunnel(p, inner))
			return false;
		break;
	default:
		return false;
	}
	if (inner->protocol_be != bpf_htons(FL_ETHERTYPE_ETHERNET))
		return inner->l3 <= FL_INNER_LIMIT;
	if (!fl_env_load(p, inner->l3 + FL_ETHERNET_SIZE - sizeof(protocol_be), &protocol_be, sizeof(protocol_be)))
		return false;
	inner->l3 += FL_ETHERNET_SIZE;
	inner->protocol_be = protocol_be;
	return fl_pass_vlan(p, inner) == FL_GO_ON && inner->l3 <= FL_INNER_LIMIT;
}

/* Starts WALK at the IPv4 header at WALK->l3. The packet must not be a fragment, and must end where the frame
 * ends. */
fl_inline bool fl_walk_inner_ip4(const struct fl_packet *p, struct fl_walk *walk)
{
	struct fl_ip4_start ip4;
	__u8 protocol;

	if (!fl_env_load(p, walk->l3, &ip4, sizeof(ip4)) ||
	    !fl_env_load(p, walk->l3 + sizeof(ip4) + 1, &protocol, sizeof(protocol)))
		return false;
	walk->offset = (ip4.version_length & 0xF) * 4;
	walk->protocol = protocol;
	return ip4.version_length >> 4 == 4 && walk->offset >= FL_IP4_SIZE &&
	       !(ip4.fragment_be & bpf_htons(FL_IP4_FRAGMENT)) && bpf_ntohs(ip4.total_length_be) == walk->limit;
}

/* The same for IPv6 with its extension headers. */
fl_inline bool fl_walk_inner_ip6(const struct fl_packet *p, struct fl_walk *walk)
{
	struct {
		__u32 word_be;
		__u16 payload_length_be;
		__u8 next_header;
		__u8 hop_limit;
	} start;

	if (!fl_env_load(p, walk->l3, &start, sizeof(start)))
		return false;
	walk->offset = FL_IP6_SIZE;
	walk->protocol = start.next_header;
	if ((start.word_be & bpf_htonl(0xF0000000)) != bpf_htonl(0x60000000) ||
	    FL_IP6_SIZE + bpf_ntohs(start.payload_length_be) != walk->limit)
		return false;
	if (fl_is_extension(walk->protocol))
		fl_env_walk_extensions(p, walk);
	return true;
}

/* The walk over the packet in the tunnel at the end of OUTER. The inner length of a super-packet covers all
 * segments. If it does not, this is not a tunnel, or GRO merged tunnelled packets of other hosts as plain UDP. */
fl_inline bool fl_walk_inner(const struct fl_packet *p, const struct fl_walk *outer, struct fl_walk *walk)
{
	struct fl_link inner = {.vlan_tags = 0};

	if (!fl_pass_tunnel(p, outer, &inner) || inner.l3 >= outer->l3 + outer->limit)
		return false;
	walk->l3 = inner.l3;
	walk->limit = outer->l3 + outer->limit - inner.l3;
	if (inner.protocol_be == bpf_htons(FL_ETHERTYPE_IPV4))
		return fl_walk_inner_ip4(p, walk);
	return inner.protocol_be == bpf_htons(FL_ETHERTYPE_IPV6) && fl_walk_inner_ip6(p, walk);
}

/* Bytes from the IP header of WALK to the end of its TCP or UDP header; 0: there is none, or it is not complete. */
fl_inline __u32 fl_transport_end(const struct fl_packet *p, const struct fl_walk *walk)
{
	__u32 size = FL_UDP_SIZE;
	__u8 data_offset;

	if (walk->end != FL_WALK_UPPER)
		return 0;
	if (walk->protocol == FL_NEXT_TCP) {
		if (walk->offset + FL_TCP_SIZE > walk->limit ||
		    !fl_env_load(p, walk->l3 + walk->offset + 12, &data_offset, sizeof(data_offset)))
			return 0;
		size = (data_offset >> 4) * 4;
		if (size < FL_TCP_SIZE)
			return 0;
	} else if (walk->protocol != FL_NEXT_UDP) {
		return 0;
	}
	return walk->offset + size <= walk->limit ? walk->offset + size : 0;
}

/* Does the number of segments match the payload after HEADERS bytes? True if the sender did not give the number. */
fl_inline bool fl_segments_fit(const struct fl_packet *p, const struct fl_walk *walk, __u32 headers)
{
	__u32 segments = p->segments;
	__u32 size = p->segment_size;
	__u32 payload = walk->limit - headers;

	return !segments || !size || (payload <= segments * size && payload > (segments - 1) * size);
}

/* Bytes of the headers that every segment repeats, from the IPv6 header at the start of WALK; 0: not known. P has
 * the number and the size of the segments as the sender gave them, or 0. */
fl_inline __u32 fl_segment_headers(const struct fl_packet *p, const struct fl_walk *walk)
{
	__u32 headers;
	struct fl_walk inner = {.end = FL_WALK_UPPER};

	if (walk->end == FL_WALK_UPPER && fl_walk_inner(p, walk, &inner)) {
		headers = fl_transport_end(p, &inner);
		return headers ? inner.l3 - walk->l3 + headers : 0;
	}
	headers = fl_transport_end(p, walk);
	if (walk->protocol == FL_NEXT_UDP && headers && (fl_env_in_udp_tunnel(p) || !fl_segments_fit(p, walk, headers)))
		return 0; /* a tunnel of an unknown kind */
	return headers;
}

#endif
