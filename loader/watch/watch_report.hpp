// SPDX-License-Identifier: BSD-2-Clause
/// Who changes labels: connections of all places that are watched, joined, by class and by source.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "flowlabel/address.hpp"
#include "flowlabel/connections.hpp"
#include "watch/change_class.hpp"

namespace flowlabel {

/// What a finding is about.
struct WatchGrouping {
    enum class By { connection, source, change_class } by = By::connection;
    unsigned prefix_length = 128; ///< of a source
};

/// The changes of one class: of a connection, of a source, or of all.
struct LabelFinding {
    ChangeClass change_class{};
    std::optional<Connection> connection; ///< by connection
    std::optional<Prefix> source;         ///< by source
    std::uint64_t connections = 0;        ///< that have changes of this class
    std::uint64_t of = 0;                 ///< all connections of the source, or all
    std::uint64_t changes = 0;
    std::uint64_t packets = 0;      ///< of these connections
    std::uint64_t first_change = 0; ///< ns since 1970 UTC; of any class
    std::uint64_t last_change = 0;

    [[nodiscard]] Level level() const { return text_of(change_class).level; }
};

struct ClassCount {
    std::uint64_t connections = 0; ///< a connection counts once in each class that it has
    std::uint64_t changes = 0;
};

struct WatchReport {
    std::uint64_t connections = 0; ///< with ports, in one direction; one whose ports were used again counts again
    std::uint64_t packets = 0;     ///< of these
    std::array<ClassCount, change_classes> classes{};
    std::vector<LabelFinding> findings; ///< the worst first
};

/// Joins the connections of PLACES. Each place has a connection once. What several places saw of the same connection is
/// taken from the one that saw the most packets: they saw the same packets. The findings are those of LEVEL and above.
WatchReport make_watch_report(std::span<const Connections> places, const WatchGrouping& grouping, Level level);

} // namespace flowlabel
