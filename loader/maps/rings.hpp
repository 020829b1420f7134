// SPDX-License-Identifier: BSD-2-Clause
/// The rings of finished flows of an attachment, one for each possible CPU. Records stay in their ring until the
/// position moves past them.
#pragma once

#include <cstdint>

#include "base/fd.hpp"
#include "flowlabel/abi.h"
#include "flowlabel/attachment.hpp"
#include "flowlabel/result.hpp"
#include "maps/mapping.hpp"
#include "maps/program.hpp"
#include "maps/ring_record.hpp"

namespace flowlabel {

class Rings {
public:
    /// Opens the rings of MAPS, of an attachment with CONFIG. Each of the CPUS has RECORDS, a power of two. To move
    /// positions, open them with Mapping::Access::write.
    static Result<Rings> open(const Maps& maps, unsigned cpus, std::uint32_t records, const fl_config& config,
                              Mapping::Access access);

    [[nodiscard]] unsigned cpus() const { return cpus_; }

    /// How many records the reader has taken from the ring of CPU since it was made.
    [[nodiscard]] std::uint64_t position(unsigned cpu) const;

    /// Frees the records before POSITION, so that the programs on CPU can use their place.
    void set_position(unsigned cpu, std::uint64_t position);

    /// The contiguous records from the position of CPU on: all that wait, or those up to the end of the memory of the
    /// ring.
    [[nodiscard]] RingRecords waiting(unsigned cpu) const;

    /// How many wait in all rings.
    [[nodiscard]] std::uint64_t waiting_records() const;

    [[nodiscard]] RingUsage usage() const;

private:
    Rings() = default;

    [[nodiscard]] std::uint64_t written(unsigned cpu) const;
    [[nodiscard]] std::uint64_t count_waiting(unsigned cpu) const;

    unsigned cpus_ = 0;
    std::uint32_t records_ = 0; ///< of one CPU
    bool track_ = false;
    Mapping ring_;
    Mapping history_;
    Mapping positions_;
};

} // namespace flowlabel
