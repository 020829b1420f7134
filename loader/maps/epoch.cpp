// SPDX-License-Identifier: BSD-2-Clause
#include "maps/epoch.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <memory>

#include "base/time.hpp"
#include "epoch.skel.h"
#include "maps/program.hpp"

namespace flowlabel {

struct DestroyEpoch {
    void operator()(epoch_bpf* skeleton) const { epoch_bpf__destroy(skeleton); }
};

Result<Epoch> read_epoch()
{
    const std::unique_ptr<epoch_bpf, DestroyEpoch> skeleton(epoch_bpf__open());
    LIBBPF_OPTS(bpf_test_run_opts, options);
    Epoch epoch{};

    if (!skeleton)
        return load_error(errno);
    if (const int result = epoch_bpf__load(skeleton.get()))
        return load_error(-result);
    // A jiffy rarely ends in between, and hardly ever twice in a row; then the times are one jiffy off.
    for (int attempt = 0; attempt < 3 && epoch.monotonic != now_monotonic_coarse(); attempt++) {
        epoch.monotonic = now_monotonic_coarse();
        if (const int result = bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.read_epoch), &options))
            return fail_errno(-result, "cannot run a BPF program to read the clock");
        epoch.jiffies = skeleton->bss->jiffies;
    }
    return epoch;
}

} // namespace flowlabel
