// SPDX-License-Identifier: BSD-2-Clause
/// The rings of finished flows of an attachment, one for each possible CPU. What was read stays in its ring until the
/// position is moved behind it.
#pragma once

#include <cstdint>
#include <span>

#include "flowlabel/abi.h"
#include "flowlabel/attachment.hpp"
#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"
#include "maps/mapping.hpp"
#include "maps/program.hpp"

namespace flowlabel {

class Rings {
public:
    /// Those of MAPS, with RECORDS, a power of two, for each of CPUS. Whoever reads records moves the positions: it
    /// takes Mapping::Access::write.
    static Result<Rings> open(const Maps& maps, unsigned cpus, std::uint32_t records, Mapping::Access access);

    [[nodiscard]] unsigned cpus() const { return cpus_; }

    /// How many records the reader has gone past in CPU's ring since it was made.
    [[nodiscard]] std::uint64_t position(unsigned cpu) const;

    /// Gives the place of what lies before POSITION back to CPU's programs.
    void set_position(unsigned cpu, std::uint64_t position);

    /// The records at CPU's position and behind it that lie side by side: all that wait, or those up to the end of the
    /// ring's memory. Their tags hold the reason why the flow ended (FL_TAG_REASON_SHIFT).
    [[nodiscard]] std::span<const fl_slot> waiting(unsigned cpu) const;

    [[nodiscard]] RingUsage usage() const;

private:
    Rings() = default;

    [[nodiscard]] std::uint64_t written(unsigned cpu) const;

    unsigned cpus_ = 0;
    std::uint32_t records_ = 0; ///< of one CPU
    Mapping ring_;
    Mapping positions_;
};

} // namespace flowlabel
