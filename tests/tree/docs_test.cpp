// SPDX-License-Identifier: BSD-2-Clause
// docs/counters.md and docs/schema/common.json have the counters of FL_COUNTERS, docs/architecture.md names the pins of
// all maps, docs/watch.md has all classes of changes, and docs/requirements.md has the ids that tests cite, and no
// others.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "flowlabel/counters.hpp"
#include "maps/map_list.hpp"
#include "watch/change_class.hpp"

namespace flowlabel {
namespace {

const std::filesystem::path source = FLOWLABEL_SOURCE_DIR;

std::string text_of(const std::filesystem::path& path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Docs, CountersPageHasEachCounterWithItsWords)
{
    const std::string page = text_of(source / "docs/counters.md");
    std::string table;

#define FLOWLABEL_ROW(kind, name, text) table += fmt::format("| `{}` | {} | {} |\n", #name, kind, text);
#define FLOWLABEL_STORED(name, text) FLOWLABEL_ROW("stored", name, text)
#define FLOWLABEL_DERIVED(name, text) FLOWLABEL_ROW("derived", name, text)
#define FLOWLABEL_OUTCOME(name, text) FLOWLABEL_ROW("outcome", name, text)
    FL_COUNTERS(FLOWLABEL_STORED, FLOWLABEL_DERIVED, FLOWLABEL_OUTCOME)
#undef FLOWLABEL_OUTCOME
#undef FLOWLABEL_DERIVED
#undef FLOWLABEL_STORED
#undef FLOWLABEL_ROW
    EXPECT_TRUE(page.ends_with(table)) << "the table at the end of docs/counters.md should be\n" << table;
}

/// {id: a file in tests/ that cites it}
std::map<std::string, std::string> cited_requirements()
{
    const std::regex id(R"(\b((DEC|LNX|CAP|IPFIX|VEC)-[A-Z]?\d+|R\d{4}(-\d+(\.\d+)*)+)\b)");
    const std::set<std::string> languages{".cpp", ".hpp", ".c", ".h", ".py"};
    std::map<std::string, std::string> cited;

    for (const auto& entry : std::filesystem::recursive_directory_iterator(source / "tests")) {
        if (!languages.contains(entry.path().extension()))
            continue;
        const std::string text = text_of(entry.path());

        for (std::sregex_iterator match(text.begin(), text.end(), id), end; match != end; ++match)
            cited.emplace((*match)[1], std::filesystem::relative(entry.path(), source));
    }
    return cited;
}

TEST(Docs, RequirementsPageHasTheIdsThatTestsCite)
{
    const std::string page = text_of(source / "docs/requirements.md");
    const std::regex row(R"(^\| ([A-Z]+[0-9]*-[^ ]+) \|)", std::regex::multiline);
    const auto cited = cited_requirements();
    std::set<std::string> explained;

    for (std::sregex_iterator match(page.begin(), page.end(), row), end; match != end; ++match)
        EXPECT_TRUE(explained.insert((*match)[1]).second) << (*match)[1] << " is explained twice";
    ASSERT_FALSE(explained.empty());
    for (const auto& [id, file] : cited)
        EXPECT_TRUE(explained.contains(id))
            << file << " cites " << id << ", which docs/requirements.md does not explain";
    for (const std::string& id : explained)
        EXPECT_TRUE(cited.contains(id)) << "no test cites " << id << ": remove it from docs/requirements.md";
}

TEST(Docs, ArchitecturePageListsThePinsOfAllMaps)
{
    const std::string page = text_of(source / "docs/architecture.md");
    const std::regex maps_line(R"(^    (\w+(?: \w+)*)  +maps$)", std::regex::multiline); // "    table counters    maps"
    std::set<std::string> on_page;
    std::set<std::string> listed;

    for (std::sregex_iterator match(page.begin(), page.end(), maps_line), end; match != end; ++match) {
        std::istringstream names((*match)[1]);

        on_page.insert(std::istream_iterator<std::string>(names), {});
    }
    for (const ListedMap& map : map_list)
        listed.insert(map.pin);
    EXPECT_EQ(on_page, listed);
}

TEST(Docs, WatchPageHasEachClassWithItsLevel)
{
    const std::string page = text_of(source / "docs/watch.md");
    const std::regex row(R"(^\| `([a-z-]+)` \| (\w+) \|)", std::regex::multiline);
    std::map<std::string, std::string> on_page;
    std::map<std::string, std::string> listed;

    for (std::sregex_iterator match(page.begin(), page.end(), row), end; match != end; ++match)
        on_page.emplace((*match)[1], (*match)[2]);
    for (ChangeClass change_class = 0; change_class < change_classes; change_class++) {
        const ClassText& text = flowlabel::text_of(change_class);

        listed.emplace(text.name, name_of(text.level));
    }
    EXPECT_EQ(on_page, listed);
}

TEST(Docs, CountersSchemaHasEachCounterWithItsWords)
{
    std::ifstream file(FLOWLABEL_SOURCE_DIR "/docs/schema/common.json");
    const auto counters = nlohmann::json::parse(file).at("$defs").at("counters").at("properties");
    std::map<std::string, std::string> described;
    std::map<std::string, std::string> wanted;

    for (const auto& [name, counter] : counters.items())
        described[name] = counter.at("description");
    Counters{}.each([&](const char* name, std::uint64_t, const char* text) { wanted[name] = text; });
    EXPECT_EQ(described, wanted);
}

} // namespace
} // namespace flowlabel
