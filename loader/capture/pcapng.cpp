// SPDX-License-Identifier: BSD-2-Clause
/// pcapng: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html; sections are its.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "numbers.hpp"
#include "source.hpp"
#include "stamp_clock.hpp"

namespace flowlabel {

namespace {

// Section 4: types of blocks
constexpr std::uint32_t section_header = 0x0A0D0D0A; // the same in both byte orders
constexpr std::uint32_t interface_description = 1;
constexpr std::uint32_t obsolete_packet = 2;
constexpr std::uint32_t simple_packet = 3;
constexpr std::uint32_t enhanced_packet = 6;
constexpr std::uint32_t byte_order_magic = 0x1A2B3C4D;
constexpr std::uint16_t version_major = 1;

// Section 3.1: every block has its type, its length, a body, and its length again
constexpr std::size_t body_at = 8;
constexpr std::size_t end_size = 4;
constexpr std::size_t least_block = body_at + end_size;
constexpr std::uint32_t most_block = 16u << 20;
constexpr std::size_t section_header_size = 28;
constexpr std::size_t interface_size = 20;
constexpr std::size_t simple_packet_at = 12;
constexpr std::size_t packet_at = 28;

constexpr std::size_t most_interfaces = 65536; // of a section

// Section 4.2: options of an interface
constexpr std::uint16_t end_of_options = 0;
constexpr std::uint16_t stamp_resolution = 9;
constexpr std::uint16_t stamp_offset = 14;

using Bytes = std::span<const std::uint8_t>;

struct Interface {
    LinkType link_type;
    std::uint32_t snap_length = 0; ///< 0: none
    StampClock clock;
};

/// Where a packet stands in its block.
struct Place {
    std::size_t at = 0;
    std::uint32_t captured = 0;
    std::uint32_t length = 0;
};

class Pcapng final : public RecordSource {
public:
    explicit Pcapng(Input& input) : input_(input) {}

    Checked<bool> next(CaptureRecord& record) override;

private:
    Checked<void> take(CaptureRecord& record);
    Checked<void> take_section(Bytes block);
    Checked<void> take_interface(Bytes block);
    Checked<void> take_packet(CaptureRecord& record, std::uint32_t interface);
    Checked<void> take_simple_packet(CaptureRecord& record);
    Checked<void> set_packet(CaptureRecord& record, const Interface& from, const Place& place);
    [[nodiscard]] Checked<StampClock> clock_of(Bytes options) const;

    Input& input_;
    Numbers numbers_;
    std::vector<Interface> interfaces_; ///< of the section
    std::uint64_t time_ = 0;            ///< of the latest packet in the file
};

Checked<bool> Pcapng::next(CaptureRecord& record)
{
    const auto head = input_.peek(least_block);

    if (head.size() < least_block)
        return stopped(input_, head.size(), "a block");
    if (numbers_.u32(head, 0) == section_header) {
        numbers_ = Numbers();
        if (numbers_.u32(head, body_at) != byte_order_magic)
            numbers_ = Numbers(Numbers::other_order);
        if (numbers_.u32(head, body_at) != byte_order_magic)
            return damaged("a section header without byte order");
    }
    const auto size = numbers_.u32(head, 4);
    if (size < least_block || size % 4 != 0 || size > most_block)
        return damaged(fmt::format("a block of {} bytes", size));
    record = {.bytes = input_.peek(size)};
    if (record.bytes.size() < size)
        return stopped(input_, record.bytes.size(), "a block");
    if (numbers_.u32(record.bytes, size - end_size) != size)
        return damaged("a block whose two lengths differ");
    if (auto taken = take(record); !taken)
        return std::unexpected(std::move(taken.error()));
    input_.skip(size);
    return true;
}

Checked<void> Pcapng::take(CaptureRecord& record)
{
    switch (numbers_.u32(record.bytes, 0)) {
    case section_header:
        return take_section(record.bytes);
    case interface_description:
        return take_interface(record.bytes);
    case enhanced_packet:
    case obsolete_packet:
        if (record.bytes.size() < packet_at + end_size)
            return damaged("a packet block that is too short");
        return take_packet(record, numbers_.u32(record.bytes, 0) == enhanced_packet
                                       ? numbers_.u32(record.bytes, body_at)
                                       : numbers_.u16(record.bytes, body_at));
    case simple_packet:
        return take_simple_packet(record);
    default:
        return {}; // names, statistics, secrets, and what others have invented
    }
}

Checked<void> Pcapng::take_section(Bytes block)
{
    if (block.size() < section_header_size)
        return damaged("a section header that is too short");
    if (const auto version = numbers_.u16(block, 12); version != version_major)
        return std::unexpected(Problem{.what = fmt::format("is pcapng of version {}, which is unknown", version)});
    interfaces_.clear();
    return {};
}

Checked<void> Pcapng::take_interface(Bytes block)
{
    if (block.size() < interface_size)
        return damaged("an interface block that is too short");
    if (interfaces_.size() == most_interfaces)
        return std::unexpected(Problem{
            .what = fmt::format("describes more than {} interfaces in one section", most_interfaces),
            .hint = "no real capture has as many: do not trust this file",
        });
    const auto clock = clock_of(block.subspan(interface_size - end_size, block.size() - interface_size));
    if (!clock)
        return std::unexpected(clock.error());
    interfaces_.push_back({
        .link_type = LinkType(numbers_.u16(block, body_at)),
        .snap_length = numbers_.u32(block, body_at + 4),
        .clock = *clock,
    });
    return {};
}

/// Section 3.5: each option has its code, its length, and its value, padded to four bytes.
Checked<StampClock> Pcapng::clock_of(Bytes options) const
{
    std::uint8_t resolution = StampClock::microseconds;
    std::int64_t offset = 0;

    while (options.size() >= 4) {
        const auto code = numbers_.u16(options, 0);
        const std::size_t size = numbers_.u16(options, 2);
        const auto value = options.subspan(4);

        if (code == end_of_options)
            break;
        if (size > value.size() || (code == stamp_resolution && size != sizeof(resolution)) ||
            (code == stamp_offset && size != sizeof(offset)))
            return damaged(fmt::format("an option of {} bytes in an interface block", size));
        if (code == stamp_resolution)
            resolution = value[0];
        if (code == stamp_offset)
            offset = numbers_.get<std::int64_t>(value, 0);
        options = value.subspan(std::min(value.size(), (size + 3) / 4 * 4));
    }
    const auto clock = StampClock::of(resolution, offset);
    if (!clock)
        return damaged(fmt::format("an interface whose stamps have the resolution {:#04x}", resolution));
    return *clock;
}

/// Sections 4.3 and A.1, which differ in the size of INTERFACE.
Checked<void> Pcapng::take_packet(CaptureRecord& record, std::uint32_t interface)
{
    const Bytes block = record.bytes;

    if (interface >= interfaces_.size())
        return damaged(fmt::format("a packet of interface {}, which no block describes", interface));
    const std::uint64_t stamp = std::uint64_t{numbers_.u32(block, 12)} << 32 | numbers_.u32(block, 16);

    time_ = interfaces_[interface].clock.ns(stamp);
    return set_packet(record, interfaces_[interface],
                      {.at = packet_at, .captured = numbers_.u32(block, 20), .length = numbers_.u32(block, 24)});
}

/// Section 4.4: a packet of the section's first interface. How much of it was captured follows from the snap length. It
/// has no stamp: its time is that of the packet before it.
Checked<void> Pcapng::take_simple_packet(CaptureRecord& record)
{
    if (record.bytes.size() < simple_packet_at + end_size)
        return damaged("a packet block that is too short");
    if (interfaces_.empty())
        return damaged("a packet of interface 0, which no block describes");
    const auto length = numbers_.u32(record.bytes, body_at);
    const std::uint32_t snap_length = interfaces_.front().snap_length;

    return set_packet(
        record, interfaces_.front(),
        {.at = simple_packet_at, .captured = snap_length ? std::min(length, snap_length) : length, .length = length});
}

Checked<void> Pcapng::set_packet(CaptureRecord& record, const Interface& from, const Place& place)
{
    if (place.captured > record.bytes.size() - place.at - end_size)
        return damaged("a packet that is longer than its block");
    record.packet = {
        .octets = record.bytes.subspan(place.at, place.captured),
        .original_length = place.length,
        .time = time_,
        .link_type = from.link_type,
        .order = numbers_.order(),
    };
    return {};
}

} // namespace

bool is_pcapng(std::span<const std::uint8_t> start)
{
    return start.size() >= sizeof(section_header) && Numbers().u32(start, 0) == section_header;
}

Checked<std::unique_ptr<RecordSource>> open_pcapng(Input& input)
{
    return std::make_unique<Pcapng>(input);
}

} // namespace flowlabel
