// SPDX-License-Identifier: BSD-2-Clause
#include "attach/grace_period.hpp"

#include <bpf/bpf.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/fd.hpp"

namespace flowlabel {

/// After an entry of an array of maps was changed, the kernel waits for all running programs:
/// maybe_wait_bpf_programs(), kernel/bpf/syscall.c. Returns 0 or an errno.
static int wait_by_map_update()
{
    const Fd inner(bpf_map_create(BPF_MAP_TYPE_ARRAY, "flowlabel_inner", sizeof(std::uint32_t), sizeof(std::uint32_t),
                                  1, nullptr));
    LIBBPF_OPTS(bpf_map_create_opts, options, .inner_map_fd = static_cast<std::uint32_t>(inner.get()));

    if (!inner)
        return errno;
    const Fd outer(bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "flowlabel_outer", sizeof(std::uint32_t),
                                  sizeof(std::uint32_t), 1, &options));
    const std::uint32_t key = 0;
    const int value = inner.get();

    if (!outer || bpf_map_update_elem(outer.get(), &key, &value, BPF_ANY) != 0)
        return errno;
    return 0;
}

Result<void> wait_for_packets_under_way()
{
    // The global membarrier is a grace period. The kernel refuses it if CPUs run without a tick (nohz_full).
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0)
        return {};
    if (const int err = wait_by_map_update())
        return fail_errno(err, "cannot wait for the packets that are under way");
    return {};
}

} // namespace flowlabel
