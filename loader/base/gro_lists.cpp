// SPDX-License-Identifier: BSD-2-Clause
#include "base/gro_lists.hpp"

#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/ethtool.hpp"
#include "base/fd.hpp"
#include "base/netlink.hpp"
#include "flowlabel/abi.h"

namespace flowlabel {

struct Device {
    std::uint32_t ifindex = 0;
    std::string name;
    std::uint32_t lower = 0;  ///< index of its lower device in this network namespace; 0: none
    std::uint32_t master = 0; ///< index of its master, such as a bridge; 0: none
    bool lower_is_elsewhere = false;
};

static int note_attribute(const nlattr* attribute, void* data)
{
    Device& device = *static_cast<Device*>(data);

    switch (mnl_attr_get_type(attribute)) {
    case IFLA_IFNAME:
        if (mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
            device.name = mnl_attr_get_str(attribute);
        break;
    case IFLA_LINK:
        if (mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
            device.lower = mnl_attr_get_u32(attribute);
        break;
    case IFLA_MASTER:
        if (mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
            device.master = mnl_attr_get_u32(attribute);
        break;
    case IFLA_LINK_NETNSID:
        device.lower_is_elsewhere = true;
        break;
    default:
        break;
    }
    return MNL_CB_OK;
}

static int note_device(const nlmsghdr* message, void* data)
{
    auto& devices = *static_cast<std::vector<Device>*>(data);

    if (mnl_nlmsg_get_payload_len(message) < sizeof(ifinfomsg))
        return MNL_CB_OK;
    Device& device = devices.emplace_back();

    device.ifindex =
        static_cast<std::uint32_t>(static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message))->ifi_index);
    mnl_attr_parse(message, sizeof(ifinfomsg), note_attribute, &device);
    if (device.lower_is_elsewhere)
        device.lower = 0;
    return MNL_CB_OK;
}

/// Removes the lower devices of veth pairs, whose two ends name each other.
static void forget_peers(std::vector<Device>& devices)
{
    std::map<std::uint32_t, std::uint32_t> lower_of;

    for (const Device& device : devices)
        lower_of[device.ifindex] = device.lower;
    for (Device& device : devices)
        if (lower_of[device.lower] == device.ifindex)
            device.lower = 0;
}

/// Empty if interfaces come and go faster than they can be listed.
static std::vector<Device> list_devices()
{
    for (int tries = 0; tries < 100; tries++) {
        std::array<char, NLMSG_ALIGN(sizeof(nlmsghdr)) + sizeof(ifinfomsg)> buffer{};
        nlmsghdr* const request = mnl_nlmsg_put_header(buffer.data());
        std::vector<Device> devices;

        request->nlmsg_type = RTM_GETLINK;
        request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg));
        const int err = ask_rtnetlink(*request, note_device, &devices);

        if (err == 0) {
            forget_peers(devices);
            return devices;
        }
        if (err != EINTR)
            break;
    }
    return {};
}

/// Adds the interfaces that get packets from those in RECEIVERS. Returns whether there were any.
static bool add_next(const std::vector<Device>& devices, GroListReceivers& receivers)
{
    bool added = false;

    for (const Device& device : devices) {
        const auto below = receivers.find(device.lower);
        const auto itself = receivers.find(device.ifindex);

        if (below != receivers.end())
            added |= receivers.emplace(device.ifindex, below->second).second;
        if (itself != receivers.end() && device.master != 0)
            added |= receivers.emplace(device.master, itself->second).second;
    }
    return added;
}

/// Is MAP the map of marks of a program, and is one of them set?
static bool is_marked(const Fd& map)
{
    bpf_map_info info{};
    std::uint32_t length = sizeof(info);
    const std::uint32_t key = 0;

    if (bpf_obj_get_info_by_fd(map.get(), &info, &length) != 0 || std::string_view(info.name) != FL_GRO_LIST_MAP)
        return false;
    std::vector<std::uint8_t> marks(info.value_size);

    return bpf_map_lookup_elem(map.get(), &key, marks.data()) == 0 &&
           std::ranges::any_of(marks, [](std::uint8_t mark) { return mark != 0; });
}

std::optional<bool> has_gro_list_mark(std::uint32_t program)
{
    const Fd opened(bpf_prog_get_fd_by_id(program));
    std::array<std::uint32_t, 64> maps{}; // MAX_USED_MAPS, kernel/bpf/verifier.c
    bpf_prog_info info{};
    std::uint32_t length = sizeof(info);

    info.nr_map_ids = maps.size();
    info.map_ids = reinterpret_cast<std::uintptr_t>(maps.data());
    if (!opened || bpf_obj_get_info_by_fd(opened.get(), &info, &length) != 0)
        return std::nullopt;
    for (std::uint32_t i = 0; i < std::min<std::size_t>(info.nr_map_ids, maps.size()); i++) {
        const Fd map(bpf_map_get_fd_by_id(maps[i]));

        if (!map)
            return std::nullopt;
        if (is_marked(map))
            return true;
    }
    return false;
}

GroListReceivers gro_list_receivers()
{
    const std::vector<Device> devices = list_devices();
    const auto number = devices.empty() ? std::nullopt : feature_number(devices.front().name, "rx-gro-list");
    GroListReceivers receivers;

    if (!number)
        return receivers;
    for (const Device& device : devices)
        if (feature_is_on(device.name, *number))
            receivers.emplace(device.ifindex, device.name);
    while (add_next(devices, receivers))
        continue;
    return receivers;
}

} // namespace flowlabel
