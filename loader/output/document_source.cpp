// SPDX-License-Identifier: BSD-2-Clause
#include "output/document_source.hpp"

#include <fmt/format.h>

#include "base/interface.hpp"
#include "base/printable.hpp"

namespace flowlabel {

void add_netns(Json& json, std::uint64_t inode)
{
    json["netns"] = inode;
    if (const std::string name = netns_name(inode); !name.empty())
        json["netns_name"] = name;
}

/// Empty for this network namespace, else which one, for people.
static std::string netns_text(std::uint64_t inode)
{
    if (inode == current_netns().value_or(0))
        return {};
    const std::string name = netns_name(inode);

    return fmt::format(" (netns {})", name.empty() ? std::to_string(inode) : printable(name));
}

Source live_source(const Attachment& attachment)
{
    const char* const hook = name_of(attachment.hook());
    const auto stamp = static_cast<fl_stamp_mode>(attachment.info().stamp);
    Source source{
        .json = {{"interface", attachment.interface()}, {"ifindex", attachment.info().ifindex}, {"hook", hook}},
        .text = printable(attachment.interface()) + " " + hook + netns_text(attachment.info().netns_inode),
        .stamp = stamp,
    };

    add_netns(source.json, attachment.info().netns_inode);
    source.json["stamp"] = name_of(stamp);
    return source;
}

} // namespace flowlabel
