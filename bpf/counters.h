/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counting. The list of counters is FL_COUNTERS in abi.h. */
#ifndef FLOWLABEL_COUNTERS_H
#define FLOWLABEL_COUNTERS_H

#include "env.h"

/* Adds the packets of P to COUNTER of this CPU. */
#define fl_count(p, counter) fl_env_add((p)->counters->counter, (p)->segments)

#endif
