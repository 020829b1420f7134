// SPDX-License-Identifier: BSD-2-Clause
/// Chooses the labels that each flow of the exercise sends.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "base/word_table.hpp"

namespace flowlabel {

enum class LabelPattern {
    automatic,     ///< the kernel's automatic label
    none,          ///< 0
    random,        ///< a random one for each flow; the kernel picks it if it is leased
    constant,      ///< the same for all flows; the next one after each change
    sequential,    ///< the next one for each flow and change
    encoded,       ///< 15 constant bits, as in a code, and 5 random ones for each flow and change
    per_packet,    ///< another random one in each packet
    message,       ///< two bytes of a text in each packet
    syn_then_zero, ///< only the SYN of a TCP connection has one
    rst_other,     ///< the RST of a TCP connection has another one
};

/// The patterns of --generate.
template <>
inline constexpr WordTable<LabelPattern> word_table<LabelPattern> = {
    {LabelPattern::constant, "constant"},   {LabelPattern::sequential, "sequential"},
    {LabelPattern::encoded, "encoded"},     {LabelPattern::per_packet, "per-packet"},
    {LabelPattern::message, "message"},     {LabelPattern::syn_then_zero, "syn-then-zero"},
    {LabelPattern::rst_other, "rst-other"},
};

/// Whether the packets of one flow have different labels. This needs UDP or raw packets, and excludes leases.
constexpr bool differs_by_packet(LabelPattern pattern)
{
    return pattern == LabelPattern::per_packet || pattern == LabelPattern::message;
}

struct LabelOptions {
    LabelPattern pattern = LabelPattern::automatic;
    std::uint32_t first = 0; ///< of constant, sequential, encoded, syn_then_zero and rst_other; 1 to 0xFFFFF
    std::string text;        ///< of message; not empty
};

class LabelSource {
public:
    explicit LabelSource(LabelOptions options) : options_(std::move(options)) {}

    [[nodiscard]] LabelPattern pattern() const { return options_.pattern; }

    /// The label of flow FLOW of FLOWS after CHANGE changes; 0 for automatic, none and random, and if labels differ by
    /// packet.
    std::uint32_t of_flow(std::uint64_t flow, std::uint64_t flows, std::uint64_t change);

    /// The label of packet number PACKET of a flow, if labels differ by packet.
    std::uint32_t of_packet(std::uint64_t packet);

    /// A uniformly random label, 1 to 0xFFFFF.
    std::uint32_t any();

private:
    LabelOptions options_;
    std::mt19937 random_{std::random_device{}()};
};

/// The label OFFSET after FIRST; 1 follows 0xFFFFF.
std::uint32_t label_after(std::uint32_t first, std::uint64_t offset);

} // namespace flowlabel
