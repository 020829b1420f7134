// SPDX-License-Identifier: BSD-2-Clause
/// Reads the integers of a file in the byte order of the machine that wrote it.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

namespace flowlabel {

class ByteOrder {
public:
    static constexpr std::endian swapped =
        std::endian::native == std::endian::little ? std::endian::big : std::endian::little;

    explicit ByteOrder(std::endian endian = std::endian::native) : endian_(endian) {}

    [[nodiscard]] std::endian endian() const { return endian_; }

    /// The integer at AT, which lies completely in BYTES.
    template <class Integer> [[nodiscard]] Integer get(std::span<const std::uint8_t> bytes, std::size_t at) const
    {
        Integer value = 0;

        std::memcpy(&value, bytes.data() + at, sizeof(value));
        return endian_ == std::endian::native ? value : std::byteswap(value);
    }

    [[nodiscard]] std::uint16_t u16(std::span<const std::uint8_t> bytes, std::size_t at) const
    {
        return get<std::uint16_t>(bytes, at);
    }

    [[nodiscard]] std::uint32_t u32(std::span<const std::uint8_t> bytes, std::size_t at) const
    {
        return get<std::uint32_t>(bytes, at);
    }

private:
    std::endian endian_;
};

} // namespace flowlabel
