// SPDX-License-Identifier: BSD-2-Clause
// Each value of an enumeration with a word table has a word, and no word belongs to two values.
#include "base/words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "flow/record.hpp"
#include "host/exercise/report.hpp"
#include "host/report/host_report.hpp"
#include "replay/replay.hpp"

namespace flowlabel {
namespace {

/// __PRETTY_FUNCTION__ has the name of an enumerator, and "(type)number" for any other number.
template <auto value> consteval bool is_enumerator()
{
    return std::string_view(__PRETTY_FUNCTION__).find("value = (") == std::string_view::npos;
}

template <class Enum, unsigned... numbers> std::set<Enum> enumerators(std::integer_sequence<unsigned, numbers...>)
{
    constexpr std::array named = {
        is_enumerator<std::bit_cast<Enum>(static_cast<std::underlying_type_t<Enum>>(numbers))>()...};
    std::set<Enum> all;

    for (unsigned number = 0; number < named.size(); number++)
        if (named[number])
            all.insert(static_cast<Enum>(number));
    return all;
}

template <class Enum> class WordsTest : public testing::Test {};

using Enums = testing::Types<fl_hook, fl_stamp_mode, fl_prf, fl_mode, XdpMode, TcLink, SortBy, LabelShare, EndReason,
                             Transport, HostProfile, EngineKind>;
TYPED_TEST_SUITE(WordsTest, Enums);

TYPED_TEST(WordsTest, EachValueHasAWord)
{
    std::set<TypeParam> with_word;

    for (const auto& [value, word] : word_table<TypeParam>)
        with_word.insert(value);
    EXPECT_EQ(with_word, enumerators<TypeParam>(std::make_integer_sequence<unsigned, 256>()));
}

TYPED_TEST(WordsTest, EachWordIsParsedAsItsValue)
{
    std::set<std::string> words;

    for (const auto& [value, word] : word_table<TypeParam>) {
        EXPECT_EQ(parse_word<TypeParam>(word), value) << word;
        EXPECT_EQ(parse_word<TypeParam>(name_of(value)), value) << word;
        words.insert(word);
    }
    EXPECT_EQ(words.size(), std::size(word_table<TypeParam>));
    EXPECT_EQ(parse_word<TypeParam>(""), std::nullopt);
    EXPECT_EQ(parse_word<TypeParam>("unknown"), std::nullopt);
}

TEST(Words, ANumberWithoutAWordIsUnknown)
{
    EXPECT_STREQ(name_of(static_cast<LabelShare>(9)), "unknown");
}

TEST(Words, TheFirstWordIsPrinted)
{
    EXPECT_STREQ(name_of(SortBy::octets), "bytes");
    EXPECT_EQ(parse_word<SortBy>("octets"), SortBy::octets);
}

} // namespace
} // namespace flowlabel
