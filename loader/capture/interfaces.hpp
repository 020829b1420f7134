// SPDX-License-Identifier: BSD-2-Clause
/// libpcap refuses a pcapng file as soon as two of its interfaces differ in link type or snap length, although
/// interfaces without a packet, which dumpcap and Wireshark write readily, matter to nobody, and snap lengths matter to
/// nobody who reads. This makes all interfaces look the same on the way to libpcap, and stops at the first packet that
/// is of another link type indeed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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
    /// Returns how many of them may be handed on: all, until there is a packet of another link type.
    std::size_t pass(std::span<char> octets);

    [[nodiscard]] const std::optional<Mixed>& mixed() const { return mixed_; }

private:
    static constexpr std::size_t head_size = 16; ///< of a block: what has to be known of it or changed

    void take_head_octet(char& octet);
    void read_head();
    void read_interface();
    [[nodiscard]] char octet_of(std::uint16_t number, std::size_t index) const;
    [[nodiscard]] std::uint32_t word(std::size_t at) const;
    [[nodiscard]] std::uint16_t half(std::size_t at) const;

    bool active_ = true;
    bool started_ = false;       ///< the first block is a section header
    bool swapped_ = false;       ///< the section's byte order is not ours
    std::uint64_t position_ = 0; ///< in the block
    std::uint64_t length_ = head_size;
    std::array<char, head_size> head_{}; ///< as it was in the file
    bool first_known_ = false;
    std::uint16_t first_link_type_ = 0;     ///< of the file's first interface
    std::vector<std::uint16_t> link_types_; ///< of the section's interfaces
    std::optional<Mixed> mixed_;
};

} // namespace flowlabel
