// SPDX-License-Identifier: BSD-2-Clause
// LNX-19: labels in patterns that an observer must recognise.
#include <gtest/gtest.h>

#include <set>

#include "host/exercise/labels.hpp"

namespace flowlabel {
namespace {

TEST(ExerciseLabels, OneComesBehindTheLargest)
{
    EXPECT_EQ(label_after(1, 0), 1u);
    EXPECT_EQ(label_after(0xFFFFE, 1), 0xFFFFFu);
    EXPECT_EQ(label_after(0xFFFFF, 1), 1u);
    EXPECT_EQ(label_after(5, 0xFFFFF), 5u);
    EXPECT_EQ(label_after(5, 0xFFFFFull * 1000 + 2), 7u);
}

TEST(ExerciseLabels, ConstantOnesDifferByChangeAlone)
{
    LabelSource source({.pattern = LabelPattern::constant, .first = 255});

    for (std::uint64_t flow = 0; flow < 10; flow++)
        EXPECT_EQ(source.of_flow(flow, 10, 0), 255u);
    EXPECT_EQ(source.of_flow(3, 10, 2), 257u);
}

TEST(ExerciseLabels, SequentialOnesAreEachUsedOnce)
{
    LabelSource source({.pattern = LabelPattern::sequential, .first = 0xFFFF0});
    std::uint32_t expected = 0xFFFF0;

    for (std::uint64_t change = 0; change < 3; change++)
        for (std::uint64_t flow = 0; flow < 10; flow++) {
            EXPECT_EQ(source.of_flow(flow, 10, change), expected);
            expected = expected == 0xFFFFF ? 1 : expected + 1;
        }
}

TEST(ExerciseLabels, EncodedOnesKeepFifteenBits)
{
    LabelSource source({.pattern = LabelPattern::encoded, .first = 0x4ABFF});
    std::set<std::uint32_t> labels;

    for (std::uint64_t flow = 0; flow < 2000; flow++) {
        const std::uint32_t label = source.of_flow(flow, 2000, 0);

        EXPECT_EQ(label >> 5, 0x4ABFFu >> 5);
        labels.insert(label);
    }
    EXPECT_EQ(labels.size(), 32u) << "all values of the other five bits";
    LabelSource code_zero({.pattern = LabelPattern::encoded, .first = 1});

    for (std::uint64_t flow = 0; flow < 1000; flow++)
        EXPECT_NE(code_zero.of_flow(flow, 1000, 0), 0u) << "0 is no label";
}

TEST(ExerciseLabels, RandomOnesFillTheRange)
{
    LabelSource source({.pattern = LabelPattern::per_packet});
    std::uint32_t ones = 0;
    std::uint32_t zeros = 0;

    for (std::uint64_t packet = 0; packet < 1000; packet++) {
        const std::uint32_t label = source.of_packet(packet);

        EXPECT_GE(label, 1u);
        EXPECT_LE(label, 0xFFFFFu);
        ones |= label;
        zeros |= ~label;
    }
    EXPECT_EQ(ones & 0xFFFFF, 0xFFFFFu);
    EXPECT_EQ(zeros & 0xFFFFF, 0xFFFFFu);
}

TEST(ExerciseLabels, OfAMessageSpellIt)
{
    LabelSource source({.pattern = LabelPattern::message, .text = "cat"});
    std::string text;

    for (std::uint64_t packet = 0; packet < 30; packet++) {
        const std::uint32_t label = source.of_packet(packet);

        EXPECT_EQ(label >> 16, packet % 15 + 1) << "the upper bits are the position in the message";
        text += static_cast<char>(label >> 8 & 0xFF);
        text += static_cast<char>(label & 0xFF);
    }
    EXPECT_EQ(text.substr(0, 12), "catcatcatcat");
}

TEST(ExerciseLabels, OtherPatternsAskForNone)
{
    for (const LabelPattern pattern : {LabelPattern::automatic, LabelPattern::none, LabelPattern::random})
        EXPECT_EQ(LabelSource({.pattern = pattern}).of_flow(3, 4, 5), 0u);
}

} // namespace
} // namespace flowlabel
