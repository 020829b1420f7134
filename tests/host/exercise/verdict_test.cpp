// SPDX-License-Identifier: BSD-2-Clause
// What a client reports about the path.
#include <gtest/gtest.h>

#include "host/exercise/verdict.hpp"

namespace flowlabel {
namespace {

/// A report of one flow with MESSAGES messages that have LABELS.
ClientReport report_of(LabelTriple labels, std::uint64_t messages)
{
    ClientReport report{.transport = Transport::udp};

    report.flows.push_back({.labels = {{labels, messages}}, .sent = messages, .received = labels.seen ? messages : 0});
    return report;
}

void expect_warning(const ClientReport& report, std::initializer_list<const char*> words)
{
    const auto warnings = warnings_of(report);

    ASSERT_EQ(warnings.size(), 1u);
    for (const char* word : words)
        EXPECT_NE(warnings[0].find(word), std::string::npos) << word << " in " << warnings[0];
}

TEST(ExerciseVerdict, LabelsThatArriveAreNoNews)
{
    EXPECT_TRUE(warnings_of(report_of({7, 7, 0}, 3)).empty());
    EXPECT_TRUE(warnings_of(report_of({0, 0, 0}, 3)).empty()) << "no label was requested, and none arrived";
    EXPECT_TRUE(warnings_of(report_of({{}, 9, 0}, 3)).empty()) << "the kernel chose the label";
    EXPECT_TRUE(warnings_of(report_of({7, {}, {}}, 3)).empty()) << "the messages were lost";
}

TEST(ExerciseVerdict, ChangedLabelsAre)
{
    expect_warning(report_of({7, 9, 0}, 3), {"3 messages", "0x00009 instead of 0x00007", "a device on the path"});
    expect_warning(report_of({7, 0, 0}, 3), {"0x00000 instead of 0x00007"});
}

/// The warning blames the kernel or the path by the setting, if it can be read.
TEST(ExerciseVerdict, TheKernelOrTheWayIsToBlame)
{
    ClientReport bare = report_of({{}, 0, 0}, 3);
    ClientReport labelled = report_of({0, 9, 0}, 3);

    expect_warning(bare, {"without a label", "of this host cannot be read"});
    expect_warning(labelled, {"0x00009", "of this host cannot be read"});
    bare.auto_flowlabels = 0;
    expect_warning(bare, {"net.ipv6.auto_flowlabels is 0 on this host, so its kernel sent no labels"});
    for (const std::int64_t setting : {1, 2, 3}) { // with 2 the client's sockets opt in
        bare.auto_flowlabels = setting;
        expect_warning(bare, {"so its kernel sent labels", "clears them"});
    }
    labelled.auto_flowlabels = 3;
    expect_warning(labelled, {"net.ipv6.auto_flowlabels is 3 on this host, so its kernel labels"});
    labelled.auto_flowlabels = 1;
    expect_warning(labelled, {"net.ipv6.auto_flowlabels is 1 on this host", "a device on the path set the labels"});
}

TEST(ExerciseVerdict, TroubleIsToldOnce)
{
    ClientReport report = report_of({7, 7, 0}, 3);

    report.flows.push_back(report.flows[0]);
    for (FlowReport& flow : report.flows)
        flow.warning = "the connection broke";
    expect_warning(report, {"the connection broke"});
}

TEST(ExerciseVerdict, NoAnswerAtAllIsFailure)
{
    EXPECT_FALSE(failure_of(report_of({7, 7, 0}, 3)));
    EXPECT_FALSE(failure_of(report_of({7, {}, {}}, 0))) << "stopped before anything was sent";
    ClientReport report = report_of({7, {}, {}}, 3);

    ASSERT_TRUE(failure_of(report));
    EXPECT_NE(failure_of(report)->hint.find("server --udp"), std::string::npos);
    report.flows[0].warning = "nobody listens";
    EXPECT_EQ(failure_of(report)->what, "nobody listens");
    report.flows.push_back({.sent = 1, .received = 1});
    EXPECT_FALSE(failure_of(report)) << "there was an answer";
}

TEST(ExerciseVerdict, AnErrorThatEndsItEarlyIsFailureWhateverCameBack)
{
    ClientReport report = report_of({7, 7, 0}, 3);

    report.failure = {.what = "cannot renew label 0x00007", .hint = "lease it first"};
    EXPECT_EQ(failure_of(report)->what, "cannot renew label 0x00007");
}

TEST(ExerciseVerdict, TotalsAddUp)
{
    ClientReport report = report_of({7, 7, 0}, 3);

    report.flows.push_back({.labels = {{{7, 7, 0}, 1}, {{7, {}, {}}, 2}}, .sent = 3, .received = 1, .late = 1});
    const ClientTotals totals = totals_of(report);

    EXPECT_EQ(totals.sent, 6u);
    EXPECT_EQ(totals.received, 4u);
    EXPECT_EQ(totals.lost, 2u);
    EXPECT_EQ(totals.late, 1u);
    EXPECT_EQ(totals.labels, (LabelCounts{{{7, 7, 0}, 4}, {{7, {}, {}}, 2}}));
}

} // namespace
} // namespace flowlabel
