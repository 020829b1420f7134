// SPDX-License-Identifier: BSD-2-Clause
/// What the kernel of this host does with flow labels, as /proc tells it. Reading only: nothing is ever set.
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
    std::string release; ///< as uname -r writes it; empty: unavailable, then every version is taken for reached
    unsigned major = 0;
    unsigned minor = 0;

    [[nodiscard]] bool before(unsigned other_major, unsigned other_minor) const;
};

/// A number that a file of /proc holds, or why there is none. Never a default, never a guess.
struct Reading {
    std::optional<std::int64_t> value;
    std::string unavailable; ///< the reason where there is no value
};

/// One sysctl.
struct HostSetting {
    std::string name; ///< as sysctl(8) writes it; the dots of an interface's name are slashes
    Reading reading;
    std::string meaning;     ///< what this value is on this kernel; empty without a value
    std::string consequence; ///< what follows for packets and programs; empty without a value
};

/// The sysctls of one interface, or of `all` or `default`.
struct HostInterface {
    std::string name;
    std::vector<HostSetting> settings;
};

/// A line of /proc/net/ip6_flowlabel (net/ipv6/ip6_flowlabel.c, ip6fl_seq_show): a label that programs got from the
/// kernel's label manager.
struct HostLease {
    std::uint32_t label = 0;
    LabelShare share = LabelShare::any; ///< another number where a kernel knows more
    std::int64_t owner = 0;   ///< share process: PID, share user: UID, else 0; 0 too for a process that cannot be seen
    std::string owner_name;   ///< the command of that process or the name of that user; empty: unavailable
    std::int64_t users = 0;   ///< sockets that hold it; 0: it lingers
    std::int64_t linger = 0;  ///< seconds that it stays blocked behind its last use
    std::int64_t expires = 0; ///< seconds from now; negative: so long ago
    Address dst;              ///< the only destination that it is for
    std::int64_t options = 0; ///< octets of extension headers that go with it

    /// Does it keep other sockets from sending labels that they did not lease? (fl_shared_exclusive, or options)
    [[nodiscard]] bool excludes_others() const;
};

/// What the settings mean together, in one plain sentence.
struct HostVerdict {
    std::string topic; ///< a word for programs: labels, stability, replies, leases, paths, tunnels, forwarding, …
    std::string text;
};

struct HostReport {
    KernelVersion kernel;
    std::vector<HostSetting> settings;
    std::vector<HostInterface> interfaces; ///< by name; empty without IPv6
    std::vector<HostLease> leases;
    std::string leases_unavailable; ///< why there are no leases, or not all
    std::vector<HostVerdict> verdicts;

    /// The reading of the setting NAME, which must be one of `settings`.
    [[nodiscard]] const Reading& reading(std::string_view name) const;
};

/// The report on the network namespace of the calling thread. PROC is where a proc file system is mounted. Files that
/// are missing or cannot be read make `unavailable` readings, not errors.
HostReport read_host_report(const std::filesystem::path& proc = "/proc");

/// The sysctl NAME, as sysctl(8) writes it, of the network namespace of the calling thread. PROC as above.
Reading read_sysctl(std::string name, const std::filesystem::path& proc = "/proc");

/// Settings that belong together; docs/host.md says what each is for.
enum class HostProfile {
    rfc6437, ///< labels by RFC 6437 section 3
    lab,     ///< only labels that programs set, any label, TCP servers reflect
    anycast, ///< one label for a connection and its replies
};

template <>
inline constexpr WordTable<HostProfile> word_table<HostProfile> = {
    {HostProfile::rfc6437, "rfc6437"},
    {HostProfile::lab, "lab"},
    {HostProfile::anycast, "anycast"},
};

/// A setting that is not as a profile wants it.
struct ProfileDifference {
    std::string name;
    Reading reading;
    std::int64_t wanted = 0;
    std::string why;     ///< why the profile wants it
    std::string command; ///< sets it; empty: this kernel has no such setting
};

/// What of REPORT is not as PROFILE wants it. PREFIX stands in front of each command (see netns_command_prefix()).
std::vector<ProfileDifference> check_profile(const HostReport& report, HostProfile profile,
                                             const std::string& prefix = {});

/// Every profile, in the order of their names in the documentation.
inline constexpr HostProfile host_profiles[] = {HostProfile::rfc6437, HostProfile::lab, HostProfile::anycast};

} // namespace flowlabel
