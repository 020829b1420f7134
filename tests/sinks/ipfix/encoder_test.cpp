// SPDX-License-Identifier: BSD-2-Clause
// The messages, byte by byte (IPFIX-1, IPFIX-3, IPFIX-5, IPFIX-9).
#include "sinks/ipfix/encoder.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "base/time.hpp"
#include "decoder.hpp"

namespace flowlabel::test {
namespace {

const ObservationPoint ingress{.interface = "eth0", .ifindex = 7, .hook = FL_HOOK_XDP};
const ObservationPoint egress{.interface = "eth0", .ifindex = 7, .hook = FL_HOOK_TC_EGRESS};

FlowRecord record(std::uint32_t label)
{
    return {.flow = {.src = parse_prefix("2001:db8::1")->address,
                     .dst = parse_prefix("2001:db8::2")->address,
                     .label = label,
                     .packets = 0x0102030405060708,
                     .octets = 0x1112131415161718,
                     .first_seen = 1'700'000'000'123'456'789,
                     .last_seen = 1'700'000'001'999'999'999},
            .reason = EndReason::evicted};
}

std::vector<FlowRecord> records(std::size_t count)
{
    std::vector<FlowRecord> all;

    for (std::size_t i = 0; i < count; i++)
        all.push_back(record(static_cast<std::uint32_t>(i)));
    return all;
}

std::span<const std::uint8_t> nth(Encoder& encoder, std::size_t number)
{
    return encoder.messages().text(encoder.messages().list.at(number));
}

/// IPFIX-1, IPFIX-3: every byte of the templates of a domain, and of a message with one flow.
TEST(Encoder, Golden)
{
    Encoder encoder = std::move(*Encoder::make(464));
    const FlowRecord flow = record(0xABCDE);

    ASSERT_TRUE(encoder.begin(29, 1));
    ASSERT_TRUE(encoder.flow_templates(FL_HOOK_XDP));
    ASSERT_TRUE(encoder.flows(ingress, std::span(&flow, 1)));
    ASSERT_TRUE(encoder.finish());
    ASSERT_EQ(encoder.messages().list.size(), 2u);
    encoder.messages().set_sequence(encoder.messages().list[1], 0x01020304);

    const std::string template_octets = "000a 0078 ........ 00000000 0000001d"
                                        "0003 0016 0102 0003 0001 000a0004 0052ffff 0053ffff"
                                        "0002 0034 0100 000b 001b0010 001c0010 00020008 00010008 00980008 00990008"
                                        "001f0004 000a0004 00880001 003d0001 003c0001"
                                        "0003 001e 0104 0005 0001 00950004 00a40008 00a50008 01430008 01430008";
    const std::string flow_octets_text = "000a 005f ........ 01020304 0000001d 0100 004f"
                                         "20010db8000000000000000000000001 20010db8000000000000000000000002"
                                         "0102030405060708 1112131415161718 0000018bcfe568 7b 0000018bcfe56fcf"
                                         "000abcde 00000007 05 00 06";
    const auto check = [](std::span<const std::uint8_t> octets, std::string wanted) {
        std::string text;

        std::erase(wanted, ' ');
        for (const std::uint8_t octet : octets)
            for (const unsigned half : {octet >> 4, octet & 15})
                text += "0123456789abcdef"[half];
        text.replace(8, 8, "........"); // the export time
        EXPECT_EQ(text, wanted);
    };

    check(nth(encoder, 0), template_octets);
    check(nth(encoder, 1), flow_octets_text);
    EXPECT_TRUE(encoder.messages().list[0].templates);
    EXPECT_EQ(encoder.messages().list[1].data_records, 1u);
    EXPECT_EQ(encoder.messages().list[1].flows, 1u);
    EXPECT_EQ(encoder.messages().list[1].domain, 1u);
}

/// egressInterface and flowDirection 1 for tc-egress.
TEST(Encoder, Egress)
{
    Encoder encoder = std::move(*Encoder::make(464));
    const FlowRecord flow = record(1);
    Decoder decoder;

    ASSERT_TRUE(encoder.begin(31, 1));
    ASSERT_TRUE(encoder.flow_templates(FL_HOOK_TC_EGRESS));
    ASSERT_TRUE(encoder.interface_name(egress));
    ASSERT_TRUE(encoder.flows(egress, std::span(&flow, 1)));
    ASSERT_TRUE(encoder.finish());
    const auto all = decoder.decode_all(encoder.messages().bytes);

    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].templates.at(257).fields[7], std::pair(14u, 4u));
    EXPECT_EQ(all[0].templates.at(259).fields[0], std::pair(14u, 4u));
    EXPECT_EQ(all[1].records[0].number(0), 7u);
    EXPECT_EQ(all[1].records[0].values.at(1), "eth0");
    EXPECT_EQ(all[2].records[0].number(7), 7u);
    EXPECT_EQ(all[2].records[0].number(9), 1u);
}

/// RFC 7011 sections 4.2 and 4.3.
TEST(Encoder, Reliability)
{
    Encoder encoder = std::move(*Encoder::make(464));
    Decoder decoder;

    ASSERT_TRUE(encoder.begin(0, 0));
    ASSERT_TRUE(encoder.exporting_template());
    ASSERT_TRUE(encoder.exporting(4711, {.records = 1, .amount = {.packets = 2, .octets = 3}, .first = 4, .last = 5}));
    ASSERT_TRUE(encoder.begin(29, 1));
    ASSERT_TRUE(encoder.flow_templates(FL_HOOK_XDP));
    ASSERT_TRUE(encoder.metering(29, {.amount = {.packets = 6, .octets = 7}, .first = 8, .last = 9}));
    ASSERT_TRUE(encoder.finish());
    const auto all = decoder.decode_all(encoder.messages().bytes);
    const auto numbers = [](const DecodedRecord& one) {
        std::vector<std::uint64_t> values;

        for (std::size_t i = 0; i < one.values.size(); i++)
            values.push_back(one.number(i));
        return values;
    };

    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all[0].templates.at(261).fields,
              (decltype(DecodedTemplate::fields){{144, 4}, {166, 8}, {167, 8}, {168, 8}, {323, 8}, {323, 8}}));
    EXPECT_EQ(all[0].templates.at(261).scope, 1u);
    EXPECT_EQ(all[1].domain, 0u);
    EXPECT_EQ(numbers(all[1].records[0]), (std::vector<std::uint64_t>{4711, 1, 2, 3, 4, 5}));
    EXPECT_EQ(numbers(all[3].records[0]), (std::vector<std::uint64_t>{29, 6, 7, 8, 9}));
}

/// IPFIX-5: for every size, no message is larger, none has room for another record, and every record is in one message.
TEST(Encoder, MessageSizes)
{
    const auto given = records(2000);

    for (const std::size_t largest :
         {min_message, min_message + 1, min_message + flow_bytes - 1, min_message + flow_bytes, std::size_t{464},
          std::size_t{1432}, std::size_t{8192}, std::size_t{65487}, max_message}) {
        Encoder encoder = std::move(*Encoder::make(largest));
        Decoder decoder;
        std::uint32_t next = 0;

        ASSERT_TRUE(encoder.begin(29, 1));
        ASSERT_TRUE(encoder.flow_templates(FL_HOOK_XDP)) << largest;
        ASSERT_TRUE(encoder.interface_name(ingress)) << largest;
        ASSERT_TRUE(encoder.metering(29, {})) << largest;
        ASSERT_TRUE(encoder.flows(ingress, std::span(given).first(1000)));
        ASSERT_TRUE(encoder.flows(ingress, std::span(given).subspan(1000)));
        ASSERT_TRUE(encoder.finish());
        const auto all = decoder.decode_all(encoder.messages().bytes);

        for (const DecodedMessage& message : all) {
            EXPECT_LE(message.length, largest);
            for (const DecodedRecord& one : message.records)
                if (one.template_id == 256) {
                    EXPECT_EQ(one.number(6), next++);
                }
            if (next > 0 && next < given.size()) {
                EXPECT_GT(message.length + flow_bytes, largest) << "there was room for another record";
            }
        }
        EXPECT_EQ(next, given.size()) << largest;
    }
}

/// Messages of several domains do not mix, and each has its templates.
TEST(Encoder, Domains)
{
    Encoder encoder = std::move(*Encoder::make(1432));
    Decoder decoder;
    const auto given = records(3);

    for (int round = 0; round < 2; round++)
        for (const std::uint32_t id : {9u, 10u, 0xFFFFFFFFu}) {
            ASSERT_TRUE(encoder.begin(id, id));
            if (round == 0) {
                ASSERT_TRUE(encoder.flow_templates(FL_HOOK_XDP));
            }
            ASSERT_TRUE(encoder.flows(ingress, given));
        }
    ASSERT_TRUE(encoder.finish());
    const auto all = decoder.decode_all(encoder.messages().bytes);
    std::vector<std::uint32_t> domains;

    for (std::size_t i = 0; i < all.size(); i++) {
        EXPECT_EQ(all[i].domain, encoder.messages().list[i].domain);
        domains.push_back(all[i].domain);
    }
    EXPECT_EQ(domains, (std::vector<std::uint32_t>{9, 9, 10, 10, ~0u, ~0u, 9, 10, ~0u}));
}

/// A template that is sent again is the same one (RFC 7011 section 8.4).
TEST(Encoder, TemplatesAgain)
{
    Encoder encoder = std::move(*Encoder::make(464));
    Decoder decoder;

    for (int copy = 0; copy < 3; copy++) {
        ASSERT_TRUE(encoder.begin(9, 1));
        ASSERT_TRUE(encoder.flow_templates(FL_HOOK_TC_INGRESS));
    }
    const auto all = decoder.decode_all(encoder.messages().bytes);

    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[1].templates, all[0].templates);
    EXPECT_EQ(all[2].templates, all[0].templates);
    EXPECT_EQ(all[0].templates.size(), 3u);
}

/// RFC 7011 section 6.1.6: strings are UTF-8, also if the name of an interface is not.
TEST(Encoder, NamesAreText)
{
    Encoder encoder = std::move(*Encoder::make(464));
    Decoder decoder;

    ASSERT_TRUE(encoder.begin(9, 1));
    ASSERT_TRUE(encoder.flow_templates(FL_HOOK_XDP));
    ASSERT_TRUE(encoder.interface_name({.interface = "a\xFF\xC3\xA4", .ifindex = 1}));
    ASSERT_TRUE(encoder.interface_name({.interface = "", .ifindex = 2}));
    ASSERT_TRUE(encoder.finish());
    const auto all = decoder.decode_all(encoder.messages().bytes);

    EXPECT_EQ(all.at(1).records.at(0).values.at(1), "a\xEF\xBF\xBD\xC3\xA4");
    EXPECT_EQ(all.at(1).records.at(1).values.at(1), "");
}

/// The options record about POINT, in a message of at most LARGEST bytes.
DecodedRecord named(const ObservationPoint& point, std::size_t largest)
{
    Encoder encoder = std::move(*Encoder::make(largest));
    Decoder decoder;

    EXPECT_TRUE(encoder.begin(9, 1));
    EXPECT_TRUE(encoder.flow_templates(point.hook));
    EXPECT_TRUE(encoder.interface_name(point)) << largest;
    EXPECT_TRUE(encoder.finish());
    const auto all = decoder.decode_all(encoder.messages().bytes);

    EXPECT_LE(all.back().length, largest);
    return all.back().records.at(0);
}

/// IPFIX has no element for a network namespace: interfaceDescription names it, for both directions.
TEST(Encoder, NetworkNamespaces)
{
    ObservationPoint point{.interface = "eth0", .ifindex = 7, .hook = FL_HOOK_XDP, .netns_inode = 4026531840};

    EXPECT_EQ(named(point, 464).values, (std::vector<std::string>{{0, 0, 0, 7}, "eth0", "netns 4026531840"}));
    point.netns_name = "bl\xFFue";
    point.hook = FL_HOOK_TC_EGRESS;
    EXPECT_EQ(named(point, 464).values.at(2), "netns 4026531840 (bl\xEF\xBF\xBDue)");
}

/// Names that are longer than a message are truncated between two characters; the number of the namespace always stays.
TEST(Encoder, LongNames)
{
    const std::string number = "netns 4026531840";
    ObservationPoint point{.interface = std::string(15, '\xFF'),
                           .ifindex = 7,
                           .netns_inode = 4026531840,
                           .netns_name = std::string(255, 'x')};

    EXPECT_EQ(named(point, 464).values.at(2), number + " (" + std::string(254 - number.size() - 2, 'x'));
    EXPECT_EQ(named(point, min_message).values.at(1).size(), 45u);
    EXPECT_EQ(named(point, min_message).values.at(2), number + " (xxxxxx");
    for (const std::size_t before : {0u, 1u}) {
        point.netns_name = std::string(before, 'x');
        for (int i = 0; i < 100; i++)
            point.netns_name += "\u00E4";
        EXPECT_EQ(named(point, min_message).values[2], number + " (" + point.netns_name.substr(0, before == 0 ? 6 : 5));
    }
}

} // namespace
} // namespace flowlabel::test
