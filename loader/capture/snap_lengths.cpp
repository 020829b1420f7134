// SPDX-License-Identifier: BSD-2-Clause
#include "snap_lengths.hpp"

#include <algorithm>
#include <cstring>

namespace flowlabel {

namespace {

// https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html, sections 3.1, 4.1 and 4.2
constexpr std::uint32_t section_header = 0x0A0D0D0A;
constexpr std::uint32_t interface_description = 1;
constexpr std::uint32_t byte_order_magic = 0x1A2B3C4D;
constexpr std::uint32_t least_block = 12;
constexpr std::size_t known_at = 12; ///< octets of a block that tell its type, byte order and length

} // namespace

std::uint32_t EqualSnapLengths::word(std::size_t at) const
{
    std::uint32_t value = 0;

    std::memcpy(&value, head_.data() + at, sizeof(value));
    return swapped_ ? __builtin_bswap32(value) : value;
}

/// Understands the first octets of a block; false when this is no pcapng, or not any more.
bool EqualSnapLengths::read_head()
{
    const bool section = word(0) == section_header; // the same in both byte orders

    if (section) {
        swapped_ = false;
        swapped_ = word(8) != byte_order_magic;
    }
    const bool understood = (section || !first_) && word(4) >= least_block;

    length_ = word(4);
    clear_ = word(0) == interface_description;
    first_ = false;
    return understood;
}

/// Takes from OCTETS what belongs to a block's head, and says how many that were.
std::size_t EqualSnapLengths::take_head(std::span<char> octets)
{
    const std::size_t end = position_ < known_at ? known_at : head_size;
    const std::size_t count = std::min<std::size_t>(octets.size(), end - position_);

    std::copy_n(octets.begin(), count, head_.begin() + static_cast<std::ptrdiff_t>(position_));
    if (position_ >= known_at && clear_)
        std::fill_n(octets.begin(), count, '\0');
    position_ += count;
    if (position_ == known_at && end == known_at)
        active_ = read_head();
    return count;
}

void EqualSnapLengths::pass(std::span<char> octets)
{
    while (active_ && !octets.empty()) {
        const bool in_head = position_ < std::min<std::uint64_t>(head_size, length_);
        const std::size_t count =
            in_head ? take_head(octets)
                    : static_cast<std::size_t>(std::min<std::uint64_t>(octets.size(), length_ - position_));

        if (!in_head)
            position_ += count;
        octets = octets.subspan(count);
        if (position_ >= length_) {
            position_ = 0;
            length_ = head_size;
        }
    }
}

} // namespace flowlabel
