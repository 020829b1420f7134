/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The environment of the datapath in user space, for env_user.h and for callers of the datapath. */
#ifndef FLOWLABEL_USER_H
#define FLOWLABEL_USER_H

#include <linux/types.h>
#include <stdbool.h>

#include "flowlabel/abi.h"
#include "record.h"

#define FL_USER_TABLE(name, set, used) struct set *name; /* 2^config.slots_shift slots; unused: none */

/* What an attachment has in its maps in the kernel. */
struct fl_user {
	struct fl_config config;
	struct fl_secrets secrets;
	struct fl_counters counters;
	FL_TABLES(FL_USER_TABLE)
	struct fl_history *history;                        /* of each slot of the table of connections */
	__u64 now;                                         /* time units */
	struct fl_record_place (*next_record)(void *ring); /* see fl_env_record() */
	void *ring;                                        /* what next_record() gets */
};

/* A frame that had WIRE_LENGTH bytes, of which CAPTURED are available. */
struct fl_user_frame {
	struct fl_user *user;
	__u32 captured;
	__u32 wire_length;
};

#endif
