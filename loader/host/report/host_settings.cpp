// SPDX-License-Identifier: BSD-2-Clause
// Sources: net/ipv6/{ip6_flowlabel,tcp_ipv6,icmp,route,seg6_iptunnel}.c, include/net/ipv6.h (ip6_make_flowlabel) and
// include/net/sock.h (sk_rethink_txhash) of Linux.
#include "host/report/host_settings.hpp"

#include <fmt/format.h>

namespace flowlabel {

static Explanation unknown_value()
{
    return {"a value that flowlabel does not know", "see ip-sysctl in this kernel's documentation"};
}

static Explanation explain_consistency(std::int64_t value, const KernelVersion&)
{
    if (value == 0)
        return {"a socket may ask for reflection",
                "a TCP socket with IPV6_FL_F_REFLECT answers with the label that it receives"};
    return {"a socket may not ask for reflection",
            "IPV6_FL_F_REFLECT is refused with EPERM; net.ipv6.flowlabel_reflect still works"};
}

static Explanation explain_auto(std::int64_t value, const KernelVersion& kernel)
{
    if (value == 0)
        return {"off", "packets leave with label 0 unless a program sets a label; RFC 6437 section 3 recommends "
                       "labels"};
    if (value == 1 || kernel.before(4, 3)) // a boolean before 4.3
        return {"on, a program may opt out", "TCP, UDP and other sockets send a label made from a hash of the flow, "
                                             "unless the program switched IPV6_AUTOFLOWLABEL off"};
    if (value == 2)
        return {"off, a program may opt in", "packets leave with label 0 unless the program switched "
                                             "IPV6_AUTOFLOWLABEL on or sets a label"};
    if (value == 3)
        return {"on, no program may opt out", "every packet of a socket carries a label: the program's, or one made "
                                              "from a hash of the flow"};
    return unknown_value();
}

static Explanation explain_ranges(std::int64_t value, const KernelVersion&)
{
    if (value == 0)
        return {"one range for all labels", "leases and automatic labels take any value"};
    return {"leases below 0x80000, automatic labels from there on",
            "automatic labels have bit 19 set, and leasing a label from 0x80000 on is refused with ERANGE"};
}

std::int64_t reflect_bits(std::int64_t value, const KernelVersion& kernel)
{
    return value & (kernel.before(5, 3) ? reflect_established : reflect_established | reflect_reset | reflect_echo);
}

std::string reflect_text(std::int64_t bits)
{
    constexpr struct {
        std::int64_t bit;
        const char* text;
    } names[] = {
        {reflect_established, "accepted TCP connections"},
        {reflect_reset, "resets of closed TCP ports"},
        {reflect_echo, "ICMPv6 echo replies"},
    };
    std::string text;

    for (const auto& [bit, name] : names)
        if ((bits & bit) != 0)
            text += (text.empty() ? "" : ", ") + std::string(name);
    return text;
}

static Explanation explain_reflect(std::int64_t value, const KernelVersion& kernel)
{
    const std::int64_t bits = reflect_bits(value, kernel);
    const std::string old = bits != value ? "; this kernel ignores the other bits" : "";

    if (bits == 0)
        return {"nothing is reflected" + old, "replies carry a label of this host's own"};
    return {
        "reflected by " + reflect_text(bits) + old,
        (bits & reflect_established) != 0
            ? "they carry the label of the packet that they answer; an accepted connection keeps that label when it "
              "retransmits"
            : "they carry the label of the packet that they answer"};
}

static Explanation explain_seg6(std::int64_t value, const KernelVersion&)
{
    if (value < 0)
        return {"the outer label is 0", "routers see all SRv6-encapsulated packets between two nodes as one flow"};
    if (value == 0)
        return {"the outer label is the inner IPv6 packet's", "IPv4 packets and frames are encapsulated with label 0"};
    return {"the outer label is computed", "SRv6 encapsulation makes it from a hash of the inner packet"};
}

static Explanation explain_policy(std::int64_t value, const KernelVersion&)
{
    switch (value) {
    case 0:
        return {
            "source, destination and flow label choose the path",
            "forwarded flows with different labels between two hosts are spread; automatic labels of this host's own "
            "packets are set after the path is chosen and do not count"};
    case 1:
        return {"addresses, protocol and ports choose the path", "the label does not count"};
    case 2:
        return {"source, destination and flow label of the innermost header choose the path",
                "tunneled packets are spread by their inner headers"};
    case 3:
        return {"the fields in net.ipv6.fib_multipath_hash_fields choose the path",
                "the label counts if it is one of them"};
    default:
        return unknown_value();
    }
}

std::string hash_fields_text(std::int64_t fields)
{
    constexpr const char* names[] = {
        "source",         "destination",      "protocol",          "flow label",
        "source port",    "destination port", "inner source",      "inner destination",
        "inner protocol", "inner flow label", "inner source port", "inner destination port",
    };
    std::string text;

    for (std::size_t bit = 0; bit < std::size(names); bit++)
        if ((fields >> bit & 1) != 0)
            text += (text.empty() ? "" : ", ") + std::string(names[bit]);
    return text.empty() ? "nothing" : text;
}

static Explanation explain_fields(std::int64_t value, const KernelVersion&)
{
    return {"0x" + fmt::format("{:x}: ", value) + hash_fields_text(value),
            (value & (hash_label | hash_inner_label)) != 0
                ? "used only with net.ipv6.fib_multipath_hash_policy 3; the label is among them"
                : "used only with net.ipv6.fib_multipath_hash_policy 3; the label is not among them"};
}

static Explanation explain_txrehash(std::int64_t value, const KernelVersion& kernel)
{
    const std::string old = kernel.before(6, 2) ? "; before Linux 6.2 (and 6.1.12) for listening sockets only" : "";

    if (value == 0)
        return {"TCP keeps its hash" + old, "retransmission timeouts leave the automatic label as it is, unless the "
                                            "program switches SO_TXREHASH on"};
    return {"TCP changes its hash after a timeout" + old,
            "a retransmission timeout or a spurious retransmission gives the connection another automatic label, so "
            "that it may get a better path"};
}

static Explanation explain_plb(std::int64_t value, const KernelVersion&)
{
    if (value == 0)
        return {"off", "congestion changes no label"};
    return {"on", "where the congestion control supports it (DCTCP does), lasting "
                  "congestion gives a TCP connection another automatic label"};
}

std::span<const SettingKind> namespace_settings()
{
    static constexpr SettingKind kinds[] = {
        {"net.ipv6.auto_flowlabels", explain_auto},
        {"net.ipv6.flowlabel_state_ranges", explain_ranges},
        {"net.ipv6.flowlabel_consistency", explain_consistency},
        {"net.ipv6.flowlabel_reflect", explain_reflect},
        {"net.core.txrehash", explain_txrehash},
        {"net.ipv4.tcp_plb_enabled", explain_plb},
        {"net.ipv6.fib_multipath_hash_policy", explain_policy},
        {"net.ipv6.fib_multipath_hash_fields", explain_fields},
        {"net.ipv6.seg6_flowlabel", explain_seg6},
    };

    return kinds;
}

static Explanation explain_disable(std::int64_t value, const KernelVersion&)
{
    if (value == 0)
        return {"IPv6 is on", "this interface sends packets with the labels of this report"};
    return {"IPv6 is off", "this interface sends no IPv6 packets"};
}

static Explanation explain_forwarding(std::int64_t value, const KernelVersion&)
{
    if (value == 0)
        return {"off", "works as an interface of a host"};
    return {"on", "works as an interface of a router; with net.ipv6.conf.all.forwarding on, packets are forwarded "
                  "with their labels unchanged"};
}

static Explanation explain_force(std::int64_t value, const KernelVersion&)
{
    if (value == 0)
        return {"off", "only net.ipv6.conf.all.forwarding decides"};
    return {"on", "packets that arrive here are forwarded with their labels unchanged, even if "
                  "net.ipv6.conf.all.forwarding is off"};
}

static Explanation explain_seg6_enabled(std::int64_t value, const KernelVersion&)
{
    if (value == 0)
        return {"off", "SRv6 packets for this host that arrive here are dropped"};
    return {"on", "SRv6 packets for this host that arrive here are decapsulated: the outer label ends, and the inner "
                  "one stays"};
}

std::span<const SettingKind> interface_settings()
{
    static constexpr SettingKind kinds[] = {
        {"disable_ipv6", explain_disable},
        {"forwarding", explain_forwarding},
        {"force_forwarding", explain_force},
        {"seg6_enabled", explain_seg6_enabled},
    };

    return kinds;
}

} // namespace flowlabel
