// SPDX-License-Identifier: BSD-2-Clause
#include "attach/pins.hpp"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <tuple>

#include "base/privilege.hpp"
#include "base/try.hpp"
#include "base/words.hpp"

namespace flowlabel {

static std::string name_of_interface(const PinPlace& place)
{
    return fmt::format("{}-{}", place.netns_inode, place.ifindex);
}

/// The directory of the interface of PLACE. Empty: there is none.
static Result<std::optional<Directory>> open_interface(const Bpffs& bpffs, const PinPlace& place)
{
    auto layout = bpffs.layout();

    if (!layout || !*layout)
        return layout;
    return (*layout)->enter(name_of_interface(place));
}

Result<std::optional<Directory>> PinPlace::open(const Bpffs& bpffs) const
{
    auto of_interface = open_interface(bpffs, *this);

    if (!of_interface || !*of_interface)
        return of_interface;
    return (*of_interface)->enter(name_of(hook));
}

Result<Directory> PinPlace::make(const Bpffs& bpffs) const
{
    const auto layout = TRY(bpffs.make_layout());
    const auto of_interface = TRY(layout.make(name_of_interface(*this)));

    return of_interface.make(name_of(hook));
}

/// Parses the name of the directory of an interface.
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

/// The hooks in DIRECTORY, that of an interface; none if it is gone, all if it cannot be read.
static std::vector<fl_hook> hooks_in(const Result<std::optional<Directory>>& directory)
{
    if (directory && !*directory)
        return {};
    const auto names = directory ? (*directory)->names() : std::unexpected(directory.error());
    std::vector<fl_hook> hooks;

    if (!names) {
        for (const auto& [hook, word] : word_table<fl_hook>)
            hooks.push_back(hook);
        return hooks;
    }
    for (const std::string& name : *names)
        if (const auto hook = parse_word<fl_hook>(name))
            hooks.push_back(*hook);
    return hooks;
}

Result<std::vector<PinPlace>> list_pin_places(const Bpffs& bpffs)
{
    std::vector<PinPlace> places;
    const auto layout = TRY(bpffs.layout());

    if (!layout)
        return places;
    const auto names = TRY(layout->names());

    for (const std::string& name : names)
        if (auto place = place_named(name))
            for (const fl_hook hook : hooks_in(layout->enter(name))) {
                place->hook = hook;
                places.push_back(*place);
            }
    std::ranges::sort(places, {},
                      [](const PinPlace& place) { return std::tuple(place.netns_inode, place.ifindex, place.hook); });
    return places;
}

Result<void> pin(const Fd& fd, const Directory& directory, const std::string& name)
{
    if (bpf_obj_pin(fd.get(), directory.entry(name).c_str()) != 0)
        return fail_errno(errno, "cannot pin " + (directory.path() / name).string(), hint_for_access(errno));
    return {};
}

Fd open_pin(const Directory& directory, const std::string& name)
{
    return Fd(bpf_obj_get(directory.entry(name).c_str()));
}

bool has_pin(const Directory& directory, const std::string& name)
{
    struct stat status{};

    return fstatat(directory.fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

void remove_pin(const Directory& directory, const std::string& name)
{
    (void)unlinkat(directory.fd(), name.c_str(), 0);
}

Result<void> pin_maps(const Maps& maps, const Directory& directory)
{
    for (const ListedMap& listed : map_list)
        TRY(pin(maps.*listed.fd, directory, listed.pin));
    return {};
}

bool lacks_pins(const Bpffs& bpffs, const PinPlace& place)
{
    const auto directory = place.open(bpffs);

    return directory && *directory && std::ranges::any_of(map_list, [&](const ListedMap& listed) {
               return !has_pin(**directory, listed.pin) && errno == ENOENT;
           });
}

Result<Maps> open_maps(const Directory& directory)
{
    Maps maps;

    for (const ListedMap& listed : map_list) {
        Fd& fd = maps.*listed.fd = open_pin(directory, listed.pin);

        if (!fd)
            return fail_errno(errno, "cannot open " + (directory.path() / listed.pin).string(), hint_for_access(errno));
    }
    return maps;
}

void remove_pins(const Bpffs& bpffs, const PinPlace& place)
{
    // The next command finds what could not be removed.
    const auto layout = bpffs.layout();
    const auto of_interface = open_interface(bpffs, place);
    const auto directory = place.open(bpffs);

    if (!directory || !*directory)
        return;
    remove_pin(**directory, link_pin);
    for (const std::string& name : (*directory)->names().value_or(std::vector<std::string>()))
        remove_pin(**directory, name);
    (void)unlinkat((*of_interface)->fd(), name_of(place.hook), AT_REMOVEDIR);
    (void)unlinkat((*layout)->fd(), name_of_interface(place).c_str(), AT_REMOVEDIR);
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
