// SPDX-License-Identifier: BSD-2-Clause
#include "interfaces.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace flowlabel {

namespace {

// Block types and offsets: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html, section 4
constexpr std::uint32_t section_header = 0x0A0D0D0A; // the same in both byte orders
constexpr std::uint32_t interface_description = 1;
constexpr std::uint32_t obsolete_packet = 2;
constexpr std::uint32_t simple_packet = 3;
constexpr std::uint32_t enhanced_packet = 6;
constexpr std::uint32_t byte_order_magic = 0x1A2B3C4D;
constexpr std::uint32_t least_block = 12;
constexpr std::size_t type_at = 0;
constexpr std::size_t length_at = 4;
constexpr std::size_t body_at = 8; // byte-order magic, link type, or the interface of a packet
constexpr std::size_t snap_length_at = 12;

} // namespace

std::uint32_t UniformInterfaces::word(std::size_t at) const
{
    std::uint32_t value = 0;

    std::memcpy(&value, head_.data() + at, sizeof(value));
    return swapped_ ? std::byteswap(value) : value;
}

std::uint16_t UniformInterfaces::half(std::size_t at) const
{
    std::uint16_t value = 0;

    std::memcpy(&value, head_.data() + at, sizeof(value));
    return swapped_ ? std::byteswap(value) : value;
}

void UniformInterfaces::read_interface()
{
    link_types_.push_back(half(body_at));
    if (!first_known_)
        first_link_type_ = link_types_.front();
    first_known_ = true;
}

/// NUMBER as the section's byte order has it.
char UniformInterfaces::octet_of(std::uint16_t number, std::size_t index) const
{
    const std::uint16_t value = swapped_ ? std::byteswap(number) : number;

    return std::bit_cast<std::array<char, sizeof(value)>>(value)[index];
}

/// Understands the first 12 octets of a block.
void UniformInterfaces::read_head()
{
    if (word(type_at) == section_header) {
        swapped_ = false;
        swapped_ = word(body_at) != byte_order_magic;
        started_ = true;
        link_types_.clear();
    }
    const std::uint32_t type = word(type_at);

    length_ = word(length_at);
    active_ = started_ && length_ >= least_block; // else libpcap will say what is wrong
    if (type == enhanced_packet || type == obsolete_packet || type == simple_packet) {
        const std::uint32_t interface = type == enhanced_packet   ? word(body_at)
                                        : type == obsolete_packet ? half(body_at)
                                                                  : 0; // a simple one names none: the section's first

        if (interface < link_types_.size() && link_types_[interface] != first_link_type_)
            mixed_ = {.link_type = link_types_[interface], .first = first_link_type_};
    }
}

void UniformInterfaces::take_head_octet(char& octet)
{
    const std::size_t at = position_++;

    head_[at] = octet;
    if (at >= body_at && started_ && word(type_at) == interface_description) {
        if (at == body_at + 1)
            read_interface();
        if (first_known_ && at < body_at + sizeof(first_link_type_))
            octet = octet_of(first_link_type_, at - body_at);
        if (at >= snap_length_at)
            octet = 0; // unlimited
    }
    if (at + 1 == snap_length_at)
        read_head();
}

std::size_t UniformInterfaces::pass(std::span<char> octets)
{
    std::size_t at = 0;

    while (active_ && at < octets.size()) {
        if (position_ < std::min<std::uint64_t>(head_size, length_)) {
            take_head_octet(octets[at++]);
        } else {
            const auto skipped = std::min<std::uint64_t>(octets.size() - at, length_ - position_);

            position_ += skipped;
            at += skipped;
        }
        if (mixed_)
            return at - std::min(at, static_cast<std::size_t>(position_));
        if (position_ >= length_) {
            position_ = 0;
            length_ = head_size;
        }
    }
    return octets.size();
}

} // namespace flowlabel
