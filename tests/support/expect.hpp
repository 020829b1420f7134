// SPDX-License-Identifier: BSD-2-Clause
/// The expected result of a frame, short enough for a table: counted(60).by_ports(6), uncounted(&Counters::not_ipv6).
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "engines.hpp"
#include "flowlabel/counters.hpp"
#include "packet.hpp"

namespace flowlabel::test {

using Counter = std::uint64_t Counters::*;

/// A hook of the kernel, and whether its program uses fences, as on machines with weakly ordered stores.
using Ordering = std::tuple<Kind, bool>;
std::string name_of_ordering(const testing::TestParamInfo<Ordering>& info);

class Expect {
public:
    /// The packet came with a label, and it does not change.
    Expect& kept();

    /// Labelled from the 5-tuple.
    Expect& by_ports(std::uint8_t protocol, std::uint16_t source = default_source_port,
                     std::uint16_t destination = default_destination_port);

    /// Labelled from source and destination, for the REASON that is counted.
    Expect& by_addresses(Counter reason);

    /// The packet comes with label 0 and keeps it.
    Expect& out_of_scope();

    /// This counter counts, too, if stamping or a dry run processes the packet.
    Expect& also(Counter counter);

    /// On tc: the number of segments of the super-packet.
    Expect& in_segments(std::uint64_t segments);

    /// This counter counts in every mode, once for each segment.
    Expect& always(Counter counter);

    /// The label that PACKET has after an active stamper.
    [[nodiscard]] std::uint32_t label(const Packet& packet, fl_prf prf = FL_PRF_SIPHASH_2_4) const;

    [[nodiscard]] Counters counters(fl_stamp_mode mode) const;

    [[nodiscard]] bool is_counted() const { return counted_; }
    [[nodiscard]] bool is_labelled_by_us() const { return counted_ && (way_ == Way::ports || way_ == Way::addresses); }
    [[nodiscard]] std::uint64_t octets() const { return octets_; }
    [[nodiscard]] std::uint64_t segments() const { return segments_; }

    friend Expect counted(std::uint64_t octets);
    friend Expect uncounted(Counter reason);

private:
    enum class Way { kept, ports, addresses, scope };

    bool counted_ = false;
    std::uint64_t octets_ = 0;
    std::uint64_t segments_ = 1;
    Counter reason_ = nullptr;
    Way way_ = Way::kept;
    UpperLayer upper_layer_{};
    std::vector<Counter> also_{};
    std::vector<Counter> always_{};
};

/// Counted with OCTETS bytes; the default is kept().
Expect counted(std::uint64_t octets);

/// Passes without being counted as IPv6, for REASON.
Expect uncounted(Counter reason);

struct Case {
    std::string name;
    Packet packet;
    Expect expect;
};

void PrintTo(const Case& one, std::ostream* out);

/// Runs PACKET through ENGINE, which is empty and in MODE, and compares verdict, bytes, every counter and the flows.
void check(Engine& engine, fl_stamp_mode mode, const Packet& packet, const Expect& expect);

/// Compares all counters, and prints the names of those that differ.
testing::AssertionResult same_counters(const Counters& expected, const Counters& actual);

/// OCTETS with LABEL in the IPv6 header at OFFSET.
Octets with_label(Octets octets, std::size_t offset, std::uint32_t label);

/// The live flows, sorted by key.
std::vector<TableFlow> flows_of(const Engine& engine);

} // namespace flowlabel::test
