// SPDX-License-Identifier: BSD-2-Clause
/// make_samples FOLDER: writes the project's sample captures into FOLDER. It made those in data/.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "packet.hpp"

namespace flowlabel::test {
namespace {

constexpr std::uint32_t microseconds = 0xA1B2C3D4;
constexpr std::uint32_t nanoseconds = 0xA1B23C4D;
constexpr std::uint32_t first_second = 1'700'000'000;
constexpr std::size_t ethernet_size = 14;

enum class Link : std::uint32_t {
    null = 0,
    ethernet = 1,
    ppp = 9,
    raw = 101,
    loop = 108,
    enc = 109,
    sll = 113,
    pflog = 117,
    nflog = 239,
    sll2 = 276,
};

struct Sample {
    std::string name;
    Link link = Link::ethernet;
    std::vector<Packet> packets{};
    std::uint32_t magic = microseconds;
    std::uint32_t snap_length = 262144;
};

void append(Octets& to, std::initializer_list<int> octets)
{
    for (const int octet : octets)
        to.push_back(static_cast<std::uint8_t>(octet));
}

/// What Linux's netfilter log puts before SIZE bytes of payload: the packet's header, a prefix of odd length, and the
/// header of the payload.
Octets nflog_header(int ethertype, int size)
{
    Octets header;

    append(header, {ethertype == 0x86DD ? 10 : 2, 0, 0, 5});              // family, version, group
    append(header, {8, 0, 1, 0, ethertype >> 8, ethertype & 0xFF, 1, 0}); // NFULA_PACKET_HDR
    append(header,
           {7, 0, 10, 0, 'a', ':', 0, 0, (size + 4) & 0xFF, (size + 4) >> 8, 9, 0}); // NFULA_PREFIX, NFULA_PAYLOAD
    return header;
}

/// OpenBSD's firewall log: 61 bytes, padded to 64.
Octets pflog_header(bool ipv6)
{
    Octets header(64, 0);

    header[0] = 61;
    header[1] = ipv6 ? 24 : 2;
    return header;
}

/// The header of LINK before SIZE bytes of ETHERTYPE.
Octets link_header(Link link, int ethertype, int size)
{
    const bool ipv6 = ethertype == 0x86DD;
    Octets header;

    switch (link) {
    case Link::null: // FreeBSD on a little-endian machine
        append(header, {ipv6 ? 28 : 2, 0, 0, 0});
        break;
    case Link::loop: // OpenBSD
        append(header, {0, 0, 0, ipv6 ? 24 : 2});
        break;
    case Link::ppp:
        append(header, {0xFF, 0x03, 0x00, ipv6 ? 0x57 : 0x21});
        break;
    case Link::sll:
        append(header, {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, ethertype >> 8, ethertype & 0xFF});
        break;
    case Link::sll2:
        append(header, {ethertype >> 8, ethertype & 0xFF, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0});
        break;
    case Link::enc: // OpenBSD: no security association
        append(header, {0, 0, 0, ipv6 ? 24 : 2, 0, 0, 0, 0, 0, 0, 0, 0});
        break;
    case Link::pflog:
        return pflog_header(ipv6);
    case Link::nflog:
        return nflog_header(ethertype, size);
    case Link::ethernet:
    case Link::raw:
        break;
    }
    return header;
}

/// PACKET, built as an Ethernet frame, as LINK carries it.
Octets on_link(const Packet& packet, Link link)
{
    const Octets frame = packet.octets();

    if (link == Link::ethernet)
        return frame;
    Octets octets = link_header(link, frame[12] << 8 | frame[13], static_cast<int>(frame.size() - ethernet_size));
    octets.insert(octets.end(), frame.begin() + ethernet_size, frame.end());
    if (link == Link::nflog)
        octets.resize((octets.size() + 3) / 4 * 4);
    return octets;
}

void put(std::ofstream& file, std::initializer_list<std::uint32_t> numbers)
{
    for (const std::uint32_t number : numbers)
        for (int shift = 0; shift < 32; shift += 8)
            file.put(static_cast<char>(number >> shift));
}

void write(const std::filesystem::path& folder, const Sample& sample)
{
    std::ofstream file(folder / (sample.name + ".pcap"), std::ios::binary);
    const std::uint32_t millisecond = sample.magic == nanoseconds ? 1'000'000 : 1000;
    std::uint32_t number = 0;

    file.exceptions(std::ios::failbit | std::ios::badbit);
    put(file, {sample.magic, 4 << 16 | 2, 0, 0, sample.snap_length, static_cast<std::uint32_t>(sample.link)});
    for (const Packet& packet : sample.packets) {
        const Octets octets = on_link(packet, sample.link);
        const auto length = static_cast<std::uint32_t>(octets.size());
        const std::uint32_t captured = std::min(length, sample.snap_length);

        put(file, {first_second, number++ * millisecond + (sample.magic == nanoseconds ? 123 : 0), captured, length});
        file.write(reinterpret_cast<const char*>(octets.data()), captured);
    }
}

/// Both directions of a conversation. One side labels, the other does not.
std::vector<Packet> conversation()
{
    const Ip client = "2001:db8:c::1";
    const Ip server = "2001:db8:5::2";
    const IPv6 up{.src = client, .dst = server};
    const IPv6 down{.src = server, .dst = client, .label = 0xBEEF5, .traffic_class = 0xB9};

    return {
        Ethernet{} / up / Tcp{50000, 443},
        Ethernet{} / down / Tcp{443, 50000},
        Ethernet{} / up / Tcp{50000, 443} / Payload{300},
        Ethernet{} / down / Tcp{443, 50000} / Payload{1200},
        Ethernet{} / up / Udp{50001, 53} / Payload{33},
        Ethernet{} / down / Udp{53, 50001} / Payload{120},
        Ethernet{} / up / Icmpv6{128} / Payload{56},
        Ethernet{} / down / Icmpv6{129} / Payload{56},
        Ethernet{} / IPv4{} / Payload{40},
    };
}

/// The fragments of two packets. Those of the second packet are in another order.
std::vector<Packet> fragments()
{
    const auto part = [](std::uint32_t id, std::uint16_t offset, bool more) {
        const Fragment fragment{.offset = offset, .more = more, .id = id, .next_header = 17};

        return offset ? Ethernet{} / IPv6{} / fragment / Payload{more ? 64u : 20u}
                      : Ethernet{} / IPv6{} / fragment / Udp{5000, 6000} / Payload{56};
    };

    return {part(1, 0, true),   part(1, 8, true), part(1, 16, false),
            part(2, 16, false), part(2, 0, true), part(2, 8, true)};
}

std::vector<Packet> link_layers()
{
    const IPv6 labelled{.label = 0x00001};

    return {
        Ethernet{} / Vlan{7} / IPv6{} / Tcp{},
        Ethernet{} / VlanAd{100} / Vlan{7} / IPv6{} / Udp{} / Payload{8},
        Ethernet{} / Vlan{1} / Vlan{2} / Vlan{3} / Vlan{4} / labelled / Tcp{},
        Ethernet{} / Pppoe{} / IPv6{} / Tcp{},
        Ethernet{} / Mpls{1} / IPv6{} / Tcp{},
        Ethernet{} / Mpls{3} / labelled / Tcp{},
        Ethernet{} / Arp{},
        Ethernet{} / IPv6{} / IPv6{.src = "2001:db8:9::1", .label = 0x77777} / Udp{} / Payload{4},
    };
}

std::vector<Packet> extension_headers()
{
    return {
        Ethernet{} / IPv6{} / HopByHop{} / Tcp{},
        Ethernet{} / IPv6{} / DestinationOptions{1} / Udp{} / Payload{4},
        Ethernet{} / IPv6{} / Routing{} / DestinationOptions{} / Tcp{1000, 2000},
        Ethernet{} / IPv6{} / Fragment{} / Udp{3000, 4000} / Payload{8},
        Ethernet{} / IPv6{} / Ah{} / Tcp{},
        Ethernet{} / IPv6{} / Esp{} / Payload{64},
        Ethernet{} / IPv6{} / Sctp{5, 6},
        Ethernet{} / IPv6{} / Dccp{7, 8},
        Ethernet{} / IPv6{} / UdpLite{9, 10} / Payload{8},
        Ethernet{} / IPv6{} / NoNext{},
        Ethernet{} / IPv6{} / Unknown{},
        Ethernet{} / IPv6{.src = "2001:db8:e::1", .label = 0xFFFFF} / HopByHop{} / Udp{} / Payload{4},
    };
}

std::vector<Packet> out_of_scope()
{
    return {
        Ethernet{} / IPv6{.src = "fe80::1", .dst = "ff02::1", .hop_limit = 255} / Icmpv6{134} / Payload{12},
        Ethernet{} / IPv6{.src = "2001:db8::1", .dst = "2001:db8::2", .hop_limit = 255} / Icmpv6{135} / Payload{20},
        Ethernet{} / IPv6{.src = "::", .dst = "ff02::16"} / Icmpv6{143} / Payload{20},
        Ethernet{} / IPv6{.dst = "ff0e::1"} / Udp{} / Payload{10},
        Ethernet{} / IPv6{.src = "fe80::1", .dst = "fe80::2", .label = 0x12345} / Tcp{},
    };
}

std::vector<Sample> samples()
{
    return {
        {.name = "conversation", .packets = conversation()},
        {.name = "conversation_ns", .packets = conversation(), .magic = nanoseconds},
        {.name = "conversation_enc", .link = Link::enc, .packets = conversation()},
        {.name = "conversation_nflog", .link = Link::nflog, .packets = conversation()},
        {.name = "conversation_null", .link = Link::null, .packets = conversation()},
        {.name = "conversation_loop", .link = Link::loop, .packets = conversation()},
        {.name = "conversation_pflog", .link = Link::pflog, .packets = conversation()},
        {.name = "conversation_ppp", .link = Link::ppp, .packets = conversation()},
        {.name = "conversation_raw", .link = Link::raw, .packets = conversation()},
        {.name = "conversation_sll", .link = Link::sll, .packets = conversation()},
        {.name = "conversation_sll2", .link = Link::sll2, .packets = conversation()},
        {.name = "conversation_snapped", .packets = conversation(), .snap_length = 64},
        {.name = "extension_headers", .packets = extension_headers()},
        {.name = "fragments", .packets = fragments()},
        {.name = "link_layers", .packets = link_layers()},
        {.name = "link_layers_sll", .link = Link::sll, .packets = link_layers()},
        {.name = "out_of_scope", .packets = out_of_scope()},
    };
}

} // namespace
} // namespace flowlabel::test

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: make_samples FOLDER\n", stderr);
        return 2;
    }
    try {
        for (const auto& sample : flowlabel::test::samples())
            flowlabel::test::write(argv[1], sample);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "make_samples: error: %s\n", error.what());
        return 1;
    }
    return 0;
}
