// SPDX-License-Identifier: BSD-2-Clause
#include "expect.hpp"

#include <algorithm>
#include <cstring>
#include <map>

namespace flowlabel::test {

std::string name_of_ordering(const testing::TestParamInfo<Ordering>& info)
{
    return std::string(name_of(std::get<Kind>(info.param))) + (std::get<bool>(info.param) ? "_fences" : "");
}

Expect counted(std::uint64_t octets)
{
    Expect expect;

    expect.counted_ = true;
    expect.octets_ = octets;
    return expect;
}

Expect uncounted(Counter reason)
{
    Expect expect;

    expect.reason_ = reason;
    return expect;
}

Expect& Expect::kept()
{
    way_ = Way::kept;
    return *this;
}

Expect& Expect::by_ports(std::uint8_t protocol, std::uint16_t source, std::uint16_t destination)
{
    way_ = Way::ports;
    upper_layer_ = {protocol, source, destination};
    return *this;
}

Expect& Expect::by_addresses(Counter reason)
{
    way_ = Way::addresses;
    reason_ = reason;
    return *this;
}

Expect& Expect::out_of_scope()
{
    way_ = Way::scope;
    return *this;
}

Expect& Expect::also(Counter counter)
{
    also_.push_back(counter);
    return *this;
}

Expect& Expect::in_segments(std::uint64_t segments)
{
    segments_ = segments;
    return *this;
}

Expect& Expect::always(Counter counter)
{
    always_.push_back(counter);
    return *this;
}

std::uint32_t Expect::label(const Packet& packet, fl_prf prf) const
{
    const IPv6& ipv6 = *packet.ipv6();
    const SipRounds rounds = prf == FL_PRF_SIPHASH_1_3 ? SipRounds{1, 3} : SipRounds{2, 4};

    switch (way_) {
    case Way::ports:
        return label_of(stamp_key(), flow_id(ipv6.src, ipv6.dst, upper_layer_), rounds);
    case Way::addresses:
        return label_of(stamp_key(), flow_id(ipv6.src, ipv6.dst, {}), rounds);
    default:
        return ipv6.label;
    }
}

Counters Expect::counters(fl_stamp_mode mode) const
{
    Counters counters;

    counters.seen = segments_;
    for (const Counter counter : always_)
        counters.*counter += segments_;
    if (!counted_) {
        counters.*reason_ += segments_;
        return counters;
    }
    counters.ipv6 = counters.counted = segments_;
    counters.counted_bytes = octets_;
    (way_ == Way::kept ? counters.labelled : counters.zero_label) = segments_;
    if (mode == FL_STAMP_OFF || way_ == Way::kept)
        return counters;
    if (way_ == Way::scope) {
        counters.skip_scope = segments_;
        return counters;
    }
    (mode == FL_STAMP_DRY_RUN ? counters.would_stamp : counters.stamped) = segments_;
    if (way_ == Way::addresses)
        counters.*reason_ += segments_;
    for (const Counter counter : also_)
        counters.*counter += segments_;
    return counters;
}

void PrintTo(const Case& one, std::ostream* out)
{
    *out << one.name;
}

testing::AssertionResult same_counters(const Counters& expected, const Counters& actual)
{
    std::map<std::string, std::uint64_t> by_name;
    testing::AssertionResult result = testing::AssertionFailure() << "counters differ:";
    bool same = true;

    actual.each([&](const char* name, std::uint64_t value, const char*) { by_name[name] = value; });
    expected.each([&](const char* name, std::uint64_t value, const char*) {
        if (by_name[name] == value)
            return;
        same = false;
        result << "\n  " << name << " is " << by_name[name] << ", should be " << value;
    });
    return same ? testing::AssertionSuccess() : result;
}

Octets with_label(Octets octets, std::size_t offset, std::uint32_t label)
{
    octets[offset + 1] = static_cast<std::uint8_t>((octets[offset + 1] & 0xF0) | label >> 16);
    octets[offset + 2] = static_cast<std::uint8_t>(label >> 8);
    octets[offset + 3] = static_cast<std::uint8_t>(label);
    return octets;
}

std::vector<TableFlow> flows_of(const Engine& engine)
{
    std::vector<TableFlow> flows;
    const auto key = [](const TableFlow& f) { return std::tuple(f.src[0], f.src[1], f.dst[0], f.dst[1], f.label); };

    engine.table().each_flow([&](const TableFlow& flow) { flows.push_back(flow); });
    std::ranges::sort(flows, {}, key);
    return flows;
}

void check(Engine& engine, fl_stamp_mode mode, const Packet& packet, const Expect& expect)
{
    const Octets before = packet.octets();
    Octets after = before;
    const auto verdict = engine.run({.octets = after});

    ASSERT_TRUE(verdict) << verdict.error().what;
    ASSERT_EQ(*verdict, Verdict::pass);
    EXPECT_TRUE(same_counters(expect.counters(mode), engine.counters()));

    const bool labelled = expect.is_labelled_by_us() && mode != FL_STAMP_OFF;
    EXPECT_EQ(after, labelled && mode == FL_STAMP_ZERO ? with_label(before, *packet.ipv6_offset(), expect.label(packet))
                                                       : before);

    const auto flows = flows_of(engine);
    ASSERT_EQ(flows.size(), expect.is_counted() ? 1u : 0u);
    if (!expect.is_counted())
        return;
    const TableFlow& flow = flows.front();
    EXPECT_EQ(std::memcmp(flow.src, packet.ipv6()->src.octets.data(), 16), 0);
    EXPECT_EQ(std::memcmp(flow.dst, packet.ipv6()->dst.octets.data(), 16), 0);
    EXPECT_EQ(flow.label, labelled ? expect.label(packet) : packet.ipv6()->label);
    EXPECT_EQ(flow.stamped, labelled);
    EXPECT_EQ(flow.packets, expect.segments());
    EXPECT_EQ(flow.octets, expect.octets());
}

} // namespace flowlabel::test
