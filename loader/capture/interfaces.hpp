// SPDX-License-Identifier: BSD-2-Clause
/// libpcap refuses a pcapng file as soon as two of its interfaces differ in link type or snap length, although
/// interfaces without a packet, which dumpcap and Wireshark write readily, matter to nobody, and snap lengths matter to
/// nobody who reads. This makes all interfaces look the same on the way to libpcap, without a snap length, and stops at
/// the first packet that is of another link type indeed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace flowlabel {

class UniformInterfaces {
public:
    struct Mixed {
        std::uint16_t link_type; ///< of the packet at which the stream stops (LINKTYPE_ numbers)
        std::uint16_t first;     ///< of the file's first interface
    };

    /// OCTETS are the next ones of the stream; in pcapng they are changed as said above, anything else stays as it is.
    /// Returns how many of them may be handed on: all but the start of a block's head, which is to come again with what
    /// follows it, and none from a packet of another link type on.
    std::size_t pass(std::span<char> octets);

    [[nodiscard]] const std::optional<Mixed>& mixed() const { return mixed_; }

    /// The length on the wire of PACKET (1 is the first one), where what was handed on says less. To be asked once for
    /// each packet in turn.
    std::optional<std::uint32_t> length_of(std::uint64_t packet);

private:
    struct Interface {
        std::uint16_t link_type;
        std::uint32_t snap_length; ///< 0: none
    };
    struct Shortened {
        std::uint64_t packet;
        std::uint32_t length;
    };

    void take_head(std::span<char> head);
    void take_interface(std::span<char> head);
    void take_packet(std::uint32_t interface);
    void shorten_simple_packet(std::span<char> head);
    /// Numbers in the section's byte order.
    template <class Number> [[nodiscard]] Number get(std::span<const char> head, std::size_t at) const;
    template <class Number> void put(std::span<char> head, std::size_t at, Number value) const;

    bool active_ = true;
    bool started_ = false;   ///< the first block is a section header
    bool swapped_ = false;   ///< the section's byte order is not ours
    std::uint64_t rest_ = 0; ///< octets of the block that are still to come
    std::uint64_t packets_ = 0;
    std::optional<std::uint16_t> first_link_type_; ///< of the file's first interface
    std::vector<Interface> interfaces_;            ///< of the section, as they are in the file
    std::deque<Shortened> shortened_;              ///< simple packets that length_of() was not asked for yet
    std::optional<Mixed> mixed_;
};

} // namespace flowlabel
