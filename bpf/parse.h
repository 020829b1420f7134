/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finds the outermost IPv6 header of a frame, after Ethernet, 802.1Q and 802.1ad tags, PPPoE session, MPLS, or no
 * link layer. Everything else is counted under its outcome.
 */
#ifndef FLOWLABEL_PARSE_H
#define FLOWLABEL_PARSE_H

#include <bpf/bpf_endian.h>
#include <stddef.h>

#include "counters.h"
#include "env.h"

#define FL_ETHERTYPE_IPV6 0x86DD
#define FL_ETHERTYPE_8021Q 0x8100
#define FL_ETHERTYPE_8021AD 0x88A8
#define FL_ETHERTYPE_QINQ1 0x9100 /* this and the next two: outer tags before 802.1ad */
#define FL_ETHERTYPE_QINQ2 0x9200
#define FL_ETHERTYPE_QINQ3 0x9300
#define FL_ETHERTYPE_MPLS 0x8847
#define FL_ETHERTYPE_MPLS_UPSTREAM 0x8848
#define FL_ETHERTYPE_PPPOE_SESSION 0x8864

#define FL_ETHERNET_SIZE 14
#define FL_ETHERNET_SHORTEST_PAYLOAD 46 /* shorter payloads are padded */
#define FL_VLAN_LIMIT 4
#define FL_MPLS_LIMIT 8

struct fl_vlan_header {
	__u16 tci_be;
	__u16 protocol_be;
};

/* RFC 2516 section 4, followed by the PPP protocol field. */
struct fl_pppoe_header {
	__u8 version_type;
	__u8 code;
	__u16 session_be;
	__u16 length_be;
	__u8 protocol[2]; /* one byte if the first is odd (RFC 1661 section 6.5) */
};

#define FL_PPPOE_CODE_SESSION 0x00
#define FL_PPP_IPV6 0x0057 /* RFC 5072 section 2 */

#define FL_MPLS_BOTTOM 0x100u /* RFC 3032 section 2.1 */

fl_inline bool fl_is_vlan(__u16 protocol_be)
{
	return protocol_be == bpf_htons(FL_ETHERTYPE_8021Q) || protocol_be == bpf_htons(FL_ETHERTYPE_8021AD) ||
	       protocol_be == bpf_htons(FL_ETHERTYPE_QINQ1) || protocol_be == bpf_htons(FL_ETHERTYPE_QINQ2) ||
	       protocol_be == bpf_htons(FL_ETHERTYPE_QINQ3);
}

fl_inline bool fl_is_mpls(__u16 protocol_be)
{
	return protocol_be == bpf_htons(FL_ETHERTYPE_MPLS) || protocol_be == bpf_htons(FL_ETHERTYPE_MPLS_UPSTREAM);
}

fl_inline enum fl_outcome fl_pass_vlan(const struct fl_packet *p, struct fl_link *link)
{
	struct fl_vlan_header tag;

	for (int i = 0; i <= FL_VLAN_LIMIT; i++) {
		if (!fl_is_vlan(link->protocol_be))
			return FL_GO_ON;
		if (link->vlan_tags >= FL_VLAN_LIMIT)
			return FL_OUTCOME_vlan_limit;
		if (!fl_env_load(p, link->l3, &tag, sizeof(tag)))
			return FL_OUTCOME_short_frame;
		link->protocol_be = tag.protocol_be;
		link->l3 += sizeof(tag);
		link->vlan_tags++;
	}
	return FL_OUTCOME_vlan_limit;
}

fl_inline enum fl_outcome fl_pass_pppoe(const struct fl_packet *p, struct fl_link *link)
{
	struct fl_pppoe_header pppoe;
	__u32 protocol;

	if (!fl_env_load(p, link->l3, &pppoe, sizeof(pppoe)))
		return FL_OUTCOME_short_frame;
	link->l3 += sizeof(pppoe);
	protocol = pppoe.protocol[0];
	if (protocol & 1)
		link->l3--;
	else
		protocol = protocol << 8 | pppoe.protocol[1];
	return pppoe.code == FL_PPPOE_CODE_SESSION && protocol == FL_PPP_IPV6 ? FL_GO_ON : FL_OUTCOME_not_ipv6;
}

fl_inline enum fl_outcome fl_pass_mpls(const struct fl_packet *p, struct fl_link *link)
{
	__u32 entry_be;

	for (int i = 0; i < FL_MPLS_LIMIT; i++) {
		if (!fl_env_load(p, link->l3, &entry_be, sizeof(entry_be)))
			return FL_OUTCOME_short_frame;
		link->l3 += sizeof(entry_be);
		if (entry_be & bpf_htonl(FL_MPLS_BOTTOM)) {
			link->mpls = 1;
			link->announced = FL_ANNOUNCED_NOTHING;
			return FL_GO_ON;
		}
	}
	return FL_OUTCOME_mpls_limit;
}

fl_inline enum fl_outcome fl_guess_by_version(const struct fl_packet *p, const struct fl_link *link)
{
	__u8 version;

	if (!fl_env_load(p, link->l3, &version, sizeof(version)))
		return FL_OUTCOME_short_frame;
	return version >> 4 == 6 ? FL_GO_ON : FL_OUTCOME_not_ipv6;
}

/* MPLS does not say what it carries, and an Ethernet pseudowire may begin with a 6, too. So the length must also
 * match: the frame has the length that the header claims, or is a short frame with padding. With payload length 0,
 * the packet is longer than the field can say. */
fl_inline enum fl_outcome fl_guess_by_length(const struct fl_packet *p, const struct fl_link *link)
{
	__u32 there = fl_env_wire_length(p) - link->l3;
	__u16 length_be;
	__u32 claimed;

	if (fl_env_frame_length(p) < link->l3 + FL_IP6_SIZE ||
	    !fl_env_load(p, link->l3 + offsetof(struct fl_ip6, payload_length_be), &length_be, sizeof(length_be)))
		return FL_GO_ON; /* truncated: the next step counts it */
	claimed = FL_IP6_SIZE + bpf_ntohs(length_be);
	if (there == claimed || (there > claimed && there <= FL_ETHERNET_SHORTEST_PAYLOAD) ||
	    (!length_be && there > FL_IP6_SIZE + 0xFFFF))
		return FL_GO_ON;
	return FL_OUTCOME_mpls_not_ip;
}

/* Passes every link layer except plain Ethernet. Of P it needs only ctx, data, data_end and hook. */
fl_inline enum fl_outcome fl_pass_link(const struct fl_packet *p, struct fl_link *link)
{
	enum fl_outcome outcome;

	if (link->announced == FL_ANNOUNCED_PROTOCOL) {
		outcome = fl_pass_vlan(p, link);
		if (outcome != FL_GO_ON)
			return outcome;
		if (link->protocol_be == bpf_htons(FL_ETHERTYPE_PPPOE_SESSION))
			return fl_pass_pppoe(p, link);
		if (!fl_is_mpls(link->protocol_be))
			return link->protocol_be == bpf_htons(FL_ETHERTYPE_IPV6) ? FL_GO_ON : FL_OUTCOME_not_ipv6;
		outcome = fl_pass_mpls(p, link);
		if (outcome != FL_GO_ON)
			return outcome;
	}
	outcome = fl_guess_by_version(p, link);
	return outcome == FL_GO_ON && link->mpls ? fl_guess_by_length(p, link) : outcome;
}

/* Finds the outermost IPv6 header of P (p->link.l3) and reads it. FL_GO_ON: IP6 has it. Otherwise: the outcome of
 * P. */
fl_inline enum fl_outcome fl_find_ip6(struct fl_packet *p, struct fl_ip6 *ip6)
{
	if (p->link.announced == FL_ANNOUNCED_LINK) {
		__u16 protocol_be;

		if (!fl_env_load(p, FL_ETHERNET_SIZE - sizeof(protocol_be), &protocol_be, sizeof(protocol_be)))
			return FL_OUTCOME_short_frame;
		p->link.protocol_be = protocol_be;
		p->link.l3 = FL_ETHERNET_SIZE;
		p->link.announced = FL_ANNOUNCED_PROTOCOL;
	}
	if (p->link.announced != FL_ANNOUNCED_PROTOCOL || p->link.protocol_be != bpf_htons(FL_ETHERTYPE_IPV6)) {
		struct fl_link link = p->link;
		enum fl_outcome outcome = fl_env_pass_link(p, &link);

		if (outcome != FL_GO_ON) {
			p->link.l3 = link.l3;
			return outcome;
		}
		p->link = link;
	}
	if (!fl_env_load(p, p->link.l3, ip6, sizeof(*ip6)))
		return FL_OUTCOME_truncated;
	if ((ip6->word_be & bpf_htonl(0xF0000000)) != bpf_htonl(0x60000000))
		return FL_OUTCOME_bad_version;
	return FL_GO_ON;
}

/* Counts P, which is not counted as IPv6, under its OUTCOME. If only the size of its segments is known, their
 * headers are taken as 40 bytes, which is right for IPv4 and TCP without options. */
fl_inline void fl_count_uncounted(struct fl_packet *p, enum fl_outcome outcome)
{
	if (fl_unlikely(p->segment_size)) {
		__u32 length = fl_env_wire_length(p);
		__u32 headers = p->link.l3 + FL_IP6_SIZE;

		if (length > headers)
			p->segments = (length - headers + p->segment_size - 1) / p->segment_size;
		fl_count(p, gso_estimated);
	}
	fl_env_add(((__u64 *)p->counters)[outcome], p->segments);
}

#endif
