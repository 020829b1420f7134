// SPDX-License-Identifier: BSD-2-Clause
/// Connections of several places, joined, by class and by source.
#include "watch/watch_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "watch/new_findings.hpp"
#include "watch/watch_output.hpp"

namespace flowlabel::test {
namespace {

constexpr std::uint64_t start = 1'000'000'000'000'000'000; // ns
constexpr std::uint64_t ms = 1'000'000;

Address address(std::uint8_t last)
{
    Address made;

    made.octets = {0x20, 0x01, 0x0d, 0xb8};
    made.octets[15] = last;
    return made;
}

/// From port 50000 of host SRC to port 443 of host DST.
Connection connection(std::uint8_t src, std::uint8_t dst, std::uint64_t packets = 10)
{
    Connection made;

    made.src = address(src);
    made.dst = address(dst);
    made.packets = packets;
    made.protocol = 6;
    made.has_ports = true;
    made.sport = 50000;
    made.dport = 443;
    made.labels = 1;
    return made;
}

Connection reversed(Connection connection)
{
    std::swap(connection.src, connection.dst);
    std::swap(connection.sport, connection.dport);
    return connection;
}

/// CONNECTION with changes of CHANGE, all at TIME ms.
Connection with(Connection connection, fl_change change, std::uint64_t count = 1, std::uint64_t time = 0)
{
    connection.changes[change] = count;
    connection.first_change = connection.last_change = start + time * ms;
    connection.from = 0x12345;
    return connection;
}

WatchReport report_of(std::vector<Connections> places, Level level = Level::info, WatchGrouping grouping = {})
{
    return make_watch_report(places, grouping, level);
}

TEST(WatchReport, CountsConnectionsWithPorts)
{
    Connection fragments = with(connection(1, 2), FL_CHANGE_frag_label);
    Connection reused = connection(3, 4, 7);

    fragments.has_ports = false;
    reused.reused = 2;
    const WatchReport report = report_of({{fragments, reused}});

    EXPECT_EQ(report.connections, 3u);
    EXPECT_EQ(report.packets, 7u);
    EXPECT_EQ(report.classes[FL_CHANGE_frag_label].connections, 1u);
}

TEST(WatchReport, AConnectionCountsOnceInEachClassThatItHas)
{
    Connection both = with(connection(1, 2), FL_CHANGE_zeroed, 3);

    both.changes[FL_CHANGE_labelled_late] = 2;
    const WatchReport report = report_of({{both, with(connection(3, 2), FL_CHANGE_zeroed), connection(4, 2)}});

    EXPECT_EQ(report.classes[FL_CHANGE_zeroed].connections, 2u);
    EXPECT_EQ(report.classes[FL_CHANGE_zeroed].changes, 4u);
    EXPECT_EQ(report.classes[FL_CHANGE_labelled_late].connections, 1u);
    EXPECT_EQ(report.classes[FL_CHANGE_labelled_late].changes, 2u);
    EXPECT_EQ(report.findings.size(), 3u);
}

TEST(WatchReport, TheWorstComesFirst)
{
    const WatchReport report =
        report_of({{with(connection(1, 2), FL_CHANGE_rst_only, 9), with(connection(2, 3), FL_CHANGE_rto_rehash),
                    with(connection(3, 4), FL_CHANGE_zeroed), with(connection(4, 5), FL_CHANGE_syn_then_zero, 2)}});
    std::vector<ChangeClass> classes;

    for (const LabelFinding& finding : report.findings)
        classes.push_back(finding.change_class);
    EXPECT_EQ(classes, (std::vector<ChangeClass>{FL_CHANGE_syn_then_zero, FL_CHANGE_zeroed, FL_CHANGE_rto_rehash,
                                                 FL_CHANGE_rst_only}));
}

TEST(WatchReport, TheLevelSelectsFindingsAndNotClasses)
{
    const Connections place{with(connection(1, 2), FL_CHANGE_rst_only), with(connection(2, 3), FL_CHANGE_zeroed)};

    EXPECT_EQ(report_of({place}, Level::notice).findings.size(), 1u);
    EXPECT_EQ(report_of({place}, Level::notice).classes[FL_CHANGE_rst_only].connections, 1u);
    EXPECT_EQ(report_of({place}, Level::info).findings.size(), 2u);
}

TEST(WatchReport, WhatTwoPlacesSawCountsOnce)
{
    const WatchReport report = report_of({{with(connection(1, 2, 9), FL_CHANGE_zeroed), connection(5, 6)},
                                          {with(connection(1, 2, 8), FL_CHANGE_zeroed), connection(7, 8)}});

    EXPECT_EQ(report.connections, 3u);
    EXPECT_EQ(report.packets, 29u);
    EXPECT_EQ(report.classes[FL_CHANGE_zeroed].connections, 1u);
    ASSERT_EQ(report.findings.size(), 1u);
    EXPECT_EQ(report.findings.front().packets, 9u);
}

struct Answer {
    const char* name;
    std::uint64_t acks;
    std::uint64_t ack_time;
    fl_change cause;
    std::uint64_t causes;
    std::uint64_t cause_time;
    std::uint64_t receiver; ///< how many are receiver-rehash
};

void PrintTo(const Answer& answer, std::ostream* out)
{
    *out << answer.name;
}

class Answers : public testing::TestWithParam<Answer> {};

INSTANTIATE_TEST_SUITE_P(Watch, Answers,
                         testing::Values(Answer{"at_once", 1, 1000, FL_CHANGE_rto_rehash, 1, 1000, 1},
                                         Answer{"within_a_round_trip", 1, 1500, FL_CHANGE_rto_rehash, 1, 1000, 1},
                                         Answer{"later", 1, 1511, FL_CHANGE_rto_rehash, 1, 1000, 0},
                                         Answer{"before", 1, 989, FL_CHANGE_rto_rehash, 1, 1000, 0},
                                         Answer{"to_a_syn", 2, 1000, FL_CHANGE_syn_rehash, 3, 1000, 2},
                                         Answer{"more_than_causes", 5, 1000, FL_CHANGE_rto_rehash, 2, 1000, 2},
                                         Answer{"without_a_cause", 1, 1000, FL_CHANGE_changed, 1, 1000, 0}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(Answers, OfAReceiver)
{
    const Answer& answer = GetParam();
    const Connection sender = with(connection(1, 2), answer.cause, answer.causes, answer.cause_time);
    const Connection receiver = with(reversed(connection(1, 2)), FL_CHANGE_ack_change, answer.acks, answer.ack_time);

    // One place sees both directions, or each place one.
    for (const std::vector<Connections>& places :
         {std::vector<Connections>{{sender, receiver}}, std::vector<Connections>{{receiver}, {sender}}}) {
        const WatchReport report = report_of(places);

        EXPECT_EQ(report.classes[receiver_rehash].changes, answer.receiver);
        EXPECT_EQ(report.classes[FL_CHANGE_ack_change].changes, answer.acks - answer.receiver);
    }
    EXPECT_EQ(report_of({{receiver}}).classes[FL_CHANGE_ack_change].changes, answer.acks);
}

TEST(WatchReport, BySource)
{
    const WatchReport report =
        report_of({{with(connection(1, 2), FL_CHANGE_syn_then_zero), with(connection(1, 3), FL_CHANGE_syn_then_zero),
                    connection(1, 4), with(connection(9, 2), FL_CHANGE_zeroed)}},
                  Level::warning, {.by = WatchGrouping::By::source});

    ASSERT_EQ(report.findings.size(), 2u);
    const LabelFinding& first = report.findings.front();
    EXPECT_EQ(first.source->text(), "2001:db8::1");
    EXPECT_EQ(first.connections, 2u);
    EXPECT_EQ(first.of, 3u);
    EXPECT_EQ(first.packets, 20u);
    EXPECT_TRUE(
        finding_text(first).starts_with("error syn-then-zero: 2001:db8::1: 2 of 3 connections lose their label "))
        << finding_text(first);
    EXPECT_EQ(report.findings[1].source->text(), "2001:db8::9");
}

TEST(WatchReport, ByPrefixAndByClass)
{
    const Connections place{with(connection(0x11, 2), FL_CHANGE_zeroed), with(connection(0x1F, 3), FL_CHANGE_zeroed),
                            with(connection(0x21, 3), FL_CHANGE_zeroed)};
    const WatchReport prefixes =
        report_of({place}, Level::warning, {.by = WatchGrouping::By::source, .prefix_length = 124});

    ASSERT_EQ(prefixes.findings.size(), 2u);
    EXPECT_EQ(prefixes.findings[0].source->text(), "2001:db8::10/124");
    EXPECT_EQ(prefixes.findings[0].connections, 2u);
    const WatchReport all = report_of({place}, Level::warning, {.by = WatchGrouping::By::source, .prefix_length = 0});
    ASSERT_EQ(all.findings.size(), 1u);
    EXPECT_EQ(all.findings[0].source->text(), "::/0");
    const WatchReport classes = report_of({place}, Level::warning, {.by = WatchGrouping::By::change_class});
    ASSERT_EQ(classes.findings.size(), 1u);
    EXPECT_FALSE(classes.findings[0].source || classes.findings[0].connection);
    EXPECT_EQ(classes.findings[0].connections, 3u);
}

TEST(NewFindings, AreTakenOnceAndWhenTheyGrow)
{
    const auto changes = [](std::uint64_t first, std::uint64_t second) {
        return report_of(
            {{with(connection(1, 2), FL_CHANGE_zeroed, first), with(connection(3, 4), FL_CHANGE_zeroed, second)}});
    };
    const WatchReport early = changes(2, 1);
    const WatchReport little = changes(19, 9);
    const WatchReport grown = changes(19, 10);
    NewFindings known;
    const auto few = known.take(early, 1);

    ASSERT_EQ(few.findings.size(), 1u);
    EXPECT_EQ(few.findings.front()->changes, 2u);
    EXPECT_EQ(few.more, 1u);
    EXPECT_EQ(known.take(early, 5).findings.size(), 1u) << "the one that was left";
    EXPECT_TRUE(known.take(little, 5).findings.empty());
    EXPECT_EQ(known.take(grown, 5).findings.size(), 1u);
}

TEST(WatchReport, SentencesFitTheScreen)
{
    for (ChangeClass change_class = 0; change_class < change_classes; change_class++) {
        Connection one = connection(1, 2);

        one.src.octets.fill(0xff);
        one.dst.octets.fill(0xff);
        LabelFinding finding{.change_class = change_class, .connection = one, .connections = 1, .changes = 1000};
        for (const bool by_connection : {true, false}) {
            if (!by_connection)
                finding.connection.reset();
            const std::string text = finding_text(finding);

            for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
                EXPECT_LE(text.find('\n', at) - at, 80u) << text;
        }
    }
}

} // namespace
} // namespace flowlabel::test
