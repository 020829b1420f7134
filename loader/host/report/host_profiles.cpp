// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <span>
#include <utility>

#include "host/report/host_report.hpp"

namespace flowlabel {

/// What a profile requires of one setting.
struct Requirement {
    const char* name;
    bool (*met)(std::int64_t value);
    std::int64_t wanted; ///< the recommended value
    const char* why;
    /// Before this kernel version a missing file is fine: the feature does not exist.
    std::pair<unsigned, unsigned> since = {0, 0};
};

static bool is_zero(std::int64_t value)
{
    return value == 0;
}

static constexpr Requirement rfc6437[] = {
    {"net.ipv6.auto_flowlabels", [](std::int64_t value) { return value == 1 || value == 3; }, 1,
     "section 3 recommends that a host label the flows that it sends"},
    {"net.ipv6.flowlabel_reflect", is_zero, 0,
     "section 3 requires labels from a uniform distribution; the peer chooses a reflected one"},
};

static constexpr Requirement lab[] = {
    {"net.ipv6.auto_flowlabels", is_zero, 0, "only labels that programs set"},
    {"net.ipv6.flowlabel_state_ranges", is_zero, 0, "programs may lease any label"},
    {"net.ipv6.flowlabel_consistency", is_zero, 0, "programs may ask for reflection on their TCP sockets"},
    {"net.ipv6.flowlabel_reflect", [](std::int64_t value) { return value == 1; }, 1,
     "TCP servers answer with the client's label"},
};

static constexpr Requirement anycast[] = {
    {"net.ipv6.flowlabel_reflect", [](std::int64_t value) { return (value & 7) == 7; }, 7,
     "both directions of a connection, resets and echo replies carry the same label, and are hashed to the same path"},
    {"net.core.txrehash", is_zero, 0, "a label that changes during a connection can lead to another server"},
    {"net.ipv4.tcp_plb_enabled",
     is_zero,
     0,
     "a label that changes during a connection can lead to another server",
     {6, 2}},
};

static std::span<const Requirement> requirements_of(HostProfile profile)
{
    switch (profile) {
    case HostProfile::rfc6437:
        return rfc6437;
    case HostProfile::lab:
        return lab;
    case HostProfile::anycast:
        break;
    }
    return anycast;
}

static bool is_met(const Requirement& requirement, const Reading& reading, const KernelVersion& kernel)
{
    if (reading.value)
        return requirement.met(*reading.value);
    return kernel.before(requirement.since.first, requirement.since.second);
}

std::vector<ProfileDifference> check_profile(const HostReport& report, HostProfile profile, const std::string& prefix)
{
    std::vector<ProfileDifference> differences;

    for (const Requirement& requirement : requirements_of(profile)) {
        const Reading& reading = report.reading(requirement.name);

        if (is_met(requirement, reading, report.kernel))
            continue;
        differences.push_back({
            .name = requirement.name,
            .reading = reading,
            .wanted = requirement.wanted,
            .why = requirement.why,
            .command =
                reading.value ? fmt::format("{}sysctl -w {}={}", prefix, requirement.name, requirement.wanted) : "",
        });
    }
    return differences;
}

} // namespace flowlabel
