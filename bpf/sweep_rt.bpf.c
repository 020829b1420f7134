// SPDX-License-Identifier: GPL-2.0-only
/* The sweep for kernels on which programs of one CPU preempt each other (see env_bpf.h). */
#define FLOWLABEL_PREEMPTIBLE
#include "sweep.bpf.c"
