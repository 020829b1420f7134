// SPDX-License-Identifier: BSD-2-Clause
/// Observation domains (RFC 7011 section 2). Each attachment is one.
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

    std::optional<ObservationPoint> point; ///< none: the exporting process itself, whose id is 0
    std::uint32_t id = 0;
    std::uint32_t sequence = 0;            ///< data records sent in this transport session
    bool introduced = false;               ///< its templates were sent in this session
    Clock::time_point described;           ///< when its options records were sent last
    Clock::time_point used = Clock::now(); ///< when it had records last
    Reliability reliability;
};

/// The domains of one sink, by number. A domain is never removed, since its sequence numbers go on.
class Domains {
public:
    /// Number 0 is the domain of the exporting process.
    Domains() : all_(1) {}

    /// The number of the domain of POINT. Its id is 4 × ifindex + 1 (xdp), 2 (tc-ingress) or 3 (tc-egress), so that it
    /// is the same after a restart. If another network namespace has the same ifindex, the smallest multiple of 2^24 is
    /// added that makes it unique. It is never 0, which means no particular domain (RFC 7011 section 3.1).
    std::size_t number_of(const ObservationPoint& point);

    Domain& operator[](std::size_t number) { return all_[number]; }
    [[nodiscard]] std::size_t size() const { return all_.size(); }

    auto begin() { return all_.begin(); }
    auto end() { return all_.end(); }

private:
    std::vector<Domain> all_;
};

} // namespace flowlabel
