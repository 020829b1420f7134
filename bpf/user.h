/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the datapath's surroundings are in user space, for env_user.h and for those who call it. */
#ifndef FLOWLABEL_USER_H
#define FLOWLABEL_USER_H

#include <linux/types.h>
#include <stdbool.h>

#include "flowlabel/abi.h"

/* What the maps are in the kernel. */
struct fl_user {
	struct fl_config config;
	struct fl_secrets secrets;
	struct fl_counters counters;
	struct fl_set *table;                                 /* 2^config.slots_shift slots */
	__u64 now;                                            /* ticks */
	struct fl_slot *(*next_record)(struct fl_user *user); /* where the next record goes; NULL: there is no room */
};

/* A frame: CAPTURED octets are there of the WIRE_LENGTH it had. */
struct fl_user_frame {
	struct fl_user *user;
	__u32 captured;
	__u32 wire_length;
};

#endif
