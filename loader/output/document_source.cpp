// SPDX-License-Identifier: BSD-2-Clause
#include "output/document_source.hpp"

#include <fmt/format.h>

#include "base/interface.hpp"
#include "base/printable.hpp"
#include "output/flow_json.hpp"

namespace flowlabel {

/// Empty for this network namespace, else which one, for people.
static std::string netns_text(const ObservationPoint& point)
{
    if (point.netns_inode == current_netns().value_or(0))
        return {};
    return fmt::format(" (netns {})",
                       point.netns_name.empty() ? std::to_string(point.netns_inode) : printable(point.netns_name));
}

static void add_stamp(Source& source, fl_stamp_mode stamp)
{
    source.json["stamp"] = name_of(stamp);
    source.stamp = stamp;
}

Source live_source(const Attachment& attachment)
{
    const fl_info& info = attachment.info();
    const ObservationPoint point{.interface = attachment.interface(),
                                 .ifindex = info.ifindex,
                                 .hook = attachment.hook(),
                                 .netns_inode = info.netns_inode,
                                 .netns_name = netns_name(info.netns_inode)};
    Source source{.json = Json::parse(point_json(point)),
                  .text = fmt::format("{} {}{}", printable(point.interface), name_of(point.hook), netns_text(point))};

    add_stamp(source, static_cast<fl_stamp_mode>(info.stamp));
    return source;
}

Source capture_source(const std::string& file, const char* engine, fl_stamp_mode stamp)
{
    Source source{.json = {{"capture", file}, {"engine", engine}},
                  .text = fmt::format("{} ({})", printable(file), engine)};

    add_stamp(source, stamp);
    return source;
}

} // namespace flowlabel
