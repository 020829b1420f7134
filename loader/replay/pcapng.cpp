// SPDX-License-Identifier: BSD-2-Clause
/// pcapng: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html; sections are its.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/try.hpp"
#include "replay/numbers.hpp"
#include "replay/source.hpp"
#include "replay/stamp_clock.hpp"

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
constexpr std::uint16_t fcs_length = 13;
constexpr std::uint16_t stamp_offset = 14;

// Section 4.3.1: the flags of a packet, an option
constexpr std::uint16_t packet_flags = 2;
constexpr unsigned packet_fcs_shift = 5;
constexpr std::uint32_t packet_fcs_mask = 0xF; // bytes; 0: not known

using Bytes = std::span<const std::uint8_t>;

struct InterfaceOptions {
    StampClock clock;
    std::uint32_t fcs_size = 0; ///< of each packet, bytes
};

struct Interface {
    LinkType link_type;
    std::uint32_t snap_length = 0; ///< 0: none
    InterfaceOptions options;
};

/// Section 3.5. The end of a block may cut VALUE short.
struct Option {
    std::uint16_t code = 0;
    std::size_t size = 0;
    Bytes value;
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
    [[nodiscard]] Checked<InterfaceOptions> interface_options(Bytes options) const;
    [[nodiscard]] std::uint32_t fcs_size_of_packet(Bytes options) const;
    [[nodiscard]] std::optional<Option> take_option(Bytes& options) const;

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
    const auto options =
        TRY(interface_options(block.subspan(interface_size - end_size, block.size() - interface_size)));

    interfaces_.push_back({
        .link_type = LinkType(numbers_.u16(block, body_at)),
        .snap_length = numbers_.u32(block, body_at + 4),
        .options = options,
    });
    return {};
}

/// Section 3.5: takes the first option off OPTIONS; nothing: there is none. Each has its code, its length, and its
/// value, padded to four bytes.
std::optional<Option> Pcapng::take_option(Bytes& options) const
{
    constexpr std::size_t head_size = 4;

    if (options.size() < head_size || numbers_.u16(options, 0) == end_of_options)
        return std::nullopt;
    const std::size_t size = numbers_.u16(options, 2);
    const Bytes rest = options.subspan(head_size);
    const Option option{
        .code = numbers_.u16(options, 0), .size = size, .value = rest.first(std::min(rest.size(), size))};

    options = rest.subspan(std::min(rest.size(), (size + 3) / 4 * 4));
    return option;
}

/// Of the option if_fcslen, which is in bits. Some programs write bytes, always fewer than 8.
std::uint32_t fcs_size_of_interface(std::uint8_t length)
{
    return length < 8 ? length : length / 8;
}

Checked<InterfaceOptions> Pcapng::interface_options(Bytes options) const
{
    std::uint8_t resolution = StampClock::microseconds;
    std::int64_t offset = 0;
    std::uint32_t fcs_size = 0;

    while (const auto option = take_option(options)) {
        if (option->value.size() < option->size ||
            (option->code == stamp_resolution && option->size != sizeof(resolution)) ||
            (option->code == stamp_offset && option->size != sizeof(offset)))
            return damaged(fmt::format("an option of {} bytes in an interface block", option->size));
        if (option->code == stamp_resolution)
            resolution = option->value[0];
        if (option->code == stamp_offset)
            offset = numbers_.get<std::int64_t>(option->value, 0);
        if (option->code == fcs_length && !option->value.empty())
            fcs_size = fcs_size_of_interface(option->value[0]);
    }
    const auto clock = StampClock::of(resolution, offset);
    if (!clock)
        return damaged(fmt::format("an interface whose stamps have the resolution {:#04x}", resolution));
    return InterfaceOptions{.clock = *clock, .fcs_size = fcs_size};
}

/// What a packet says of its frame check sequence; 0: nothing.
std::uint32_t Pcapng::fcs_size_of_packet(Bytes options) const
{
    while (const auto option = take_option(options))
        if (option->code == packet_flags && option->value.size() == sizeof(std::uint32_t))
            return numbers_.u32(option->value, 0) >> packet_fcs_shift & packet_fcs_mask;
    return 0;
}

/// Sections 4.3 and A.1, which differ in the size of INTERFACE.
Checked<void> Pcapng::take_packet(CaptureRecord& record, std::uint32_t interface)
{
    const Bytes block = record.bytes;

    if (interface >= interfaces_.size())
        return damaged(fmt::format("a packet of interface {}, which no block describes", interface));
    const std::uint64_t stamp = std::uint64_t{numbers_.u32(block, 12)} << 32 | numbers_.u32(block, 16);

    time_ = interfaces_[interface].options.clock.ns(stamp);
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
    const std::size_t options_at = place.at + (place.captured + std::size_t{3}) / 4 * 4;
    const std::size_t end = record.bytes.size() - end_size;
    const std::uint32_t of_packet =
        options_at < end ? fcs_size_of_packet(record.bytes.subspan(options_at, end - options_at)) : 0;

    record.packet->drop_fcs(of_packet ? of_packet : from.options.fcs_size);
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
