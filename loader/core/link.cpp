// SPDX-License-Identifier: BSD-2-Clause
#include "link.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>

#include <cerrno>

#include "privilege.hpp"

namespace flowlabel {

/// linux/bpf.h of 6.6 and later; Debian 12's headers are of 6.1.
constexpr auto bpf_tcx_ingress = static_cast<bpf_attach_type>(46);
constexpr auto bpf_tcx_egress = static_cast<bpf_attach_type>(47);
constexpr std::uint32_t bpf_f_before = 1u << 3;

static LinkAttempt create(int program, std::uint32_t ifindex, bpf_attach_type type, std::uint32_t flags)
{
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);
    const int fd = bpf_link_create(program, static_cast<int>(ifindex), type, &options);

    return {.fd = Fd(fd), .number = fd < 0 ? -fd : 0};
}

LinkAttempt link_xdp(int program, std::uint32_t ifindex, bool native)
{
    return create(program, ifindex, BPF_XDP, native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
}

LinkAttempt link_tcx(int program, std::uint32_t ifindex, fl_hook hook)
{
    return create(program, ifindex, hook == FL_HOOK_TC_EGRESS ? bpf_tcx_egress : bpf_tcx_ingress, bpf_f_before);
}

std::string describe_program(std::uint32_t id)
{
    const Fd program(bpf_prog_get_fd_by_id(id));
    bpf_prog_info info{};
    std::uint32_t length = sizeof(info);

    if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0 || info.name[0] == '\0')
        return fmt::format("program {}", id);
    return fmt::format("program {} '{}'", id, info.name);
}

/// The XDP program of IFINDEX, whichever way it is attached; 0: none, or not to be known.
static std::uint32_t xdp_program_on(std::uint32_t ifindex)
{
    LIBBPF_OPTS(bpf_xdp_query_opts, found);

    if (bpf_xdp_query(static_cast<int>(ifindex), 0, &found) != 0)
        return 0;
    for (const std::uint32_t id : {found.prog_id, found.drv_prog_id, found.skb_prog_id, found.hw_prog_id})
        if (id != 0)
            return id;
    return 0;
}

Error xdp_link_error(int number, const Interface& interface, bool native)
{
    switch (number) {
    case EBUSY:
    case EEXIST: {
        const std::uint32_t id = xdp_program_on(interface.ifindex);

        return {.what = fmt::format("XDP on {} is taken by {}, which is not flowlabel's", interface.name,
                                    id ? describe_program(id) : "another program"),
                .hint = fmt::format("it was left alone; detach it ('ip link set dev {} xdp off'), or use "
                                    "--hook tc-ingress beside it",
                                    interface.name)};
    }
    case EOPNOTSUPP:
        return {.what = native ? fmt::format("the driver of {} has no native XDP", interface.name)
                               : fmt::format("{} takes no XDP program", interface.name),
                .hint = native ? "use --mode generic, or --hook tc-ingress" : "use --hook tc-ingress"};
    case ERANGE:
        return {.what = fmt::format("the MTU of {} ({}) is larger than its driver takes with XDP", interface.name,
                                    interface.mtu),
                .hint = "lower the MTU, or use --mode generic or --hook tc-ingress"};
    case EPERM:
        return {.what = fmt::format("the kernel does not let this user attach to {}", interface.name),
                .hint = privilege_hint};
    default:
        return fail_errno(number, fmt::format("the kernel refused the XDP program on {}", interface.name),
                          "-v shows more; --mode generic or --hook tc-ingress may work")
            .error();
    }
}

Result<std::optional<LinkState>> open_link(const std::filesystem::path& pin)
{
    LinkState state{.fd = Fd(bpf_obj_get(pin.c_str()))};
    bpf_link_info info{};
    std::uint32_t length = sizeof(info);

    if (!state.fd && errno == ENOENT)
        return std::nullopt;
    if (!state.fd)
        return fail_errno(errno, "cannot open " + pin.string(), hint_for_access(errno));
    if (bpf_obj_get_info_by_fd(state.fd.get(), &info, &length) != 0)
        return fail_errno(errno, "cannot look at " + pin.string());
    state.program_id = info.prog_id;
    state.ifindex = info.xdp.ifindex; // a tcx link has it in the same place
    return state;
}

} // namespace flowlabel
