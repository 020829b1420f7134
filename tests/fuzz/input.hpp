// SPDX-License-Identifier: BSD-2-Clause
/// The input of the packet fuzzers: four bytes that choose the setup, then the frame.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "engine/engine.hpp"

namespace flowlabel::fuzz {

/// If the condition does not hold, prints WHAT and ends the process, which the fuzzer takes for a crash.
inline void require(bool holds, const char* what)
{
    if (holds)
        return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

class Input {
public:
    static constexpr std::size_t head_size = 4;

    explicit Input(std::span<const std::uint8_t> octets)
    {
        for (std::size_t i = 0; i < head_size && i < octets.size(); i++)
            head_[i] = octets[i];
        if (octets.size() > head_size)
            octets_.assign(octets.begin() + head_size, octets.end());
    }

    [[nodiscard]] fl_link_layer link_layer() const { return head_[0] & 1 ? FL_LINK_NONE : FL_LINK_ETHERNET; }
    [[nodiscard]] fl_prf prf() const { return head_[0] & 4 ? FL_PRF_SIPHASH_1_3 : FL_PRF_SIPHASH_2_4; }
    [[nodiscard]] bool dry_run() const { return head_[0] & 8; }

    [[nodiscard]] const std::vector<std::uint8_t>& octets() const { return octets_; }

    /// OCTETS as a frame. The second byte of the input says how many bytes of it were not captured. If the second bit
    /// of the first byte is set, the frame had another link layer, and the third and fourth bytes are the ethertype
    /// after it.
    [[nodiscard]] Frame frame(std::vector<std::uint8_t>& octets) const
    {
        Frame frame{.octets = octets, .wire_length = static_cast<std::uint32_t>(octets.size() + head_[1])};

        if (head_[0] & 2)
            frame.ethertype = static_cast<std::uint16_t>(head_[2] << 8 | head_[3]);
        return frame;
    }

private:
    std::uint8_t head_[head_size] = {};
    std::vector<std::uint8_t> octets_;
};

/// A setup with a small table and known secrets.
inline EngineSetup setup_for(const Input& input, fl_stamp_mode stamp)
{
    EngineSetup setup;

    setup.config.stamp = static_cast<__u8>(stamp);
    setup.config.prf = static_cast<__u8>(input.prf());
    setup.config.link_layer = static_cast<__u8>(input.link_layer());
    setup.config.slots_shift = FL_WAYS_SHIFT + 1;
    for (std::size_t i = 0; i < FL_HASH_WORDS; i++)
        setup.secrets.hash[i] = 0x9E3779B97F4A7C15u * (i + 1);
    setup.secrets.stamp[0] = 1;
    setup.secrets.stamp[1] = 2;
    return setup;
}

} // namespace flowlabel::fuzz
