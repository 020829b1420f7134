// SPDX-License-Identifier: BSD-2-Clause
/// pcap: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-03.html
#include <fmt/format.h>

#include <utility>

#include "base/time.hpp"
#include "replay/byte_order.hpp"
#include "replay/source.hpp"

namespace flowlabel {

namespace {

constexpr std::uint32_t microsecond_magic = 0xA1B2C3D4;
constexpr std::uint32_t nanosecond_magic = 0xA1B23C4D;
constexpr std::uint32_t kuznetzov_magic = 0xA1B2CD34; // microseconds; packet headers have eight more bytes
constexpr std::size_t file_head_size = 24;
constexpr std::size_t packet_head_size = 16;
constexpr std::size_t kuznetzov_head_size = 24;
constexpr std::uint32_t max_captured = 262144; // the largest snap length of tcpdump and Wireshark
constexpr std::uint16_t pcap_version = 2;
// Section 4: the upper half of the link type field may have the length of the frame check sequences
constexpr std::uint32_t fcs_length_known = 1u << 26;
constexpr unsigned fcs_length_shift = 28;
constexpr std::uint32_t fcs_unit = 2; // bytes

/// The byte order and the magic number of a file that starts with START; empty if it is not a pcap file.
std::optional<std::pair<ByteOrder, std::uint32_t>> recognise(std::span<const std::uint8_t> start)
{
    if (start.size() < sizeof(std::uint32_t))
        return std::nullopt;
    for (const ByteOrder order : {ByteOrder(std::endian::native), ByteOrder(ByteOrder::swapped)}) {
        const std::uint32_t magic = order.u32(start, 0);

        if (magic == microsecond_magic || magic == nanosecond_magic || magic == kuznetzov_magic)
            return std::pair(order, magic);
    }
    return std::nullopt;
}

std::uint32_t fcs_size_of(std::uint32_t link_type_field)
{
    return link_type_field & fcs_length_known ? (link_type_field >> fcs_length_shift) * fcs_unit : 0;
}

class Pcap final : public RecordSource {
public:
    Pcap(Input& input, ByteOrder order, std::uint32_t magic, std::span<const std::uint8_t> head)
        : input_(input), order_(order), minor_(order.u16(head, 6)),
          link_type_(static_cast<std::uint16_t>(order.u32(head, 20))), fcs_size_(fcs_size_of(order.u32(head, 20))),
          head_size_(magic == kuznetzov_magic ? kuznetzov_head_size : packet_head_size),
          ns_per_unit_(magic == nanosecond_magic ? 1 : 1000)
    {
    }

    [[nodiscard]] LinkType link_type() const { return link_type_; }

    Checked<bool> next(CaptureRecord& record) override;

private:
    [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> lengths(std::span<const std::uint8_t> head) const;

    Input& input_;
    ByteOrder order_;
    std::uint16_t minor_;
    LinkType link_type_;
    std::uint32_t fcs_size_; ///< of each packet, bytes
    std::size_t head_size_;
    std::uint64_t ns_per_unit_;
    bool started_ = false;
};

/// The captured length and the original length. Their order was the reverse before version 2.3, and some programs kept
/// that order in 2.3.
std::pair<std::uint32_t, std::uint32_t> Pcap::lengths(std::span<const std::uint8_t> head) const
{
    const std::pair lengths(order_.u32(head, 8), order_.u32(head, 12));
    const bool reversed = minor_ < 3 || (minor_ == 3 && lengths.first > lengths.second);

    return reversed ? std::pair(lengths.second, lengths.first) : lengths;
}

Checked<bool> Pcap::next(CaptureRecord& record)
{
    if (!started_) {
        started_ = true;
        record = {.bytes = input_.peek(file_head_size)};
        input_.skip(file_head_size);
        return true;
    }
    const auto head = input_.peek(head_size_);
    if (head.size() < head_size_)
        return stopped(input_, head.size(), "a packet");
    const auto [captured, length] = lengths(head);
    const std::uint64_t time = order_.u32(head, 0) * ns_per_second + order_.u32(head, 4) * ns_per_unit_;
    if (captured > max_captured)
        return damaged(fmt::format("a packet of {} bytes, more than the maximum of {}", captured, max_captured));
    const std::size_t size = head_size_ + captured;
    record.bytes = input_.peek(size);
    if (record.bytes.size() < size)
        return stopped(input_, record.bytes.size(), "a packet");
    input_.skip(size);
    record.packet = {
        .octets = record.bytes.subspan(head_size_),
        .original_length = length,
        .time = time,
        .link_type = link_type_,
        .order = order_.endian(),
    };
    record.packet->remove_fcs(fcs_size_);
    return true;
}

} // namespace

bool is_pcap(std::span<const std::uint8_t> start)
{
    return recognise(start).has_value();
}

Checked<std::unique_ptr<RecordSource>> open_pcap(Input& input)
{
    const auto head = input.peek(file_head_size);
    const auto [order, magic] = *recognise(head);

    if (head.size() < file_head_size)
        return std::unexpected(stopped(input, head.size(), "its file header").error());
    if (const auto version = order.u16(head, 4); version != pcap_version)
        return std::unexpected(CaptureError{.what = fmt::format("has the unknown pcap version {}", version)});
    auto pcap = std::make_unique<Pcap>(input, order, magic, head);
    if (!pcap->link_type().readable())
        return std::unexpected(unreadable(pcap->link_type()));
    return pcap;
}

} // namespace flowlabel
