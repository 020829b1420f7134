// SPDX-License-Identifier: BSD-2-Clause
#include "attach/link.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "attach/pins.hpp"
#include "base/netlink.hpp"
#include "base/privilege.hpp"

namespace flowlabel {

/// From linux/bpf.h of Linux 6.6; the headers of Debian 12 are those of 6.1.
constexpr auto bpf_tcx_ingress = static_cast<bpf_attach_type>(46);
constexpr auto bpf_tcx_egress = static_cast<bpf_attach_type>(47);
constexpr std::uint32_t bpf_f_before = 1u << 3;

static bpf_attach_type tcx_type(fl_hook hook)
{
    return hook == FL_HOOK_TC_EGRESS ? bpf_tcx_egress : bpf_tcx_ingress;
}

static LinkAttempt create(int program, std::uint32_t ifindex, bpf_attach_type type, std::uint32_t flags)
{
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);
    const int fd = bpf_link_create(program, static_cast<int>(ifindex), type, &options);

    return {.fd = Fd(fd), .err = fd < 0 ? -fd : 0};
}

LinkAttempt link_xdp(int program, std::uint32_t ifindex, bool native)
{
    return create(program, ifindex, BPF_XDP, native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
}

LinkAttempt link_tcx(int program, std::uint32_t ifindex, fl_hook hook)
{
    return create(program, ifindex, tcx_type(hook), bpf_f_before);
}

/// The program to look for on an interface, and whether it is there.
struct WantedProgram {
    std::uint32_t id;
    bool found = false;
};

/// Reads an attribute of IFLA_XDP. An interface with programs in two modes has an attribute for each.
static int note_xdp_program(const nlattr* attribute, void* data)
{
    WantedProgram& wanted = *static_cast<WantedProgram*>(data);
    const std::uint16_t type = mnl_attr_get_type(attribute);

    if (type == IFLA_XDP_PROG_ID || type == IFLA_XDP_DRV_PROG_ID || type == IFLA_XDP_SKB_PROG_ID)
        wanted.found |= mnl_attr_validate(attribute, MNL_TYPE_U32) == 0 && mnl_attr_get_u32(attribute) == wanted.id;
    return MNL_CB_OK;
}

static int note_xdp(const nlattr* attribute, void* data)
{
    if (mnl_attr_get_type(attribute) == IFLA_XDP)
        mnl_attr_parse_nested(attribute, note_xdp_program, data);
    return MNL_CB_OK;
}

static int note_interface(const nlmsghdr* message, void* data)
{
    mnl_attr_parse(message, sizeof(ifinfomsg), note_xdp, data);
    return MNL_CB_STOP;
}

/// Asks about one interface only: a dump of all, as libbpf reads it, can miss one while others come and go. Returns 0
/// or an errno.
static int ask_about_interface(std::uint32_t ifindex, mnl_cb_t note, void* data)
{
    std::array<char, NLMSG_ALIGN(sizeof(nlmsghdr)) + sizeof(ifinfomsg)> buffer{};
    nlmsghdr* const request = mnl_nlmsg_put_header(buffer.data());

    request->nlmsg_type = RTM_GETLINK;
    request->nlmsg_flags = NLM_F_REQUEST;
    auto* const selector = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg)));

    selector->ifi_index = static_cast<int>(ifindex);
    return ask_rtnetlink(*request, note, data);
}

static std::optional<bool> has_xdp_program(std::uint32_t ifindex, std::uint32_t program)
{
    WantedProgram wanted{.id = program};
    const int err = ask_about_interface(ifindex, note_interface, &wanted);

    if (err != 0 && err != ENODEV)
        return std::nullopt;
    return wanted.found;
}

std::optional<std::vector<std::uint32_t>> tcx_programs(std::uint32_t ifindex, fl_hook hook)
{
    std::vector<std::uint32_t> ids(64); // the maximum of a hook: BPF_MPROG_MAX
    std::uint32_t count = static_cast<std::uint32_t>(ids.size());

    if (bpf_prog_query(static_cast<int>(ifindex), tcx_type(hook), 0, nullptr, ids.data(), &count) == 0)
        ids.resize(count);
    else if (errno == ENODEV || errno == ENOENT)
        ids.clear();
    else
        return std::nullopt;
    return ids;
}

static std::optional<bool> has_tcx_program(std::uint32_t ifindex, fl_hook hook, std::uint32_t program)
{
    const auto ids = tcx_programs(ifindex, hook);

    if (!ids)
        return std::nullopt;
    return std::ranges::find(*ids, program) != ids->end();
}

static int note_stats(const nlattr* attribute, void* data)
{
    if (mnl_attr_get_type(attribute) != IFLA_STATS64 ||
        mnl_attr_get_payload_len(attribute) < offsetof(rtnl_link_stats64, rx_bytes))
        return MNL_CB_OK;
    auto& stats = static_cast<std::optional<rtnl_link_stats64>*>(data)->emplace();

    std::memcpy(&stats, mnl_attr_get_payload(attribute),
                std::min<std::size_t>(mnl_attr_get_payload_len(attribute), sizeof(stats)));
    return MNL_CB_OK;
}

static int note_interface_stats(const nlmsghdr* message, void* data)
{
    mnl_attr_parse(message, sizeof(ifinfomsg), note_stats, data);
    return MNL_CB_STOP;
}

std::optional<std::uint64_t> device_packets(std::uint32_t ifindex, fl_hook hook)
{
    std::optional<rtnl_link_stats64> stats;

    if (ask_about_interface(ifindex, note_interface_stats, &stats) != 0 || !stats)
        return std::nullopt;
    return hook == FL_HOOK_TC_EGRESS ? stats->tx_packets : stats->rx_packets;
}

std::optional<bool> has_program(std::uint32_t ifindex, fl_hook hook, std::uint32_t program)
{
    return hook == FL_HOOK_XDP ? has_xdp_program(ifindex, program) : has_tcx_program(ifindex, hook, program);
}

std::string program_name(std::uint32_t id)
{
    const Fd program(bpf_prog_get_fd_by_id(id));
    bpf_prog_info info{};
    std::uint32_t length = sizeof(info);

    if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0)
        return {};
    return info.name;
}

std::string describe_program(std::uint32_t id)
{
    const std::string name = program_name(id);

    return name.empty() ? fmt::format("program {}", id) : fmt::format("program {} '{}'", id, name);
}

/// The XDP program of IFINDEX, in any mode. 0: there is none, or it cannot be read.
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

static Error xdp_taken_error(const Interface& interface)
{
    const std::uint32_t id = xdp_program_on(interface.ifindex);
    const std::string taken =
        fmt::format("XDP on {} is taken by {}", interface.name, id ? describe_program(id) : "another program");

    const std::string name = program_name(id);

    if (name.empty())
        return {.what = taken + ", whose name this user may not read: it may belong to another attachment of flowlabel",
                .hint = "it was not changed; as root, 'bpftool prog' shows its name, and 'flowlabel status' whether it "
                        "is flowlabel's; --hook tc-ingress works beside it"};
    if (name.starts_with("flowlabel_"))
        return {.what = taken + ", which belongs to another attachment of flowlabel",
                .hint = "it was not changed; 'flowlabel status' shows it, perhaps with another --bpffs, or as moved "
                        "here from another network namespace, and 'flowlabel detach' detaches it"};
    return {.what = taken + ", which is not flowlabel's",
            .hint = fmt::format(
                "it was not changed; detach it ('ip link set dev {} xdp off'), or use --hook tc-ingress beside it",
                interface.name)};
}

Error xdp_link_error(int err, const Interface& interface, bool native)
{
    switch (err) {
    case EBUSY:
    case EEXIST:
        return xdp_taken_error(interface);
    case EOPNOTSUPP:
        return {.what = native ? fmt::format("the driver of {} has no native XDP", interface.name)
                               : fmt::format("{} does not support XDP", interface.name),
                .hint = native ? "use --mode generic, or --hook tc-ingress" : "use --hook tc-ingress"};
    case ERANGE:
        return {.what = fmt::format("the MTU of {} ({}) is larger than its driver allows with XDP", interface.name,
                                    interface.mtu),
                .hint = "lower the MTU, or use --mode generic or --hook tc-ingress"};
    case EPERM:
        return {.what = fmt::format("the kernel does not let this user attach to {}", interface.name),
                .hint = privilege_hint};
    default:
        return fail_errno(err, fmt::format("the kernel refused the XDP program on {}", interface.name),
                          "run again with -v to see the kernel's message; --mode generic or --hook tc-ingress may work")
            .error();
    }
}

Result<std::optional<LinkState>> open_link(const Directory& directory)
{
    const std::string path = (directory.path() / link_pin).string();
    LinkState state{.fd = open_pin(directory, link_pin)};
    bpf_link_info info{};
    std::uint32_t length = sizeof(info);

    if (!state.fd && errno == ENOENT)
        return std::nullopt;
    if (!state.fd)
        return fail_errno(errno, "cannot open " + path, hint_for_access(errno));
    if (bpf_obj_get_info_by_fd(state.fd.get(), &info, &length) != 0)
        return fail_errno(errno, "cannot inspect " + path);
    state.program_id = info.prog_id;
    state.ifindex = info.xdp.ifindex; // a tcx link has it in the same place
    return state;
}

} // namespace flowlabel
