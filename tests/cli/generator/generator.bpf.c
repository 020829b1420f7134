// SPDX-License-Identifier: GPL-2.0-only
/* Turns each frame into one of a new flow, and counts the frames. */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define CPUS 256
#define ETHERNET 14
#define IPV6 40

/* The kernel's struct, with the field that is read here. */
struct net_device {
	int ifindex;
} __attribute__((preserve_access_index));

struct {
	__u64 packets; /* frames that were made and, if they are sent, that the driver accepted */
	__u64 bytes;
	__u32 next; /* the number of the next frame */
	__u32 left; /* frames before this number were sent or dropped */
} __attribute__((aligned(64))) cpus[CPUS];

const volatile __u32 first_number; /* the number of each CPU's first flow */
const volatile __u32 out_ifindex;  /* 0: the frames arrive at the interface of the test run */

static __u32 payload_of(__u32 number)
{
	return 8 + number % 32;
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u32 number = first_number + cpus[cpu % CPUS].next;
	__u8 *ip6 = (__u8 *)(long)ctx->data + ETHERNET;

	if (ip6 + IPV6 > (__u8 *)(long)ctx->data_end)
		return XDP_ABORTED;
	/* The addresses end with four bytes of CPU or noise and four bytes of the flow's number. */
	*(__u32 *)ip6 = bpf_htonl(0x60000000 | (number * 2654435761u >> 12));
	*(__u16 *)(ip6 + 4) = bpf_htons(payload_of(number));
	*(__u32 *)(ip6 + 16) = bpf_htonl(cpu);
	*(__u32 *)(ip6 + 20) = bpf_htonl(number);
	*(__u32 *)(ip6 + 36) = number * 40503u;
	cpus[cpu % CPUS].next++;
	if (out_ifindex)
		return (int)bpf_redirect(out_ifindex, 0);
	cpus[cpu % CPUS].packets++;
	cpus[cpu % CPUS].bytes += IPV6 + payload_of(number);
	return XDP_PASS;
}

/* Called after each bulk of frames, in the order in which they were made: the driver accepted the first SENT of them
 * (kernel/bpf/devmap.c, bq_xmit_all). No bulk of another sender comes in between: bottom halves are disabled. */
SEC("tp_btf/xdp_devmap_xmit")
int count(__u64 *arguments)
{
	const struct net_device *to = (const struct net_device *)arguments[1];
	int sent = (int)arguments[2];
	int drops = (int)arguments[3];
	__u32 cpu = bpf_get_smp_processor_id() % CPUS;

	if ((__u32)to->ifindex != out_ifindex || cpus[cpu].left == cpus[cpu].next)
		return 0;
	for (int i = 0; i < sent && i < 64; i++)
		cpus[cpu].bytes += IPV6 + payload_of(first_number + cpus[cpu].left + i);
	cpus[cpu].packets += sent;
	cpus[cpu].left += sent + drops;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
