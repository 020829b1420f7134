// SPDX-License-Identifier: BSD-2-Clause
#include "base/printable.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace flowlabel {

using namespace std::string_view_literals;

TEST(Printable, WhatPeopleWriteStays)
{
    for (const std::string_view text :
         {""sv, "eth0"sv, "v0: a 'name' \\ with \"quotes\""sv, "Gr\u00fc\u00dfe, \u4e16\u754c \U0001F600 \u2026"sv})
        EXPECT_EQ(printable(text), text);
}

TEST(Printable, NothingGivesATerminalOrders)
{
    EXPECT_EQ(printable("e\x1b[31mX\x1b[2J"), "e\\x1b[31mX\\x1b[2J");
    EXPECT_EQ(printable("a\rb\bc\x7f\0d"sv), "a\\x0db\\x08c\\x7f\\x00d");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "\\xc2\\x9b31m"); // CSI as one C1 control character
}

TEST(Printable, NothingBeginsALine)
{
    EXPECT_EQ(printable("x\nflowlabel: error: forged"), "x\\x0aflowlabel: error: forged");
    EXPECT_EQ(printable("a\vb\fc"), "a\\x0bb\\x0cc");
    EXPECT_EQ(printable("a\u2028b\u2029c\u0085"), "a\\xe2\\x80\\xa8b\\xe2\\x80\\xa9c\\xc2\\x85");
}

TEST(Printable, NothingTurnsTheDirection)
{
    EXPECT_EQ(printable("\u202etxt\u2066\u200f\u061c"), "\\xe2\\x80\\xaetxt\\xe2\\x81\\xa6\\xe2\\x80\\x8f\\xd8\\x9c");
    EXPECT_EQ(printable("\U000E0041\ufeff"), "\\xf3\\xa0\\x81\\x81\\xef\\xbb\\xbf");
}

TEST(Printable, WhatIsNoUtf8IsShownByteByByte)
{
    EXPECT_EQ(printable("a\xff\xfe z"), "a\\xff\\xfe z");
    EXPECT_EQ(printable("\xc0\x8a"), "\\xc0\\x8a");                   // a newline, overlong in two bytes
    EXPECT_EQ(printable("\xe0\x80\x8a"), "\\xe0\\x80\\x8a");          // overlong in three bytes
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");          // half a surrogate pair
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); // after the last code point
    EXPECT_EQ(printable("x\xe4\xb8"), "x\\xe4\\xb8");                 // truncated
    EXPECT_EQ(printable("\xe4\xb8\n"), "\\xe4\\xb8\\x0a");            // truncated, and a newline follows
}

TEST(Printable, WhatIsKept)
{
    EXPECT_EQ(printable("one\n\ttwo\x1b\n", "\n\t"), "one\n\ttwo\\x1b\n");
    EXPECT_EQ(printable("\xc2\x9b", "\n\t"), "\\xc2\\x9b");
}

} // namespace flowlabel
