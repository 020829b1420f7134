// SPDX-License-Identifier: BSD-2-Clause
/// Observation domains (RFC 7011 section 2): each attachment is one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "flow/record.hpp"
#include "sinks/ipfix/encoder.hpp"

namespace flowlabel {

struct Domain {
    using Clock = std::chrono::steady_clock;

    std::optional<ObservationPoint> point; ///< none: of the exporting process itself, whose id is 0
    std::uint32_t id = 0;
    std::uint32_t sequence = 0;            ///< data records that left in this transport session
    bool introduced = false;               ///< its templates left, and no less than an interval ago
    Clock::time_point described;           ///< when what there is to say about it was said
    Clock::time_point used = Clock::now(); ///< when it had records
    Reliability reliability;
};

/// Of one exporter; they are known by their number, and never forgotten, since their sequences go on.
class Domains {
public:
    /// Number 0 is the exporting process's.
    Domains() : all_(1) {}

    /// The number of POINT's domain. Its id is 4 × ifindex + 1 (xdp), 2 (tc-ingress) or 3 (tc-egress), so that it is
    /// the same after a restart; plus a multiple of 2^24, as small as possible, where another network namespace has the
    /// same ifindex. Never 0, which means no domain in particular (RFC 7011 section 3.1).
    std::size_t number_of(const ObservationPoint& point);

    Domain& operator[](std::size_t number) { return all_[number]; }
    [[nodiscard]] std::size_t size() const { return all_.size(); }

    auto begin() { return all_.begin(); }
    auto end() { return all_.end(); }

private:
    std::vector<Domain> all_;
};

} // namespace flowlabel
