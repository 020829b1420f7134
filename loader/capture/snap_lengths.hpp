// SPDX-License-Identifier: BSD-2-Clause
/// libpcap refuses a pcapng file whose interfaces have different snap lengths, which dumpcap writes whenever it is
/// asked to and which matters to nobody who reads. This makes them the same on the way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace flowlabel {

class EqualSnapLengths {
public:
    /// OCTETS are the next ones of the stream. In pcapng every interface's snap length becomes 0, unlimited; anything
    /// else stays as it is.
    void pass(std::span<char> octets);

private:
    static constexpr std::size_t head_size = 16; ///< of a block: what has to be known of it, and the snap length

    std::size_t take_head(std::span<char> octets);
    bool read_head();
    [[nodiscard]] std::uint32_t word(std::size_t at) const;

    bool active_ = true;
    bool first_ = true;          ///< before the end of the first block's head
    bool swapped_ = false;       ///< the section's byte order is not ours
    bool clear_ = false;         ///< this block describes an interface
    std::uint64_t position_ = 0; ///< in the block
    std::uint64_t length_ = head_size;
    std::array<char, head_size> head_{};
};

} // namespace flowlabel
