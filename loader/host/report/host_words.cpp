// SPDX-License-Identifier: BSD-2-Clause
// What each value does is in net/ipv6/{ip6_flowlabel,tcp_ipv6,icmp,route,seg6_iptunnel}.c, include/net/ipv6.h
// (ip6_make_flowlabel) and include/net/sock.h (sk_rethink_txhash) of Linux.
#include "host/report/host_words.hpp"

#include <fmt/format.h>

namespace flowlabel {

static Words unknown_value()
{
    return {"a value that flowlabel does not know", "see ip-sysctl of this kernel's documentation"};
}

static Words consistency_words(std::int64_t value, const KernelVersion&)
{
    if (value == 0)
        return {"a socket may ask for reflection",
                "a TCP socket with IPV6_FL_F_REFLECT answers with the label that it receives"};
    return {"a socket may not ask for reflection",
            "IPV6_FL_F_REFLECT is refused with EPERM; net.ipv6.flowlabel_reflect works all the same"};
}

static Words auto_words(std::int64_t value, const KernelVersion& kernel)
{
    if (value == 0)
        return {"off", "packets leave with label 0 unless a program sets a label, where RFC 6437 section 3 recommends "
                       "labels"};
    if (value == 1 || kernel.before(4, 3)) // until then a boolean
        return {"on, a program may opt out", "TCP, UDP and other sockets send a label made from a hash of the flow, "
                                             "unless the program switched IPV6_AUTOFLOWLABEL off"};
    if (value == 2)
        return {"off, a program may opt in", "packets leave with label 0 unless the program switched "
                                             "IPV6_AUTOFLOWLABEL on or sets a label"};
    if (value == 3)
        return {"on, no program may opt out", "all that sockets send carries a label: a program's own, or one made "
                                              "from a hash of the flow"};
    return unknown_value();
}

static Words ranges_words(std::int64_t value, const KernelVersion&)
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

static Words reflect_words(std::int64_t value, const KernelVersion& kernel)
{
    const std::int64_t bits = reflect_bits(value, kernel);
    const std::string old = bits != value ? "; on this kernel no other bit means anything" : "";

    if (bits == 0)
        return {"nothing is reflected" + old, "replies carry a label of this host's own"};
    return {
        "reflected by " + reflect_text(bits) + old,
        (bits & reflect_established) != 0
            ? "they carry the label of what they answer; an accepted connection keeps that label over retransmissions"
            : "they carry the label of what they answer"};
}

static Words seg6_words(std::int64_t value, const KernelVersion&)
{
    if (value < 0)
        return {"the outer label is 0", "routers see what SRv6 encapsulates between two nodes as one flow"};
    if (value == 0)
        return {"the outer label is the inner IPv6 packet's", "IPv4 packets and frames are encapsulated with label 0"};
    return {"the outer label is computed", "SRv6 encapsulation makes it from a hash of the inner packet"};
}

static Words policy_words(std::int64_t value, const KernelVersion&)
{
    switch (value) {
    case 0:
        return {
            "source, destination and flow label choose the path",
            "forwarded flows with different labels between two hosts are spread; automatic labels of this host's own "
            "packets are made after the choice and do not count"};
    case 1:
        return {"addresses, protocol and ports choose the path", "the label does not count"};
    case 2:
        return {"source, destination and flow label of the innermost header choose the path",
                "what a tunnel carries is spread by its inner header"};
    case 3:
        return {"net.ipv6.fib_multipath_hash_fields says what chooses the path", "the label counts where it is there"};
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

static Words fields_words(std::int64_t value, const KernelVersion&)
{
    return {"0x" + fmt::format("{:x}: ", value) + hash_fields_text(value),
            (value & (hash_label | hash_inner_label)) != 0
                ? "counts with net.ipv6.fib_multipath_hash_policy 3 alone; the label is among them"
                : "counts with net.ipv6.fib_multipath_hash_policy 3 alone; the label is not among them"};
}

static Words txrehash_words(std::int64_t value, const KernelVersion& kernel)
{
    const std::string old = kernel.before(6, 2) ? "; before Linux 6.2 (and 6.1.12) for listening sockets only" : "";

    if (value == 0)
        return {"TCP keeps its hash" + old, "retransmission timeouts leave the automatic label as it is, unless the "
                                            "program asks for change (SO_TXREHASH)"};
    return {"TCP changes its hash after trouble" + old,
            "a retransmission timeout or a spurious retransmission gives the connection another automatic label, so "
            "that it may find a better path"};
}

static Words plb_words(std::int64_t value, const KernelVersion&)
{
    if (value == 0)
        return {"off", "congestion changes no label"};
    return {"on", "where the congestion control supports it (DCTCP does), lasting "
                  "congestion gives a TCP connection another automatic label"};
}

std::span<const SettingKind> namespace_settings()
{
    static constexpr SettingKind kinds[] = {
        {"net.ipv6.auto_flowlabels", auto_words},
        {"net.ipv6.flowlabel_state_ranges", ranges_words},
        {"net.ipv6.flowlabel_consistency", consistency_words},
        {"net.ipv6.flowlabel_reflect", reflect_words},
        {"net.core.txrehash", txrehash_words},
        {"net.ipv4.tcp_plb_enabled", plb_words},
        {"net.ipv6.fib_multipath_hash_policy", policy_words},
        {"net.ipv6.fib_multipath_hash_fields", fields_words},
        {"net.ipv6.seg6_flowlabel", seg6_words},
    };

    return kinds;
}

static Words disable_words(std::int64_t value, const KernelVersion&)
{
    if (value == 0)
        return {"IPv6 is on", "packets leave here with the labels of this report"};
    return {"IPv6 is off", "no IPv6 packet leaves here, labelled or not"};
}

static Words forwarding_words(std::int64_t value, const KernelVersion&)
{
    if (value == 0)
        return {"off", "behaves as an interface of a host"};
    return {"on", "behaves as an interface of a router; with net.ipv6.conf.all.forwarding on, packets are forwarded "
                  "with the labels that they come with"};
}

static Words force_words(std::int64_t value, const KernelVersion&)
{
    if (value == 0)
        return {"off", "net.ipv6.conf.all.forwarding decides alone"};
    return {"on", "packets that come here are forwarded with the labels that they come with, whatever "
                  "net.ipv6.conf.all.forwarding says"};
}

static Words seg6_enabled_words(std::int64_t value, const KernelVersion&)
{
    if (value == 0)
        return {"off", "SRv6 packets that come here for this host are dropped"};
    return {"on", "of SRv6 packets that come here for this host, the outer label ends and the inner one goes on"};
}

std::span<const SettingKind> interface_settings()
{
    static constexpr SettingKind kinds[] = {
        {"disable_ipv6", disable_words},
        {"forwarding", forwarding_words},
        {"force_forwarding", force_words},
        {"seg6_enabled", seg6_enabled_words},
    };

    return kinds;
}

} // namespace flowlabel
