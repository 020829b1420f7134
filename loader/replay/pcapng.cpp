// SPDX-License-Identifier: BSD-2-Clause
/// pcapng: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html; section numbers refer to it.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/try.hpp"
#include "replay/byte_order.hpp"
#include "replay/source.hpp"
#include "replay/stamp_clock.hpp"

namespace flowlabel {

namespace {

// Section 4: block types
constexpr std::uint32_t section_header = 0x0A0D0D0A; // the same in both byte orders
constexpr std::uint32_t interface_description = 1;
constexpr std::uint32_t obsolete_packet = 2;
constexpr std::uint32_t simple_packet = 3;
constexpr std::uint32_t enhanced_packet = 6;
constexpr std::uint32_t byte_order_magic = 0x1A2B3C4D;
constexpr std::uint16_t pcapng_version = 1;

// Section 3.1: every block has its type, its length, a body, and its length again
constexpr std::size_t body_at = 8;
constexpr std::size_t end_size = 4;
constexpr std::size_t min_block = body_at + end_size;
constexpr std::uint32_t max_block = 16u << 20;
constexpr std::size_t section_header_size = 28;
constexpr std::size_t interface_size = 20;
constexpr std::size_t simple_packet_at = 12;
constexpr std::size_t packet_at = 28;

constexpr std::size_t max_interfaces = 65536; // in a section

// Section 4.2: options of an interface
constexpr std::uint16_t end_of_options = 0;
constexpr std::uint16_t time_resolution = 9;
constexpr std::uint16_t fcs_length = 13;
constexpr std::uint16_t time_offset = 14;

// Section 4.3.1: the option with a packet's flags
constexpr std::uint16_t packet_flags = 2;
constexpr unsigned packet_fcs_shift = 5;
constexpr std::uint32_t packet_fcs_mask = 0xF; // bytes; 0: unknown

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

/// Section 3.5. VALUE is shorter than SIZE if the block ends within it.
struct Option {
    std::uint16_t code = 0;
    std::size_t size = 0;
    Bytes value;
};

/// Where a packet lies in its block.
struct Location {
    std::size_t at = 0;
    std::uint32_t captured = 0;
    std::uint32_t length = 0;
};

class Pcapng final : public RecordSource {
public:
    explicit Pcapng(Input& input) : input_(input) {}

    Checked<bool> next(CaptureRecord& record) override;

private:
    Checked<void> read_block(CaptureRecord& record);
    Checked<void> read_section(Bytes block);
    Checked<void> read_interface(Bytes block);
    Checked<void> read_packet(CaptureRecord& record, std::uint32_t interface);
    Checked<void> read_simple_packet(CaptureRecord& record);
    Checked<void> set_packet(CaptureRecord& record, const Interface& from, const Location& location);
    [[nodiscard]] Checked<InterfaceOptions> interface_options(Bytes options) const;
    [[nodiscard]] std::uint32_t fcs_size_of_packet(Bytes options) const;
    [[nodiscard]] std::optional<Option> take_option(Bytes& options) const;

    Input& input_;
    ByteOrder order_;
    std::vector<Interface> interfaces_; ///< of the section
    std::uint64_t time_ = 0;            ///< of the latest packet in the file
};

Checked<bool> Pcapng::next(CaptureRecord& record)
{
    const auto head = input_.peek(min_block);

    if (head.size() < min_block)
        return stopped(input_, head.size(), "a block");
    if (order_.u32(head, 0) == section_header) {
        order_ = ByteOrder();
        if (order_.u32(head, body_at) != byte_order_magic)
            order_ = ByteOrder(ByteOrder::swapped);
        if (order_.u32(head, body_at) != byte_order_magic)
            return damaged("a section header without a byte-order magic");
    }
    const auto size = order_.u32(head, 4);
    if (size < min_block || size % 4 != 0 || size > max_block)
        return damaged(fmt::format("a block of {} bytes", size));
    record = {.bytes = input_.peek(size)};
    if (record.bytes.size() < size)
        return stopped(input_, record.bytes.size(), "a block");
    if (order_.u32(record.bytes, size - end_size) != size)
        return damaged("a block whose two lengths differ");
    if (auto done = read_block(record); !done)
        return std::unexpected(std::move(done.error()));
    input_.skip(size);
    return true;
}

Checked<void> Pcapng::read_block(CaptureRecord& record)
{
    switch (order_.u32(record.bytes, 0)) {
    case section_header:
        return read_section(record.bytes);
    case interface_description:
        return read_interface(record.bytes);
    case enhanced_packet:
    case obsolete_packet:
        if (record.bytes.size() < packet_at + end_size)
            return damaged("a packet block that is too short");
        return read_packet(record, order_.u32(record.bytes, 0) == enhanced_packet ? order_.u32(record.bytes, body_at)
                                                                                  : order_.u16(record.bytes, body_at));
    case simple_packet:
        return read_simple_packet(record);
    default:
        return {}; // names, statistics, secrets, and custom blocks
    }
}

Checked<void> Pcapng::read_section(Bytes block)
{
    if (block.size() < section_header_size)
        return damaged("a section header that is too short");
    if (const auto version = order_.u16(block, 12); version != pcapng_version)
        return std::unexpected(CaptureError{.what = fmt::format("has the unknown pcapng version {}", version)});
    interfaces_.clear();
    return {};
}

Checked<void> Pcapng::read_interface(Bytes block)
{
    if (block.size() < interface_size)
        return damaged("an interface block that is too short");
    if (interfaces_.size() == max_interfaces)
        return std::unexpected(CaptureError{
            .what = fmt::format("describes more than {} interfaces in one section", max_interfaces),
            .hint = "no real capture has that many: do not trust this file",
        });
    const auto options =
        TRY(interface_options(block.subspan(interface_size - end_size, block.size() - interface_size)));

    interfaces_.push_back({
        .link_type = LinkType(order_.u16(block, body_at)),
        .snap_length = order_.u32(block, body_at + 4),
        .options = options,
    });
    return {};
}

/// Section 3.5: removes the first option from OPTIONS and returns it; empty if there is none. An option has a code, a
/// length, and a value padded to four bytes.
std::optional<Option> Pcapng::take_option(Bytes& options) const
{
    constexpr std::size_t head_size = 4;

    if (options.size() < head_size || order_.u16(options, 0) == end_of_options)
        return std::nullopt;
    const std::size_t size = order_.u16(options, 2);
    const Bytes rest = options.subspan(head_size);
    const Option option{.code = order_.u16(options, 0), .size = size, .value = rest.first(std::min(rest.size(), size))};

    options = rest.subspan(std::min(rest.size(), (size + 3) / 4 * 4));
    return option;
}

/// The option if_fcslen is in bits. Some programs write bytes, and then always fewer than 8.
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
            (option->code == time_resolution && option->size != sizeof(resolution)) ||
            (option->code == time_offset && option->size != sizeof(offset)))
            return damaged(fmt::format("an option of {} bytes in an interface block", option->size));
        if (option->code == time_resolution)
            resolution = option->value[0];
        if (option->code == time_offset)
            offset = order_.get<std::int64_t>(option->value, 0);
        if (option->code == fcs_length && !option->value.empty())
            fcs_size = fcs_size_of_interface(option->value[0]);
    }
    const auto clock = StampClock::of(resolution, offset);
    if (!clock)
        return damaged(fmt::format("an interface with the timestamp resolution {:#04x}", resolution));
    return InterfaceOptions{.clock = *clock, .fcs_size = fcs_size};
}

/// The size of the frame check sequence that the packet's own options give; 0: none.
std::uint32_t Pcapng::fcs_size_of_packet(Bytes options) const
{
    while (const auto option = take_option(options))
        if (option->code == packet_flags && option->value.size() == sizeof(std::uint32_t))
            return order_.u32(option->value, 0) >> packet_fcs_shift & packet_fcs_mask;
    return 0;
}

/// Sections 4.3 and A.1; the blocks differ only in the size of the interface field.
Checked<void> Pcapng::read_packet(CaptureRecord& record, std::uint32_t interface)
{
    const Bytes block = record.bytes;

    if (interface >= interfaces_.size())
        return damaged(fmt::format("a packet of interface {}, which no block describes", interface));
    const std::uint64_t timestamp = std::uint64_t{order_.u32(block, 12)} << 32 | order_.u32(block, 16);

    time_ = interfaces_[interface].options.clock.ns(timestamp);
    return set_packet(record, interfaces_[interface],
                      {.at = packet_at, .captured = order_.u32(block, 20), .length = order_.u32(block, 24)});
}

/// Section 4.4: a packet of the section's first interface. Its captured length follows from the snap length. It has no
/// timestamp, so it gets the time of the previous packet.
Checked<void> Pcapng::read_simple_packet(CaptureRecord& record)
{
    if (record.bytes.size() < simple_packet_at + end_size)
        return damaged("a packet block that is too short");
    if (interfaces_.empty())
        return damaged("a packet of interface 0, which no block describes");
    const auto length = order_.u32(record.bytes, body_at);
    const std::uint32_t snap_length = interfaces_.front().snap_length;

    return set_packet(
        record, interfaces_.front(),
        {.at = simple_packet_at, .captured = snap_length ? std::min(length, snap_length) : length, .length = length});
}

Checked<void> Pcapng::set_packet(CaptureRecord& record, const Interface& from, const Location& location)
{
    if (location.captured > record.bytes.size() - location.at - end_size)
        return damaged("a packet that is longer than its block");
    record.packet = {
        .octets = record.bytes.subspan(location.at, location.captured),
        .original_length = location.length,
        .time = time_,
        .link_type = from.link_type,
        .order = order_.endian(),
    };
    const std::size_t options_at = location.at + (location.captured + std::size_t{3}) / 4 * 4;
    const std::size_t end = record.bytes.size() - end_size;
    const std::uint32_t of_packet =
        options_at < end ? fcs_size_of_packet(record.bytes.subspan(options_at, end - options_at)) : 0;

    record.packet->remove_fcs(of_packet ? of_packet : from.options.fcs_size);
    return {};
}

} // namespace

bool is_pcapng(std::span<const std::uint8_t> start)
{
    return start.size() >= sizeof(section_header) && ByteOrder().u32(start, 0) == section_header;
}

Checked<std::unique_ptr<RecordSource>> open_pcapng(Input& input)
{
    return std::make_unique<Pcapng>(input);
}

} // namespace flowlabel
