/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the record of a finished flow goes: its place in a ring. */
#ifndef FLOWLABEL_RECORD_H
#define FLOWLABEL_RECORD_H

#include "flowlabel/abi.h"

struct fl_record_place {
	union fl_record *record;    /* NULL: the ring is full */
	struct fl_history *history; /* in user space; see fl_env_record_history() */
	struct fl_ring *ring;       /* in BPF */
	__u32 index;                /* in BPF */
};

/* The tag of a record: that of its slot, with REASON (enum fl_end_reason) instead of the generation. */
#define fl_record_tag(tag, reason)                                                                                     \
	(((tag) & ((1u << FL_TAG_REASON_SHIFT) - 1)) | (__u32)(reason) << FL_TAG_REASON_SHIFT)

#endif
