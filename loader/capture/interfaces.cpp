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
constexpr std::size_t head_size = 16; // of a block: what has to be known of it or changed
constexpr std::size_t type_at = 0;
constexpr std::size_t length_at = 4;
constexpr std::size_t body_at =
    8; // byte-order magic, link type, the interface of a packet, or the length of a simple one
constexpr std::size_t snap_length_at = 12;

} // namespace

template <class Number> Number UniformInterfaces::get(std::span<const char> head, std::size_t at) const
{
    Number value = 0;

    std::memcpy(&value, head.data() + at, sizeof(value));
    return swapped_ ? std::byteswap(value) : value;
}

template <class Number> void UniformInterfaces::put(std::span<char> head, std::size_t at, Number value) const
{
    value = swapped_ ? std::byteswap(value) : value;
    std::memcpy(head.data() + at, &value, sizeof(value));
}

void UniformInterfaces::take_interface(std::span<char> head)
{
    interfaces_.push_back({get<std::uint16_t>(head, body_at), get<std::uint32_t>(head, snap_length_at)});
    if (!first_link_type_)
        first_link_type_ = interfaces_.front().link_type;
    put<std::uint16_t>(head, body_at, *first_link_type_);
    put<std::uint32_t>(head, snap_length_at, 0); // unlimited
}

void UniformInterfaces::take_packet(std::uint32_t interface)
{
    packets_++;
    if (interface < interfaces_.size() && interfaces_[interface].link_type != *first_link_type_)
        mixed_ = {.link_type = interfaces_[interface].link_type, .first = *first_link_type_};
}

/// The captured length is not in the block: it is the smaller one of the length on the wire and the snap length, which
/// is gone.
void UniformInterfaces::shorten_simple_packet(std::span<char> head)
{
    const auto length = get<std::uint32_t>(head, body_at);
    const std::uint32_t snap_length = interfaces_.empty() ? 0 : interfaces_.front().snap_length;

    if (snap_length == 0 || length <= snap_length)
        return;
    put<std::uint32_t>(head, body_at, snap_length);
    shortened_.push_back({packets_, length});
}

/// HEAD: the first 16 octets of a block, or all there are.
void UniformInterfaces::take_head(std::span<char> head)
{
    if (get<std::uint32_t>(head, type_at) == section_header) {
        swapped_ = false;
        swapped_ = get<std::uint32_t>(head, body_at) != byte_order_magic;
        started_ = true;
        interfaces_.clear();
    }
    rest_ = get<std::uint32_t>(head, length_at);
    active_ = started_ && rest_ >= least_block; // else libpcap will say what is wrong
    if (!active_)
        return;
    switch (get<std::uint32_t>(head, type_at)) {
    case interface_description:
        if (head.size() == head_size)
            take_interface(head);
        break;
    case enhanced_packet:
        take_packet(get<std::uint32_t>(head, body_at));
        break;
    case obsolete_packet:
        take_packet(get<std::uint16_t>(head, body_at));
        break;
    case simple_packet:
        take_packet(0); // it names none: the section's first
        if (head.size() == head_size)
            shorten_simple_packet(head);
        break;
    default:
        break;
    }
}

std::size_t UniformInterfaces::pass(std::span<char> octets)
{
    std::size_t at = 0;

    while (active_ && at < octets.size()) {
        if (rest_ == 0) {
            const auto block = octets.subspan(at);

            if (block.size() < least_block)
                return at;
            const std::size_t size =
                std::clamp<std::size_t>(get<std::uint32_t>(block, length_at), least_block, head_size);
            if (block.size() < size)
                return at;
            take_head(block.first(size));
            if (mixed_)
                return at;
        }
        const auto skipped = std::min<std::uint64_t>(octets.size() - at, rest_);

        rest_ -= skipped;
        at += skipped;
    }
    return octets.size();
}

std::optional<std::uint32_t> UniformInterfaces::length_of(std::uint64_t packet)
{
    if (shortened_.empty() || shortened_.front().packet != packet)
        return std::nullopt;
    const std::uint32_t length = shortened_.front().length;

    shortened_.pop_front();
    return length;
}

} // namespace flowlabel
