// SPDX-License-Identifier: BSD-2-Clause
/// What a user may ask of a watch.
#include "watch/watch_query.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace flowlabel::test {
namespace {

TEST(WatchQuery, Groupings)
{
    EXPECT_EQ(parse_watch_grouping("connection")->by, WatchGrouping::By::connection);
    EXPECT_EQ(parse_watch_grouping("class")->by, WatchGrouping::By::change_class);
    EXPECT_EQ(parse_watch_grouping("src")->by, WatchGrouping::By::source);
    EXPECT_EQ(parse_watch_grouping("src")->prefix_length, 128u);
    EXPECT_EQ(parse_watch_grouping("src/64")->prefix_length, 64u);
    EXPECT_EQ(parse_watch_grouping("src/0")->prefix_length, 0u);
    for (const char* const wrong : {"", "dst", "src/", "src/129", "src/x", "src/-1", "classes"})
        EXPECT_FALSE(parse_watch_grouping(wrong)) << wrong;
}

TEST(WatchQuery, FailOnTakesLevelsAndClasses)
{
    const FailOn all = *parse_fail_on("error,notice,rst-only");

    EXPECT_TRUE(all.includes(FL_CHANGE_zeroed));
    EXPECT_TRUE(all.includes(receiver_rehash));
    EXPECT_TRUE(all.includes(FL_CHANGE_rst_only));
    EXPECT_FALSE(all.includes(FL_CHANGE_synack_zero));
    EXPECT_FALSE(all.includes(FL_CHANGE_ack_change));
    for (const char* const wrong : {"", "err", "error,", "zeroed,zero"})
        EXPECT_FALSE(parse_fail_on(wrong)) << wrong;
    EXPECT_EQ(parse_fail_on("zeroes").error().hint, "did you mean 'zeroed'?");
}

TEST(WatchQuery, WhatFailsIsNamed)
{
    WatchReport report;

    report.classes[FL_CHANGE_rto_rehash] = {.connections = 1, .changes = 2};
    EXPECT_TRUE(check_watch(report, {}));
    EXPECT_TRUE(check_watch(report, {.level = Level::warning}));
    const auto failed = check_watch(report, {.level = Level::notice});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, Failure::violations);
    EXPECT_NE(failed.error().what.find("rto-rehash 1"), std::string::npos) << failed.error().what;
}

TEST(WatchQuery, EachClassHasItsText)
{
    std::set<std::string> names;

    for (ChangeClass change_class = 0; change_class < change_classes; change_class++) {
        const ClassText& text = text_of(change_class);

        EXPECT_TRUE(names.insert(text.name).second) << text.name;
        EXPECT_EQ(class_named(text.name), change_class);
        for (const std::string sentence : {text.meaning, text.advice})
            EXPECT_TRUE(sentence.ends_with('.')) << sentence;
    }
}

} // namespace
} // namespace flowlabel::test
