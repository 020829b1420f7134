// SPDX-License-Identifier: BSD-2-Clause
/// Reading the spill ring in place. What was read stays in the ring until the position is moved behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "flowlabel/abi.h"
#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"
#include "mapping.hpp"

namespace flowlabel {

class RingReader {
public:
    /// RING is a BPF ring buffer of BYTES octets.
    static Result<RingReader> open(const Fd& ring, std::uint32_t bytes);

    /// Octets that the reader has gone past since the ring was made.
    [[nodiscard]] std::uint64_t position() const;

    /// Gives the kernel back what lies before POSITION.
    void set_position(std::uint64_t position);

    /// Octets that lie in the ring.
    [[nodiscard]] std::uint64_t waiting() const;

    /// Visits at most MOST records from the position on, until VISIT says false: that record was not taken. Returns the
    /// position behind the last that was.
    [[nodiscard]] std::uint64_t read(std::size_t most, const std::function<bool(const fl_record&)>& visit) const;

private:
    RingReader() = default;

    std::uint64_t mask_ = 0;
    Mapping reader_;  ///< its first word is the reader's position
    Mapping writers_; ///< its first word is the writers' position; the data, mapped twice over, lie a page behind it
    std::size_t page_ = 0;
};

} // namespace flowlabel
