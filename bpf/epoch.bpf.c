// SPDX-License-Identifier: GPL-2.0-only
/* Reads jiffies for the loader, which cannot read them itself. */
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
