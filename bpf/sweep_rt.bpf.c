// SPDX-License-Identifier: GPL-2.0-only
/* The sweep for kernels on which programs of one CPU preempt each other: env_bpf.h says which. */
#define FLOWLABEL_PREEMPTIBLE
#include "sweep.bpf.c"
