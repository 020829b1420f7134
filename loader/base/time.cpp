// SPDX-License-Identifier: BSD-2-Clause
#include "base/time.hpp"

#include <fmt/format.h>

#include <ctime>

namespace flowlabel {

static std::uint64_t read_clock(clockid_t clock)
{
    timespec now{};

    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * ns_per_second + static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint64_t now_utc()
{
    return read_clock(CLOCK_REALTIME);
}

std::uint64_t now_monotonic()
{
    return read_clock(CLOCK_MONOTONIC);
}

std::uint64_t now_monotonic_coarse()
{
    return read_clock(CLOCK_MONOTONIC_COARSE);
}

std::uint64_t utc_of(std::uint64_t monotonic)
{
    return now_utc() - now_monotonic() + monotonic;
}

std::string rfc3339(std::uint64_t utc_ns)
{
    const auto seconds = static_cast<std::time_t>(utc_ns / ns_per_second);
    std::tm tm{};

    gmtime_r(&seconds, &tm);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                       tm.tm_hour, tm.tm_min, tm.tm_sec, utc_ns % ns_per_second / 1'000'000);
}

} // namespace flowlabel
