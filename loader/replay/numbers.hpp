// SPDX-License-Identifier: BSD-2-Clause
/// The numbers of a file in the byte order of the machine that wrote it.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

namespace flowlabel {

class Numbers {
public:
    static constexpr std::endian other_order =
        std::endian::native == std::endian::little ? std::endian::big : std::endian::little;

    explicit Numbers(std::endian order = std::endian::native) : order_(order) {}

    [[nodiscard]] std::endian order() const { return order_; }

    /// The number at AT, all of which lies in BYTES.
    template <class Number> [[nodiscard]] Number get(std::span<const std::uint8_t> bytes, std::size_t at) const
    {
        Number value = 0;

        std::memcpy(&value, bytes.data() + at, sizeof(value));
        return order_ == std::endian::native ? value : std::byteswap(value);
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
    std::endian order_;
};

} // namespace flowlabel
