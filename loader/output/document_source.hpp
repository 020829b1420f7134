// SPDX-License-Identifier: BSD-2-Clause
/// Where the flows and counters of a document were counted.
#pragma once

#include <cstdint>
#include <string>

#include "flowlabel/abi.h"
#include "flowlabel/attachment.hpp"
#include "output/json_text.hpp"

namespace flowlabel {

/// Adds the network namespace INODE to a document's "source": netns, and netns_name where it has a name.
void add_netns(Json& json, std::uint64_t inode);

struct Source {
    Json json;        ///< the document's "source"
    std::string text; ///< for people, printable()
    fl_stamp_mode stamp = FL_STAMP_OFF;
};

Source live_source(const Attachment& attachment);

} // namespace flowlabel
