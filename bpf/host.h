/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the datapath's surroundings are in user space, for env_host.h and for those who call it. */
#ifndef FLOWLABEL_HOST_H
#define FLOWLABEL_HOST_H

#include <linux/types.h>
#include <stdbool.h>

#include "flowlabel/abi.h"

/* What the maps are in the kernel. */
struct fl_host {
	struct fl_config config;
	struct fl_secrets secrets;
	struct fl_counters counters;
	struct fl_set *table; /* 2^config.slots_shift slots */
	__u64 now;	      /* ticks */
	struct fl_slot *(*next_record)(struct fl_host *host); /* where the next record goes; NULL: there is no room */
};

/* A frame: CAPTURED octets are there of the WIRE_LENGTH it had. */
struct fl_host_frame {
	struct fl_host *host;
	__u32 captured;
	__u32 wire_length;
};

#endif
