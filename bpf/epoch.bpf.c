// SPDX-License-Identifier: GPL-2.0-only
/* For the loader: user space cannot read jiffies. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

__u64 jiffies;

SEC("syscall")
int read_epoch(void *ctx)
{
	(void)ctx;
	jiffies = bpf_jiffies64();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
