// SPDX-License-Identifier: BSD-2-Clause
// The pages of docs/ that list the columns of a flow have exactly those of flow/columns.hpp.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>

#include "flow/columns.hpp"
#include "sinks/clickhouse/block.hpp"

namespace flowlabel {
namespace {

std::string page(const std::string& name)
{
    std::ifstream file(FLOWLABEL_SOURCE_DIR "/docs/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The name of ELEMENT, and the one at egress if it has another.
std::string words_of(const IpfixElement& element)
{
    if (!element.name)
        return "";
    return element.egress ? fmt::format("`{}`, `{}`", element.name, element.egress) : fmt::format("`{}`", element.name);
}

TEST(ColumnsInDocs, CollectingPageHasEachColumnOfARecord)
{
    std::string table = "| name | unit | IPFIX | |\n|---|---|---|---|\n";
    const auto append = [&](const auto& column) {
        table +=
            fmt::format("| `{}` | {} | {} | {} |\n", column.name, column.unit, words_of(column.ipfix), column.meaning);
    };

    each_column_of<Flow>(append);
    each_column_of<FlowRecord>(append);
    each_column_of<ObservationPoint>(append);
    EXPECT_NE(page("collecting.md").find("\n\n" + table + "\n"), std::string::npos)
        << "docs/collecting.md should have this table:\n"
        << table;
}

TEST(ColumnsInDocs, CollectingPageHasTheNumberOfEachElement)
{
    const std::string text = page("collecting.md");

    each_column([&](const auto& column) {
        for (const char* element : {column.ipfix.name, column.ipfix.egress}) {
            if (element)
                EXPECT_TRUE(std::regex_search(text, std::regex(fmt::format("\n\\| `{}` \\| [0-9]+ \\|", element))))
                    << element;
        }
    });
}

TEST(ColumnsInDocs, FleetPageHasEachColumnOfTheTable)
{
    std::string table = "| column | type | |\n|---|---|---|\n";

    for (const auto& [name, type, meaning] : block_columns())
        table += fmt::format("| `{}` | `{}` | {} |\n", name, type, meaning);
    EXPECT_NE(page("fleet.md").find("\n\n" + table + "\n"), std::string::npos)
        << "docs/fleet.md should have this table:\n"
        << table;
}

TEST(ColumnsInDocs, ManPageNamesEachColumn)
{
    const std::string text = page("man/flowlabel.8");

    each_column([&](const auto& column) {
        EXPECT_TRUE(std::regex_search(text, std::regex(fmt::format(R"(\n\.BR? [^\n]*\b{}\b)", column.name))))
            << "docs/man/flowlabel.8 does not name " << column.name;
    });
}

} // namespace
} // namespace flowlabel
