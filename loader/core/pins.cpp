// SPDX-License-Identifier: BSD-2-Clause
#include "pins.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <tuple>

#include "flowlabel/attachment.hpp"
#include "privilege.hpp"

namespace flowlabel {

constexpr struct {
    const char* name;
    Fd Maps::* fd;
} map_pins[] = {
    {"table", &Maps::table}, {"counters", &Maps::counters},
    {"ring", &Maps::ring},   {"ring_positions", &Maps::ring_positions},
    {"info", &Maps::info},   {"secrets", &Maps::secrets},
};

std::filesystem::path PinPlace::directory(const Bpffs& bpffs) const
{
    return bpffs.layout() / fmt::format("{}-{}", netns_inode, ifindex) / name_of(hook);
}

static std::optional<fl_hook> hook_named(const std::string& name)
{
    for (const fl_hook hook : {FL_HOOK_XDP, FL_HOOK_TC_INGRESS, FL_HOOK_TC_EGRESS})
        if (name == name_of(hook))
            return hook;
    return std::nullopt;
}

/// NETNS and IFINDEX out of the name of an interface's directory.
static std::optional<PinPlace> place_named(const std::string& name)
{
    PinPlace place;
    const char* const end = name.data() + name.size();
    const auto netns = std::from_chars(name.data(), end, place.netns_inode);

    if (netns.ec != std::errc{} || netns.ptr == end || *netns.ptr != '-')
        return std::nullopt;
    const auto ifindex = std::from_chars(netns.ptr + 1, end, place.ifindex);

    if (ifindex.ec != std::errc{} || ifindex.ptr != end)
        return std::nullopt;
    return place;
}

std::vector<PinPlace> list_pin_places(const Bpffs& bpffs)
{
    std::vector<PinPlace> places;
    std::error_code ignored; // a directory that is not there holds no places

    for (const auto& of_interface : std::filesystem::directory_iterator(bpffs.layout(), ignored)) {
        auto place = place_named(of_interface.path().filename());

        if (!place)
            continue;
        for (const auto& of_hook : std::filesystem::directory_iterator(of_interface.path(), ignored))
            if (const auto hook = hook_named(of_hook.path().filename())) {
                place->hook = *hook;
                places.push_back(*place);
            }
    }
    std::ranges::sort(places, {},
                      [](const PinPlace& place) { return std::tuple(place.netns_inode, place.ifindex, place.hook); });
    return places;
}

std::filesystem::path link_pin(const std::filesystem::path& directory)
{
    return directory / "link";
}

std::filesystem::path next_link_pin(const std::filesystem::path& directory)
{
    return directory / "next_link";
}

Result<void> pin_maps(const Maps& maps, const std::filesystem::path& directory)
{
    std::error_code error;

    std::filesystem::create_directories(directory, error);
    if (error)
        return fail_errno(error.value(), "cannot make " + directory.string(), hint_for_access(error.value()));
    for (const auto& [name, fd] : map_pins)
        if (bpf_obj_pin((maps.*fd).get(), (directory / name).c_str()) != 0)
            return fail_errno(errno, "cannot pin " + (directory / name).string(), hint_for_access(errno));
    return {};
}

bool lacks_pins(const std::filesystem::path& directory)
{
    return std::ranges::any_of(map_pins, [&](const auto& pin) {
        std::error_code error;

        return !std::filesystem::exists(directory / pin.name, error) && !error;
    });
}

Result<Maps> open_maps(const std::filesystem::path& directory)
{
    Maps maps;

    for (const auto& [name, fd] : map_pins) {
        maps.*fd = Fd(bpf_obj_get((directory / name).c_str()));
        if (!(maps.*fd))
            return fail_errno(errno, "cannot open " + (directory / name).string(), hint_for_access(errno));
    }
    return maps;
}

void remove_pins(const Bpffs& bpffs, const std::filesystem::path& directory)
{
    std::error_code ignored; // what cannot be removed is seen again by the next command

    std::filesystem::remove(link_pin(directory), ignored);
    std::filesystem::remove_all(directory, ignored);
    for (auto parent = directory.parent_path(); parent != bpffs.root(); parent = parent.parent_path())
        if (!std::filesystem::remove(parent, ignored))
            break;
}

Result<InfoEntries> read_info(const Fd& info_map)
{
    InfoEntries entries{};

    for (std::uint32_t i = 0; i < entries.size(); i++)
        if (bpf_map_lookup_elem(info_map.get(), &i, &entries[i]) != 0)
            return fail_errno(errno, "cannot read an info map");
    return entries;
}

Result<void> write_info(const Maps& maps, std::uint32_t entry, const fl_info& info)
{
    if (bpf_map_update_elem(maps.info.get(), &entry, &info, BPF_ANY) != 0)
        return fail_errno(errno, "cannot write the info map", hint_for_access(errno));
    return {};
}

} // namespace flowlabel
