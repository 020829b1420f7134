// SPDX-License-Identifier: BSD-2-Clause
/// What `status` shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flowlabel/attachment.hpp"
#include "flowlabel/counters.hpp"
#include "output/document_source.hpp"
#include "output/text_writer.hpp"

namespace flowlabel {

/// One attachment as `status` shows it.
struct StatusEntry {
    Source source;
    fl_info info{};
    std::string program_tag;
    RingUsage ring;
    std::uint64_t occupied = 0;             ///< slots of the table in use
    std::optional<std::uint32_t> collector; ///< the process that drains the ring
    Totals totals;
    std::vector<ProgramInFront> in_front;
    std::vector<std::string> warnings;
};

/// What `status` found.
struct StatusDocument {
    std::vector<StatusEntry> entries;
    std::vector<Error> unreadable; ///< attachments that cannot be shown
};

Json status_json(const StatusDocument& document);
void write_status_table(const std::vector<StatusEntry>& entries, const TextWriter& write);

} // namespace flowlabel
