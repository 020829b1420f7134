// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/clickhouse/batch_id.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/random.h>

#include <cerrno>

namespace flowlabel {

Result<BatchId> BatchId::random()
{
    BatchId id;

    if (getrandom(id.octets.data(), id.octets.size(), 0) != static_cast<ssize_t>(id.octets.size()))
        return fail_errno(errno, "cannot get random bytes for the id of a batch");
    id.octets[6] = static_cast<std::uint8_t>((id.octets[6] & 0x0F) | 0x40); // version 4
    id.octets[8] = static_cast<std::uint8_t>((id.octets[8] & 0x3F) | 0x80); // variant
    return id;
}

std::string BatchId::text() const
{
    const auto part = [&](std::size_t first, std::size_t size) {
        return fmt::format("{:02x}", fmt::join(octets.begin() + first, octets.begin() + first + size, ""));
    };

    return fmt::format("{}-{}-{}-{}-{}", part(0, 4), part(4, 2), part(6, 2), part(8, 2), part(10, 6));
}

} // namespace flowlabel
