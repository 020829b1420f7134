// SPDX-License-Identifier: GPL-2.0-only
/* The sweep for PREEMPT_RT kernels, on which programs of one CPU can preempt each other (see env_bpf.h). */
#define FLOWLABEL_PREEMPTIBLE
#include "sweep.bpf.c"
