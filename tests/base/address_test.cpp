// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "flowlabel/address.hpp"
#include "packet.hpp"

namespace flowlabel {
namespace {

struct Text {
    const char* written;
    const char* canonical;
};

void PrintTo(const Text& text, std::ostream* out)
{
    *out << text.written;
}

class AddressText : public testing::TestWithParam<Text> {};

TEST_P(AddressText, IsRfc5952)
{
    EXPECT_EQ(Address{test::Ip(GetParam().written).octets}.text(), GetParam().canonical);
}

INSTANTIATE_TEST_SUITE_P(Section4_1LeadingZeros, AddressText,
                         testing::Values(Text{"2001:0db8::0001", "2001:db8::1"},
                                         Text{"2001:db8:0000:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}));
INSTANTIATE_TEST_SUITE_P(Section4_2DoubleColon, AddressText,
                         testing::Values(Text{"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"}, // shorten as much as possible
                                         Text{"2001:db8:0:0:0:0:0:1", "2001:db8::1"},
                                         Text{"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, // not for a single field
                                         Text{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},       // the longest run of zeros
                                         Text{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"}, // the first of equal runs
                                         Text{"0:0:0:0:0:0:0:0", "::"}, Text{"0:0:0:0:0:0:0:1", "::1"},
                                         Text{"1:0:0:0:0:0:0:0", "1::"}));
INSTANTIATE_TEST_SUITE_P(Section4_3LowerCase, AddressText,
                         testing::Values(Text{"2001:DB8:ABCD:EF12:AaBb:CcDd:EeFf:1",
                                              "2001:db8:abcd:ef12:aabb:ccdd:eeff:1"}));
INSTANTIATE_TEST_SUITE_P(Section5EmbeddedIpv4, AddressText,
                         testing::Values(Text{"0:0:0:0:0:ffff:c000:0201", "::ffff:192.0.2.1"},
                                         Text{"64:ff9b::c000:201", "64:ff9b::c000:201"}));

Address address(const char* text)
{
    return {test::Ip(text).octets};
}

TEST(AddressOrder, IsTheOrderOfTheNumbers)
{
    EXPECT_LT(address("2001:db8::1"), address("2001:db8::2"));
    EXPECT_LT(address("2001:db8::ff"), address("2001:db8::100"));
    EXPECT_LT(address("7fff::"), address("8000::"));
}

TEST(Prefix, WithoutLengthIsOneAddress)
{
    const auto prefix = parse_prefix("2001:db8::1");

    ASSERT_TRUE(prefix);
    EXPECT_EQ(prefix->length, 128u);
    EXPECT_TRUE(prefix->contains(address("2001:db8::1")));
    EXPECT_FALSE(prefix->contains(address("2001:db8::2")));
}

TEST(Prefix, BitsBehindItsLengthAreDropped)
{
    const auto prefix = parse_prefix("2001:db8:ffff::1/33");

    ASSERT_TRUE(prefix);
    EXPECT_EQ(prefix->address.text(), "2001:db8:8000::");
}

TEST(Prefix, ContainsByItsBitsAlone)
{
    for (unsigned length = 0; length <= 128; length++) {
        const auto prefix = parse_prefix("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/" + std::to_string(length));
        Address other = address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");

        ASSERT_TRUE(prefix) << length;
        EXPECT_TRUE(prefix->contains(other)) << length;
        if (length < 128) {
            other.octets[length / 8] ^= static_cast<std::uint8_t>(0x80 >> length % 8);
            EXPECT_TRUE(prefix->contains(other)) << length << ": the first bit after the prefix does not count";
        }
        if (length > 0) {
            other.octets[(length - 1) / 8] ^= static_cast<std::uint8_t>(0x80 >> (length - 1) % 8);
            EXPECT_FALSE(prefix->contains(other)) << length << ": the last bit of the prefix counts";
        }
    }
}

TEST(Prefix, NonsenseIsWrongUsage)
{
    for (const char* text :
         {"", "/", "/64", "2001:db8::/", "2001:db8::/129", "2001:db8::/-1", "2001:db8::/+1", "2001:db8::/ 1",
          "2001:db8::/64/64", "2001:db8::/0x20", "2001:db8::/4294967360", "2001:db8", "192.0.2.1", "192.0.2.0/24",
          "2001:db8:::/32", "2001:db8::1%eth0", "fred", " 2001:db8::", "2001:db8:: "}) {
        const auto prefix = parse_prefix(text);

        ASSERT_FALSE(prefix) << "'" << text << "'";
        EXPECT_EQ(prefix.error().kind, Failure::usage) << text;
        EXPECT_FALSE(prefix.error().hint.empty()) << text;
    }
}

TEST(LabelText, IsDecimalOrHexadecimal)
{
    EXPECT_EQ(parse_label("0"), 0u);
    EXPECT_EQ(parse_label("74565"), 74565u);
    EXPECT_EQ(parse_label("0x12345"), 0x12345u);
    EXPECT_EQ(parse_label("0X0abCD"), 0xABCDu);
    EXPECT_EQ(parse_label("1048575"), 0xFFFFFu);
    EXPECT_EQ(parse_label("0xfffff"), 0xFFFFFu);
    EXPECT_EQ(parse_label("010"), 10u) << "a leading 0 does not mean octal";
}

// R6437-2-1: the field has 20 bits.
TEST(LabelText, BeyondTwentyBitsAndNonsenseAreWrongUsage)
{
    for (const char* text : {"", "0x", "0x100000", "1048576", "0x1FFFFF", "4294967296", "18446744073709551616", "-1",
                             "+1", "0x-1", "0x+1", " 1", "1 ", "12a", "0xg", "1.0", "zero", "x12"}) {
        const auto label = parse_label(text);

        ASSERT_FALSE(label) << "'" << text << "'";
        EXPECT_EQ(label.error().kind, Failure::usage) << text;
    }
}

} // namespace
} // namespace flowlabel
