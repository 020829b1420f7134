/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Initialises a packet from the context of a BPF program. */
#ifndef FLOWLABEL_CONTEXT_H
#define FLOWLABEL_CONTEXT_H

#include <linux/bpf.h>

#include "packet.h"

/* Initialises a struct fl_packet from CONTEXT, a struct xdp_md or __sk_buff. ITS_HOOK: enum fl_hook. More initialisers
 * may follow; the functions that the verifier checks on their own (functions.h) need none. */
#define FL_PACKET_OF(context, its_hook, ...)                                                                           \
	{.ctx = (context),                                                                                             \
	 .data = (void *)(long)(context)->data,                                                                        \
	 .data_end = (void *)(long)(context)->data_end,                                                                \
	 .hook = (its_hook),                                                                                           \
	 __VA_ARGS__}

#endif
