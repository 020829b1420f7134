// SPDX-License-Identifier: BSD-2-Clause
/// The settings of the host report, and the meaning of their values.
#pragma once

#include <span>

#include "host/report/host_report.hpp"

namespace flowlabel {

struct Explanation {
    std::string meaning;
    std::string consequence;
};

/// A sysctl. `explain` returns the explanation of VALUE on KERNEL.
struct SettingKind {
    const char* name; ///< of a per-interface setting, only its last part
    Explanation (*explain)(std::int64_t value, const KernelVersion& kernel);
};

/// The settings of a network namespace.
std::span<const SettingKind> namespace_settings();

/// The settings below net.ipv6.conf.IFACE.
std::span<const SettingKind> interface_settings();

constexpr std::int64_t reflect_established = 1; ///< net.ipv6.flowlabel_reflect, FLOWLABEL_REFLECT_* of net/ipv6.h
constexpr std::int64_t reflect_reset = 2;
constexpr std::int64_t reflect_echo = 4;

/// The bits of net.ipv6.flowlabel_reflect that KERNEL uses: before Linux 5.3 only reflect_established.
std::int64_t reflect_bits(std::int64_t value, const KernelVersion& kernel);

/// "accepted TCP connections, ICMPv6 echo replies"; BITS is not 0.
std::string reflect_text(std::int64_t bits);

constexpr std::int64_t hash_label = 0x8; ///< net.ipv6.fib_multipath_hash_fields, FIB_MULTIPATH_HASH_FIELD_*
constexpr std::int64_t hash_inner_label = 0x200;

/// "source, destination, protocol"; FIELDS is a value of net.ipv6.fib_multipath_hash_fields.
std::string hash_fields_text(std::int64_t fields);

/// The verdicts on REPORT, whose settings and leases have been read.
std::vector<HostVerdict> make_verdicts(const HostReport& report);

} // namespace flowlabel
