// SPDX-License-Identifier: BSD-2-Clause
#include "attach/blindness.hpp"

namespace flowlabel {

bool Blindness::observe(std::uint64_t seen, std::optional<std::uint64_t> device)
{
    const bool blind = seen_ == seen && device_ && device && *device > *device_;

    intervals_ = blind ? intervals_ + 1 : 0;
    unseen_ = blind ? unseen_ + (*device - *device_) : 0;
    seen_ = seen;
    device_ = device;
    return intervals_ >= wanted_ && unseen_ >= enough_packets;
}

} // namespace flowlabel
