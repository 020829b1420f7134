// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "host/report/host_settings.hpp"

namespace flowlabel {

static const char* const auto_labels = "net.ipv6.auto_flowlabels";
static const char* const state_ranges = "net.ipv6.flowlabel_state_ranges";
static const char* const txrehash = "net.core.txrehash";
static const char* const reflect = "net.ipv6.flowlabel_reflect";

/// "WHAT is unknown: NAME is unavailable"
static std::string unknown(std::string_view what, std::string_view name)
{
    return fmt::format("{} is unknown: {} is unavailable", what, name);
}

static std::string labels_text(const HostReport& report)
{
    const Reading& automatic = report.reading(auto_labels);

    if (!automatic.value)
        return unknown("whether new TCP connections carry labels", auto_labels);
    if (*automatic.value == 0)
        return "new TCP connections, UDP and other sockets carry no labels unless a program sets them";
    if (*automatic.value == 1 || report.kernel.before(4, 3))
        return "new TCP connections carry labels, UDP and other sockets too, unless a program opts out";
    if (*automatic.value == 2)
        return "new TCP connections, UDP and other sockets carry no labels unless a program asks for them";
    if (*automatic.value == 3)
        return "new TCP connections carry labels, UDP and other sockets too, and no program can opt out";
    return fmt::format("whether new TCP connections carry labels is unknown: {} has the unknown value {}", auto_labels,
                       *automatic.value);
}

/// OFF if the value of NAME is 0, else ON. If NAME is unavailable, the text is that WHAT is unknown.
static std::string switch_text(const HostReport& report, const char* name, std::string_view what, const char* off,
                               const char* on)
{
    const Reading& reading = report.reading(name);

    if (!reading.value)
        return unknown(what, name);
    return *reading.value == 0 ? off : on;
}

/// The second reason for a label change: congestion, with PLB.
static std::string congestion_text(const HostReport& report)
{
    const Reading& plb = report.reading("net.ipv4.tcp_plb_enabled");

    return plb.value && *plb.value != 0 ? ", and so does lasting congestion where the congestion control supports PLB"
                                        : "";
}

static std::string stability_text(const HostReport& report)
{
    const Reading& automatic = report.reading(auto_labels);
    const Reading& rehash = report.reading(txrehash);
    const Reading& reflecting = report.reading(reflect);
    const bool reflects = reflecting.value && (*reflecting.value & reflect_established) != 0;

    if (automatic.value && *automatic.value == 0)
        return "the label of a TCP connection never changes, since automatic labels are off";
    // Linux 4.3 to 5.17 do not have the setting, and always change the hash.
    if (!rehash.value && (report.kernel.before(4, 3) || !report.kernel.before(5, 18)))
        return unknown("whether retransmission timeouts change labels", txrehash);
    if (rehash.value && *rehash.value == 0)
        return report.kernel.before(6, 2)
                   ? "retransmission timeouts do not change the labels of accepted TCP connections (from Linux 6.1.12 "
                     "on, of any TCP connection)"
                   : "retransmission timeouts do not change the label of a TCP connection";
    return "retransmission timeouts change the label of a TCP connection" +
           std::string(reflects ? ", except an accepted one whose peer sends a label" : "") + congestion_text(report);
}

static std::string replies_text(const HostReport& report)
{
    const Reading& reflecting = report.reading(reflect);

    if (!reflecting.value)
        return unknown("what replies reflect", reflect);
    const std::int64_t bits = reflect_bits(*reflecting.value, report.kernel);

    return bits == 0 ? "replies reflect nothing" : "the label of the peer is reflected by " + reflect_text(bits);
}

/// From Linux 5.3 on a label needs no lease while no lease excludes others (net/ipv6/ip6_flowlabel.c).
/// fl6_sock_lookup() checks whether any namespace has such a lease now, and whether this one has or ever had one. User
/// space cannot read the latter.
static std::string sending_text(const HostReport& report)
{
    const auto exclusive = std::ranges::count_if(report.leases, &HostLease::excludes_others);

    if (report.kernel.before(5, 3))
        return "a program may send only labels that it leased";
    if (exclusive != 0)
        return fmt::format("a program may send only labels that it leased, since {}",
                           exclusive == 1 ? "a lease excludes others"
                                          : fmt::format("{} leases exclude others", exclusive));
    if (!report.leases_unavailable.empty())
        return unknown("whether a program may send labels without a lease", "/proc/net/ip6_flowlabel");
    return "a program may send any label without a lease, since no lease excludes others (but if this namespace ever "
           "had such a lease, labels need a lease while any namespace has one)";
}

static std::string custom_paths_text(const HostReport& report)
{
    constexpr auto name = "net.ipv6.fib_multipath_hash_fields";
    const Reading& fields = report.reading(name);

    if (!fields.value)
        return unknown("how equal-cost routes are chosen", name);
    return fmt::format("equal-cost routes are chosen by {}, and the flow label {}", hash_fields_text(*fields.value),
                       (*fields.value & (hash_label | hash_inner_label)) != 0 ? "counts" : "is ignored");
}

static std::string paths_text(const HostReport& report)
{
    constexpr auto name = "net.ipv6.fib_multipath_hash_policy";
    const Reading& policy = report.reading(name);

    if (!policy.value)
        return unknown("how equal-cost routes are chosen", name);
    switch (*policy.value) {
    case 0:
        return "equal-cost routes are chosen by source, destination and flow label";
    case 1:
        return "equal-cost routes are chosen by addresses, protocol and ports, and the flow label is ignored";
    case 2:
        return "equal-cost routes are chosen by source, destination and flow label of the innermost header";
    case 3:
        return custom_paths_text(report);
    default:
        return fmt::format("how equal-cost routes are chosen is unknown: {} has the unknown value {}", name,
                           *policy.value);
    }
}

static std::string tunnels_text(const HostReport& report)
{
    constexpr auto name = "net.ipv6.seg6_flowlabel";
    const Reading& seg6 = report.reading(name);

    if (!seg6.value)
        return unknown("the label that SRv6 encapsulation writes", name);
    if (*seg6.value == 0)
        return "SRv6 encapsulation copies the label of inner IPv6 packets, and writes 0 around others";
    return *seg6.value < 0 ? "SRv6 encapsulation writes label 0" : "SRv6 encapsulation computes a label";
}

/// Whether SETTING of INTERFACE is available and not 0.
static bool is_on(const HostInterface& interface, std::string_view setting)
{
    const auto found = std::ranges::find_if(
        interface.settings, [&](const HostSetting& one) { return one.name.ends_with("." + std::string(setting)); });

    return found != interface.settings.end() && found->reading.value.value_or(0) != 0;
}

/// The names of the interfaces that have SETTING on, without `all` and `default`.
static std::string interfaces_with(const HostReport& report, std::string_view setting)
{
    std::string names;

    for (const HostInterface& interface : report.interfaces)
        if (interface.name != "all" && interface.name != "default" && is_on(interface, setting))
            names += (names.empty() ? "" : ", ") + interface.name;
    return names;
}

/// Empty on a host that does not forward.
static std::string forwarding_text(const HostReport& report)
{
    const bool everywhere = std::ranges::any_of(report.interfaces, [](const HostInterface& interface) {
        return interface.name == "all" && is_on(interface, "forwarding");
    });
    const std::string forced = interfaces_with(report, "force_forwarding");
    constexpr auto leaves = "and leaves their labels unchanged ('flowlabel attach --stamp' labels the unlabelled ones)";

    if (everywhere)
        return fmt::format("this host forwards packets {}", leaves);
    return forced.empty() ? "" : fmt::format("this host forwards packets from {} {}", forced, leaves);
}

static std::string disabled_text(const HostReport& report)
{
    const std::string names = interfaces_with(report, "disable_ipv6");

    return names.empty() ? "" : "IPv6 is off on " + names;
}

static std::string profiles_text(const HostReport& report)
{
    std::string names;

    for (const HostProfile profile : host_profiles)
        if (check_profile(report, profile).empty())
            names += (names.empty() ? "" : ", ") + std::string(name_of(profile));
    return names.empty() ? "the settings match no profile" : "the settings match profile " + names;
}

std::vector<HostVerdict> make_verdicts(const HostReport& report)
{
    const Reading& automatic = report.reading(auto_labels);
    const bool labels = automatic.value.value_or(1) != 0;
    std::vector<HostVerdict> verdicts = {
        {"labels", labels_text(report)},
        {"range", labels ? switch_text(report, state_ranges, "the range of automatic labels",
                                       "automatic labels take the whole range, 0x00001 to 0xfffff",
                                       "automatic labels take the upper half of the range, 0x80000 to 0xfffff")
                         : ""},
        {"stability", stability_text(report)},
        {"replies", replies_text(report)},
        {"reflection", switch_text(report, "net.ipv6.flowlabel_consistency", "whether a program may ask for reflection",
                                   "a program may ask for reflection on its TCP sockets",
                                   "a program may not ask for reflection on its TCP sockets")},
        {"leases", switch_text(report, state_ranges, "which labels a program may lease",
                               "a program may lease any label, 0x00001 to 0xfffff",
                               "a program may lease labels of the lower half of the range, 0x00001 to 0x7ffff")},
        {"sending", sending_text(report)},
        {"paths", paths_text(report)},
        {"tunnels", tunnels_text(report)},
        {"forwarding", forwarding_text(report)},
        {"disabled", disabled_text(report)},
        {"profiles", profiles_text(report)},
    };

    std::erase_if(verdicts, [](const HostVerdict& verdict) { return verdict.text.empty(); });
    return verdicts;
}

} // namespace flowlabel
