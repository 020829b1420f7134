// SPDX-License-Identifier: BSD-2-Clause
#include "maps/preemption.hpp"

#include <sys/utsname.h>

#include <charconv>
#include <memory>
#include <utility>

namespace flowlabel {

/// Before this release, a lock on every PREEMPT_RT kernel serializes the softirqs of one CPU. From 6.18 on a kernel may
/// be built without that lock (PREEMPT_RT_NEEDS_BH_LOCK), and vendors may backport this. So a kernel that has the
/// kfuncs to disable preemption is treated as one without the lock.
constexpr std::pair first_release{6u, 10u};

static std::pair<unsigned, unsigned> major_and_minor(std::string_view release)
{
    unsigned major = 0;
    unsigned minor = 0;
    const char* const end = std::to_address(release.end());
    const auto [dot, error] = std::from_chars(std::to_address(release.begin()), end, major);

    if (error == std::errc() && dot != end && *dot == '.')
        std::from_chars(dot + 1, end, minor);
    return {major, minor};
}

bool programs_preempt_each_other(std::string_view release, std::string_view version)
{
    return version.contains("PREEMPT_RT") && major_and_minor(release) >= first_release;
}

bool programs_preempt_each_other()
{
    utsname name{};

    return uname(&name) == 0 && programs_preempt_each_other(name.release, name.version);
}

} // namespace flowlabel
