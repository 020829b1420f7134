// SPDX-License-Identifier: BSD-2-Clause
#include "packet.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

namespace flowlabel::test {

namespace {

constexpr std::uint8_t no_next_header = 59;

template <class... Handlers> struct overloaded : Handlers... {
    using Handlers::operator()...;
};

void append8(Octets& to, std::size_t value)
{
    to.push_back(static_cast<std::uint8_t>(value));
}

void append16(Octets& to, std::size_t value)
{
    append8(to, value >> 8);
    append8(to, value);
}

void append32(Octets& to, std::size_t value)
{
    append16(to, value >> 16);
    append16(to, value);
}

/// The next header value that announces LAYER in an IPv6 header chain.
std::uint8_t protocol_of(const Layer& layer)
{
    return std::visit(overloaded{
                          [](const HopByHop&) { return 0; },
                          [](const IPv4&) { return 4; },
                          [](const Tcp&) { return 6; },
                          [](const Udp&) { return 17; },
                          [](const Dccp&) { return 33; },
                          [](const IPv6&) { return 41; },
                          [](const Routing&) { return 43; },
                          [](const Fragment&) { return 44; },
                          [](const Esp&) { return 50; },
                          [](const Ah&) { return 51; },
                          [](const Icmpv6&) { return 58; },
                          [](const DestinationOptions&) { return 60; },
                          [](const Sctp&) { return 132; },
                          [](const Mobility&) { return 135; },
                          [](const UdpLite&) { return 136; },
                          [](const Hip&) { return 139; },
                          [](const Shim6&) { return 140; },
                          [](const Unknown& unknown) { return int{unknown.protocol}; },
                          [](const auto&) { return int{no_next_header}; },
                      },
                      layer) &
           0xFF;
}

std::uint16_t ethertype_of(const Layer& layer)
{
    return std::visit(overloaded{
                          [](const Vlan&) { return 0x8100; }, [](const VlanAd&) { return 0x88A8; },
                          [](const VlanQinq& tag) { return int{tag.tpid}; }, [](const Pppoe&) { return 0x8864; },
                          [](const Mpls&) { return 0x8847; }, [](const IPv4&) { return 0x0800; },
                          [](const Arp&) { return 0x0806; }, [](const IPv6&) { return 0x86DD; },
                          [](const auto&) { return 0x88B5; }, // local experimental ethertype
                      },
                      layer) &
           0xFFFF;
}

std::uint16_t ppp_protocol_of(const Layer& layer)
{
    return std::holds_alternative<IPv6>(layer) ? 0x0057 : std::holds_alternative<IPv4>(layer) ? 0x0021 : 0xC021;
}

/// What a layer needs from the layers around it.
struct Surroundings {
    const IPv6* ipv6 = nullptr; ///< the innermost IPv6 header before the layer
    const Layer& next;
    Octets behind; ///< the bytes that follow the layer, already built
};

Octets extension(const Surroundings& around, std::uint8_t units, std::optional<std::uint8_t> length, Octets first = {})
{
    Octets header;
    const std::size_t size = (units + std::size_t{1}) * 8;

    append8(header, protocol_of(around.next));
    append8(header, length.value_or(units));
    if (first.empty()) {
        append8(header, 1); // PadN covers the rest
        append8(header, std::min<std::size_t>(size - 4, 255));
    }
    header.insert(header.end(), first.begin(), first.end());
    header.resize(size);
    return header;
}

template <class Ports> Octets ports(const Ports& layer)
{
    Octets header;

    append16(header, layer.source);
    append16(header, layer.destination);
    return header;
}

/// Writes the sum of HEADER and what follows it to offset AT of HEADER.
Octets with_checksum(Octets header, const Surroundings& around, std::uint8_t protocol, std::size_t at)
{
    Octets all = header;

    if (!around.ipv6)
        return header;
    all.insert(all.end(), around.behind.begin(), around.behind.end());
    std::uint16_t sum = checksum(around.ipv6->src, around.ipv6->dst, protocol, all);
    if (sum == 0)
        sum = 0xFFFF; // RFC 8200 section 8.1: UDP never sends 0; for the others both values are valid
    header[at] = static_cast<std::uint8_t>(sum >> 8);
    header[at + 1] = static_cast<std::uint8_t>(sum);
    return header;
}

Octets build(const Ethernet& layer, const Surroundings& around)
{
    Octets header{0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1};

    append16(header, layer.ethertype.value_or(ethertype_of(around.next)));
    return header;
}

Octets build(const Vlan& layer, const Surroundings& around)
{
    Octets header;

    append16(header, layer.id);
    append16(header, layer.ethertype.value_or(ethertype_of(around.next)));
    return header;
}

Octets build(const VlanAd& layer, const Surroundings& around)
{
    return build(Vlan{.id = layer.id}, around);
}

Octets build(const VlanQinq& layer, const Surroundings& around)
{
    return build(Vlan{.id = layer.id}, around);
}

Octets build(const Pppoe& layer, const Surroundings& around)
{
    const std::uint16_t protocol = layer.protocol.value_or(ppp_protocol_of(around.next));
    Octets header{0x11, layer.code, 0, 1};

    append16(header, around.behind.size() + (layer.compressed ? 1 : 2));
    if (!layer.compressed)
        append8(header, protocol >> 8);
    append8(header, protocol);
    return header;
}

Octets build(const Mpls& layer, const Surroundings&)
{
    Octets header;

    for (unsigned i = 0; i < layer.entries; i++) {
        const bool last = layer.bottom && i + 1 == layer.entries;
        append32(header, (16 + i) << 12 | (last ? 1 << 8 : 0) | 64);
    }
    return header;
}

Octets build(const IPv4&, const Surroundings& around)
{
    Octets header{0x45, 0};

    append16(header, 20 + around.behind.size());
    header.insert(header.end(), {0, 0, 0, 0, 64});
    append8(header, std::holds_alternative<Tcp>(around.next) ? 6 : 17);
    header.insert(header.end(), {0, 0, 192, 0, 2, 1, 192, 0, 2, 2});
    return header;
}

Octets build(const Arp&, const Surroundings&)
{
    return Octets(28, 1);
}

Octets build(const IPv6& layer, const Surroundings& around)
{
    Octets header;

    append32(header, std::size_t{layer.version} << 28 | std::size_t{layer.traffic_class} << 20 | layer.label);
    append16(header, layer.payload_length.value_or(static_cast<std::uint16_t>(around.behind.size())));
    append8(header, layer.next_header.value_or(protocol_of(around.next)));
    append8(header, layer.hop_limit);
    header.insert(header.end(), layer.src.octets.begin(), layer.src.octets.end());
    header.insert(header.end(), layer.dst.octets.begin(), layer.dst.octets.end());
    return header;
}

Octets build(const HopByHop& layer, const Surroundings& around)
{
    return extension(around, layer.units, layer.length);
}

Octets build(const DestinationOptions& layer, const Surroundings& around)
{
    return extension(around, layer.units, layer.length);
}

Octets build(const Routing& layer, const Surroundings& around)
{
    return extension(around, layer.units, layer.length, {layer.type, 0});
}

Octets build(const Mobility& layer, const Surroundings& around)
{
    return extension(around, layer.units, {}, {0, 0});
}

Octets build(const Hip& layer, const Surroundings& around)
{
    return extension(around, layer.units, {}, {1, 0x21});
}

Octets build(const Shim6& layer, const Surroundings& around)
{
    return extension(around, layer.units, {}, {0x80, 0});
}

Octets build(const Fragment& layer, const Surroundings& around)
{
    Octets header;

    append8(header, layer.next_header.value_or(protocol_of(around.next)));
    append8(header, 0);
    append16(header, std::size_t{layer.offset} << 3 | std::size_t{layer.reserved} << 1 | (layer.more ? 1 : 0));
    append32(header, layer.id);
    return header;
}

Octets build(const Ah& layer, const Surroundings& around)
{
    Octets header{protocol_of(around.next), layer.words, 0, 0, 0, 0, 0, 1};

    header.resize((layer.words + std::size_t{2}) * 4);
    return header;
}

Octets build(const Tcp& layer, const Surroundings& around)
{
    Octets header = ports(layer);

    append32(header, layer.seq);
    append32(header, 1);
    append8(header, std::size_t{layer.data_offset} << 4);
    append8(header, layer.flags);
    header.insert(header.end(), {0xFF, 0xFF, 0, 0, 0, 0});
    header.resize(std::max<std::size_t>(20, std::size_t{layer.data_offset} * 4), 1);
    return with_checksum(std::move(header), around, 6, 16);
}

Octets build(const Udp& layer, const Surroundings& around)
{
    Octets header = ports(layer);

    append16(header, 8 + around.behind.size());
    append16(header, 0);
    return with_checksum(std::move(header), around, 17, 6);
}

Octets build(const UdpLite& layer, const Surroundings& around)
{
    Octets header = ports(layer);

    append32(header, 0); // coverage 0: the whole packet
    return with_checksum(std::move(header), around, 136, 6);
}

Octets build(const Dccp& layer, const Surroundings&)
{
    Octets header = ports(layer);

    header.insert(header.end(), {4, 0, 0, 0, 0x05, 0, 0, 0, 0, 0, 0, 1});
    return header;
}

Octets build(const Sctp& layer, const Surroundings&)
{
    Octets header = ports(layer);

    header.resize(12);
    return header;
}

Octets build(const Icmpv6& layer, const Surroundings& around)
{
    return with_checksum({layer.type, 0, 0, 0, 0, 1, 0, 1}, around, 58, 2);
}

Octets build(const Esp&, const Surroundings&)
{
    return {0, 0, 0x10, 1, 0, 0, 0, 1};
}

Octets build(const NoNext&, const Surroundings&)
{
    return {};
}

Octets build(const Unknown&, const Surroundings&)
{
    return {};
}

Octets build(const Payload& layer, const Surroundings&)
{
    Octets octets(layer.size);

    std::iota(octets.begin(), octets.end(), std::uint8_t{0});
    return octets;
}

Octets build(const Raw& layer, const Surroundings&)
{
    return layer.octets;
}

/// LAYERS from index FIRST on.
Octets build_from(std::span<const Layer> layers, std::size_t first)
{
    static const Layer nothing = Payload{};
    Octets built;

    for (std::size_t i = layers.size(); i-- > first;) {
        Surroundings around{.next = i + 1 < layers.size() ? layers[i + 1] : nothing, .behind = std::move(built)};
        for (std::size_t before = 0; before < i; before++)
            if (const auto* ipv6 = std::get_if<IPv6>(&layers[before]))
                around.ipv6 = ipv6;
        built = std::visit([&](const auto& layer) { return build(layer, around); }, layers[i]);
        built.insert(built.end(), around.behind.begin(), around.behind.end());
    }
    return built;
}

} // namespace

Ip::Ip(const char* text)
{
    if (::inet_pton(AF_INET6, text, octets.data()) != 1)
        throw std::invalid_argument(std::string("no IPv6 address: ") + text);
}

Octets Packet::octets() const
{
    Octets built = build_from(layers, 0);

    built.resize(std::min(std::max(built.size(), padded_to), cut_to));
    return built;
}

const IPv6* Packet::ipv6() const
{
    const auto found = std::ranges::find_if(layers, [](const Layer& l) { return std::holds_alternative<IPv6>(l); });

    return found == layers.end() ? nullptr : &std::get<IPv6>(*found);
}

std::optional<std::size_t> Packet::ipv6_offset() const
{
    for (std::size_t i = 0; i < layers.size(); i++)
        if (std::holds_alternative<IPv6>(layers[i]))
            return build_from(layers, 0).size() - build_from(layers, i).size();
    return std::nullopt;
}

Packet Packet::padded(std::size_t size) const
{
    Packet packet = *this;

    packet.padded_to = size;
    return packet;
}

Packet Packet::cut(std::size_t size) const
{
    Packet packet = *this;

    packet.cut_to = size;
    return packet;
}

Packet Packet::then(std::size_t count, const Layer& layer) const
{
    Packet packet = *this;

    packet.layers.insert(packet.layers.end(), count, layer);
    return packet;
}

std::uint16_t checksum(const Ip& src, const Ip& dst, std::uint8_t protocol, std::span<const std::uint8_t> octets)
{
    Octets all(src.octets.begin(), src.octets.end());
    std::uint64_t sum = 0;

    all.insert(all.end(), dst.octets.begin(), dst.octets.end());
    append32(all, octets.size());
    append32(all, protocol);
    all.insert(all.end(), octets.begin(), octets.end());
    all.resize((all.size() + 1) / 2 * 2);
    for (std::size_t i = 0; i < all.size(); i += 2)
        sum += static_cast<std::uint64_t>(all[i]) << 8 | all[i + 1];
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

} // namespace flowlabel::test
