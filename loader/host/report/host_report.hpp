// SPDX-License-Identifier: BSD-2-Clause
/// Reads from /proc what the kernel of this host does with flow labels. It never writes a setting.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/word_table.hpp"
#include "flowlabel/address.hpp"
#include "flowlabel/host.hpp"

namespace flowlabel {

/// The running kernel: the meaning of some settings depends on it.
struct KernelVersion {
    std::string release; ///< as uname -r prints it; empty: unavailable, and before() is always false
    unsigned major = 0;
    unsigned minor = 0;

    [[nodiscard]] bool before(unsigned other_major, unsigned other_minor) const;
};

/// The number in a file of /proc, or the reason why it is unavailable. Never a default or a guess.
struct Reading {
    std::optional<std::int64_t> value;
    std::string unavailable; ///< the reason if there is no value
};

/// One sysctl.
struct HostSetting {
    std::string name; ///< as sysctl(8) writes it; the dots of an interface's name are slashes
    Reading reading;
    std::string meaning;     ///< the meaning of the value on this kernel; empty without a value
    std::string consequence; ///< the effect on packets and programs; empty without a value
};

/// The sysctls of one interface, or of `all` or `default`.
struct HostInterface {
    std::string name;
    std::vector<HostSetting> settings;
};

/// A line of /proc/net/ip6_flowlabel (net/ipv6/ip6_flowlabel.c, ip6fl_seq_show): a label that programs have leased from
/// the kernel's flow label manager.
struct HostLease {
    std::uint32_t label = 0;
    LabelShare share = LabelShare::any; ///< another number if the kernel has other modes
    std::int64_t owner = 0;   ///< share process: PID, or 0 if the process is not visible; share user: UID; else 0
    std::string owner_name;   ///< the command of that process or the name of that user; empty: unavailable
    std::int64_t users = 0;   ///< sockets that hold it; 0: it lingers
    std::int64_t linger = 0;  ///< seconds that it stays blocked after its last use
    std::int64_t expires = 0; ///< seconds from now; negative: it expired so many seconds ago
    Address dst;              ///< the destination that it is leased for
    std::int64_t options = 0; ///< bytes of extension headers that are sent with it

    /// Whether it keeps other sockets from sending labels without a lease (fl_shared_exclusive(), or options).
    [[nodiscard]] bool excludes_others() const;
};

/// A sentence about the combined effect of the settings.
struct HostVerdict {
    std::string topic; ///< for programs: labels, stability, replies, leases, paths, tunnels, forwarding, …
    std::string text;
};

struct HostReport {
    KernelVersion kernel;
    std::vector<HostSetting> settings;
    std::vector<HostInterface> interfaces; ///< by name; empty without IPv6
    std::vector<HostLease> leases;
    std::string leases_unavailable; ///< why some or all leases are missing
    std::vector<HostVerdict> verdicts;

    /// The reading of the setting NAME, which must be one of `settings`.
    [[nodiscard]] const Reading& reading(std::string_view name) const;
};

/// The report on the network namespace of the calling thread. PROC is the mount point of a proc file system. A file
/// that is missing or cannot be read gives an `unavailable` reading, not an error.
HostReport read_host_report(const std::filesystem::path& proc = "/proc");

/// The sysctl NAME, as sysctl(8) writes it, of the network namespace of the calling thread. PROC as above.
Reading read_sysctl(std::string name, const std::filesystem::path& proc = "/proc");

/// A set of recommended settings; docs/host.md has the purpose of each profile.
enum class HostProfile {
    rfc6437, ///< labels as in RFC 6437 section 3
    lab,     ///< only labels that programs set, of any value; TCP servers reflect
    anycast, ///< one label for a connection and its replies
};

template <>
inline constexpr WordTable<HostProfile> word_table<HostProfile> = {
    {HostProfile::rfc6437, "rfc6437"},
    {HostProfile::lab, "lab"},
    {HostProfile::anycast, "anycast"},
};

/// A setting whose value differs from the profile's.
struct ProfileDifference {
    std::string name;
    Reading reading;
    std::int64_t wanted = 0;
    std::string why;     ///< the profile's reason
    std::string command; ///< sets the value; empty: this kernel does not have the setting
};

/// The settings of REPORT that differ from PROFILE. Each command starts with PREFIX (see netns_command_prefix()).
std::vector<ProfileDifference> check_profile(const HostReport& report, HostProfile profile,
                                             const std::string& prefix = {});

/// Every profile, in the order of the documentation.
inline constexpr HostProfile host_profiles[] = {HostProfile::rfc6437, HostProfile::lab, HostProfile::anycast};

} // namespace flowlabel
