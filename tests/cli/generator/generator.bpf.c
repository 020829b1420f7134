// SPDX-License-Identifier: GPL-2.0-only
/* Makes each frame that it is given another flow's, and counts what it made. */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define CPUS 256
#define ETHERNET 14
#define IPV6 40

__u64 made[CPUS][8]; /* a CPU's packets and octets, on a cache line of their own */

const volatile __u32 first_number; /* of a CPU's flows */
const volatile __u32 out_ifindex; /* 0: the frames arrive at the interface that the run names */

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	__u64 *mine = made[bpf_get_smp_processor_id() % CPUS];
	__u8 *ip6 = (__u8 *)(long)ctx->data + ETHERNET;
	__u32 number = first_number + mine[0];
	__u16 payload = 8 + number % 32;

	if (ip6 + IPV6 > (__u8 *)(long)ctx->data_end)
		return XDP_ABORTED;
	/* The frame's addresses end with four octets of CPU or noise, then four of the flow's number. */
	*(__u32 *)ip6 = bpf_htonl(0x60000000 | (number * 2654435761u >> 12));
	*(__u16 *)(ip6 + 4) = bpf_htons(payload);
	*(__u32 *)(ip6 + 16) = bpf_htonl(bpf_get_smp_processor_id());
	*(__u32 *)(ip6 + 20) = bpf_htonl(number);
	*(__u32 *)(ip6 + 36) = number * 40503u;
	mine[0]++;
	mine[1] += IPV6 + payload;
	return out_ifindex ? (int)bpf_redirect(out_ifindex, 0) : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
