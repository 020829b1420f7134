// SPDX-License-Identifier: BSD-2-Clause
/*
 * Runs after flowlabel on tc ingress. For each IPv6 packet it records the sum that the device has provided
 * (CHECKSUM_COMPLETE) and the bytes that this sum must cover. It changes nothing.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ETHERNET_SIZE 14
#define PACKETS 64
#define OCTETS 512

struct observation {
	__s64 checksum; /* skb->csum, or a negative errno if the skb has no such sum */
	__u32 length;   /* of the packet from its IPv6 header on */
	__u32 reserved;
	__u8 octets[OCTETS]; /* its first bytes */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PACKETS);
	__type(key, __u32);
	__type(value, struct observation);
} observations SEC(".maps");

__u32 next;

SEC("tc")
int checksum_probe(struct __sk_buff *skb)
{
	struct observation *observation;
	__u32 index = next;
	__u32 length;

	if (skb->protocol != bpf_htons(0x86DD) || index >= PACKETS)
		return TC_ACT_UNSPEC;
	observation = bpf_map_lookup_elem(&observations, &index);
	if (!observation || skb->len <= ETHERNET_SIZE)
		return TC_ACT_UNSPEC;
	observation->checksum = bpf_csum_update(skb, 0);
	length = skb->len - ETHERNET_SIZE;
	observation->length = length;
	if (length > OCTETS)
		length = OCTETS;
	if (length == 0 || bpf_skb_load_bytes(skb, ETHERNET_SIZE, observation->octets, length))
		return TC_ACT_UNSPEC;
	next = index + 1;
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
