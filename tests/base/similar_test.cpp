// SPDX-License-Identifier: BSD-2-Clause
#include "base/similar.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace flowlabel::test {
namespace {

const std::vector<std::string> words = {"attach", "detach",  "status",     "flows",
                                        "--json", "--jsonl", "tc-ingress", "xdp"};

TEST(Similar, OneErrorInThreeLetters)
{
    EXPECT_EQ(most_similar("atach", words), "attach") << "a letter is missing";
    EXPECT_EQ(most_similar("attachh", words), "attach") << "one letter too many";
    EXPECT_EQ(most_similar("flaws", words), "flows") << "a wrong letter";
    EXPECT_EQ(most_similar("sttaus", words), "status") << "two letters swapped";
    EXPECT_EQ(most_similar("xpd", words), "xdp");
    EXPECT_EQ(most_similar("tc_ingress", words), "tc-ingress");
    EXPECT_EQ(most_similar("--jsno", words), "--json");
    EXPECT_EQ(most_similar("-json", words), "--json") << "dashes do not count";
}

TEST(Similar, NothingWhereNothingIsNear)
{
    for (const char* text : {"", "-", "--", "x", "-x", "bench", "replace", "no-such-word"})
        EXPECT_EQ(most_similar(text, words), std::nullopt) << text;
    EXPECT_EQ(most_similar(std::string(1 << 20, 'a'), words), std::nullopt);
    EXPECT_EQ(most_similar("attach", {}), std::nullopt);
}

} // namespace
} // namespace flowlabel::test
