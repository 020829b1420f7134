// SPDX-License-Identifier: BSD-2-Clause
// docs/counters.md is made of the one list of counters.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "flowlabel/counters.hpp"

namespace flowlabel {
namespace {

TEST(Docs, CountersPageHasEachCounterWithItsWords)
{
    std::ifstream file(FLOWLABEL_SOURCE_DIR "/docs/counters.md");
    const std::string page(std::istreambuf_iterator<char>(file), {});
    std::string table;

    Counters{}.each([&](const char* name, std::uint64_t, const char* text) {
        table += fmt::format("| `{}` | {} |\n", name, text);
    });
    EXPECT_TRUE(page.ends_with(table)) << "the table at the end of docs/counters.md should be\n" << table;
}

} // namespace
} // namespace flowlabel
