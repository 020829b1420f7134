// SPDX-License-Identifier: BSD-2-Clause
#include "connection.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <sstream>

#include "expect.hpp"

namespace flowlabel::test {

namespace {

constexpr std::uint8_t psh_flag = 0x08;
constexpr std::uint8_t quic_long_header = 0xC3;
constexpr std::uint32_t syn_seq = 0xFFFFFFFF; // before the first byte of data

Sent tcp(std::uint32_t label, std::uint8_t flags, std::uint32_t seq, std::size_t length = 0)
{
    return {.label = label, .upper = Tcp{.seq = seq, .flags = flags}, .payload = Octets(length, 'x')};
}

auto key_of(const TableConnection& c)
{
    return std::tuple(c.src[0], c.src[1], c.dst[0], c.dst[1], c.protocol, c.has_ports, c.sport, c.dport);
}

} // namespace

Sent syn(std::uint32_t label, std::uint32_t new_isn)
{
    return tcp(label, syn_flag, syn_seq + new_isn);
}

Sent syn_ack(std::uint32_t label, std::uint32_t new_isn)
{
    return tcp(label, syn_flag | ack_flag, syn_seq + new_isn);
}

Sent ack(std::uint32_t label, std::uint32_t seq)
{
    return tcp(label, ack_flag, seq);
}

Sent data(std::uint32_t label, std::uint32_t seq, std::size_t length)
{
    return tcp(label, ack_flag | psh_flag, seq, length);
}

Sent fin(std::uint32_t label, std::uint32_t seq)
{
    return tcp(label, fin_flag | ack_flag, seq);
}

Sent rst(std::uint32_t label, std::uint32_t seq)
{
    return tcp(label, rst_flag, seq);
}

Sent udp(std::uint32_t label, std::uint16_t port)
{
    return {.label = label, .upper = Udp{.destination = port}, .payload = Octets(usual_length, 'x')};
}

Sent quic_long(std::uint32_t label, std::uint16_t port)
{
    Sent sent = udp(label, port);

    sent.payload.front() = quic_long_header;
    return sent;
}

Sent fragment(std::uint32_t label, std::uint32_t identification)
{
    Sent sent = udp(label);

    sent.identification = identification;
    return sent;
}

Sent icmp(std::uint32_t label)
{
    return {.label = label, .upper = Icmpv6{}};
}

Sent after(std::chrono::milliseconds time, Sent sent)
{
    sent.gap = time;
    return sent;
}

Sent by_mpls(Sent sent)
{
    sent.mpls = true;
    return sent;
}

Sequence repeat(unsigned count, Sent sent)
{
    Sequence sequence;

    for (unsigned i = 0; i < count; i++) {
        sequence.push_back(sent);
        if (auto* tcp = std::get_if<Tcp>(&sent.upper))
            tcp->seq += static_cast<std::uint32_t>(sent.payload.size());
    }
    return sequence;
}

Sequence join(std::initializer_list<Sequence> parts)
{
    Sequence all;

    for (const Sequence& part : parts)
        std::ranges::copy(part, std::back_inserter(all));
    return all;
}

constexpr std::uint16_t others_port = 9; ///< the destination port of connections that only take room

Octets frame_of(const Sent& sent, std::uint32_t isn)
{
    Packet packet = Packet{} / Ethernet{};
    Layer upper = sent.upper;

    if (auto* tcp = std::get_if<Tcp>(&upper))
        tcp->seq += isn + 1;
    if (sent.mpls)
        packet = packet / Mpls{};
    packet = packet / IPv6{.label = sent.label};
    if (sent.identification)
        packet = packet / Fragment{.offset = 1, .more = true, .id = *sent.identification};
    packet.layers.push_back(upper);
    return (packet / Raw{sent.payload}).octets();
}

void Player::wait(std::chrono::nanoseconds time)
{
    now_ += static_cast<std::uint64_t>(time.count()) >> FL_TICK_SHIFT;
}

void Player::run(Octets frame)
{
    now_++;
    if (auto* native = dynamic_cast<NativeEngine*>(&engine_))
        native->set_time(now_);
    ASSERT_EQ(engine_.run({.octets = frame}).value(), Verdict::pass);
}

void Player::play(const Sequence& sequence, std::uint32_t isn)
{
    for (const Sent& sent : sequence) {
        wait(sent.gap);
        run(frame_of(sent, isn));
    }
}

bool Story::has_gaps() const
{
    return std::ranges::any_of(packets, [](const Sent& sent) { return sent.gap.count() != 0; });
}

void PrintTo(const Story& story, std::ostream* out)
{
    *out << story.name;
}

const char* name_of(fl_change change)
{
#define FLOWLABEL_CHANGE_NAME(name) #name,
    static constexpr const char* names[] = {FL_CHANGES(FLOWLABEL_CHANGE_NAME)};
#undef FLOWLABEL_CHANGE_NAME
    return names[change];
}

std::map<std::string, std::uint64_t> by_name(const Changes& changes)
{
    std::map<std::string, std::uint64_t> named;

    for (std::size_t i = 0; i < changes.size(); i++)
        if (changes[i] != 0)
            named[name_of(static_cast<fl_change>(i))] = changes[i];
    return named;
}

std::vector<TableConnection> connections_of(const Engine& engine)
{
    std::vector<TableConnection> connections;

    engine.connections().each([&](const TableConnection& connection) { connections.push_back(connection); });
    std::ranges::sort(connections, {}, key_of);
    return connections;
}

std::string text_of(const TableConnection& c)
{
    std::ostringstream text;

    text << std::hex << c.src[0] << ':' << c.src[1] << ' ' << c.dst[0] << ':' << c.dst[1] << std::dec << " protocol "
         << int{c.protocol} << " ports " << c.sport << ' ' << c.dport << " packets " << c.packets << " bytes "
         << c.octets << " label " << c.label << (c.stamped ? " stamped" : "") << " labels " << c.labels << " reused "
         << c.reused << " from " << c.from << " to " << c.to;
    for (const auto& [name, count] : by_name(c.changes))
        text << ' ' << name << ' ' << count;
    return text.str();
}

std::vector<std::string> connection_texts(const Engine& engine)
{
    std::vector<std::string> texts;

    std::ranges::transform(connections_of(engine), std::back_inserter(texts), text_of);
    return texts;
}

std::vector<std::string> evicted_texts(Engine& engine)
{
    constexpr std::uint16_t others = 512; // connections: several for each slot of a small table
    Player player(engine);
    std::vector<std::string> texts;

    (void)ended_flows(engine);
    player.wait(std::chrono::hours(1)); // later than all gaps of a story
    for (std::uint16_t number = 0; number < others; number++)
        player.run((Ethernet{} / IPv6{} / Udp{.source = number, .destination = others_port}).octets());
    for (const Ended& one : ended_flows(engine))
        if (one.connection && one.connection->dport != others_port)
            texts.push_back(text_of(*one.connection));
    std::ranges::sort(texts);
    return texts;
}

std::map<std::string, std::uint64_t> take_packets(Engine& engine)
{
    std::map<std::string, std::uint64_t> packets;
    const auto add = [&](const TableConnection& c) {
        packets[fmt::format("{:x}{:x} {:x}{:x} {} {} {}", c.src[0], c.src[1], c.dst[0], c.dst[1], c.protocol, c.sport,
                            c.dport)] += c.packets;
    };

    for (const Ended& one : ended_flows(engine))
        if (one.connection)
            add(*one.connection);
    std::ranges::for_each(connections_of(engine), add);
    return packets;
}

void PrintTo(const Accounted& a, std::ostream* out)
{
    *out << a.packets << " packets, " << a.octets << " bytes" << (a.stamped ? ", stamped" : "") << ", " << a.first
         << " to " << a.last;
}

void add_flow(Accounts& accounts, const TableFlow& flow)
{
    Accounted& sum = accounts[{flow.src[0], flow.src[1], flow.dst[0], flow.dst[1], flow.label}];

    sum.packets += flow.packets;
    sum.octets += flow.octets;
    sum.stamped |= flow.stamped;
    sum.first = std::min(sum.first, flow.first);
    sum.last = std::max(sum.last, flow.last);
}

Accounts take_accounts(Engine& engine)
{
    Accounts accounts;

    for (const Ended& one : ended_flows(engine))
        add_flow(accounts, one.flow);
    for (const TableFlow& flow : flows_of(engine))
        add_flow(accounts, flow);
    return accounts;
}

Accounts without_times(Accounts accounts)
{
    for (auto& [key, accounted] : accounts)
        accounted.first = accounted.last = 0;
    return accounts;
}

void expect_identity(const Engine& engine)
{
    const Counters counters = engine.counters();
    const Amount live = engine.table().sum().amount;

    EXPECT_EQ(counters.counted, live.packets + counters.spilled_packets + counters.lost_packets);
    EXPECT_EQ(counters.counted_bytes, live.octets + counters.spilled_bytes + counters.lost_bytes);
}

} // namespace flowlabel::test
