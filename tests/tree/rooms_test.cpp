// SPDX-License-Identifier: BSD-2-Clause
// Which room of loader/ may include which: the table of loader/README.md. And names that occur once.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace flowlabel {
namespace {

const std::filesystem::path loader = FLOWLABEL_SOURCE_DIR "/loader";
const std::string everything = "everything";

std::string text_of(const std::filesystem::path& path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

using Arrows = std::map<std::string, std::set<std::string>>;

/// {room: rooms that it may include}
Arrows allowed_arrows()
{
    const std::string page = text_of(loader / "README.md");
    const std::regex row(R"(^\| `([^`]+)` \|[^|]*\|([^|]*)\|$)", std::regex::multiline);
    const std::regex word(R"(`([^`]+)`)");
    Arrows arrows;

    for (std::sregex_iterator match(page.begin(), page.end(), row), end; match != end; ++match) {
        const std::string cell = (*match)[2];
        auto& rooms = arrows[(*match)[1]];

        for (std::sregex_iterator one(cell.begin(), cell.end(), word); one != end; ++one)
            rooms.insert((*one)[1]);
        if (cell.find(everything) != std::string::npos)
            rooms.insert(everything);
    }
    return arrows;
}

/// The row for the folder ROOM: its own, or that of all folders beside it, such as `sinks/*`. The end: there is none.
Arrows::const_iterator row_of(const Arrows& arrows, const std::filesystem::path& room)
{
    const auto own = arrows.find(room);

    return own != arrows.end() ? own : arrows.find(room.parent_path() / "*");
}

std::vector<std::filesystem::path> sources()
{
    std::vector<std::filesystem::path> paths;

    for (const auto& entry : std::filesystem::recursive_directory_iterator(loader))
        if (const auto extension = entry.path().extension();
            extension == ".cpp" || extension == ".hpp" || extension == ".c" || extension == ".h")
            paths.push_back(std::filesystem::relative(entry.path(), loader));
    return paths;
}

TEST(Rooms, IncludeOnlyWhatTheTableAllows)
{
    const auto arrows = allowed_arrows();
    const std::regex include(R"re(^#include "([^"]+)")re", std::regex::multiline);

    ASSERT_FALSE(arrows.empty());
    for (const auto& path : sources()) {
        const std::string room = path.parent_path();
        const std::string text = text_of(loader / path);

        const auto row = row_of(arrows, room);
        ASSERT_NE(row, arrows.end()) << path << " is in a room that loader/README.md does not have";
        for (std::sregex_iterator match(text.begin(), text.end(), include), end; match != end; ++match) {
            const std::filesystem::path header((*match)[1].str());
            const std::string other = header.parent_path();
            const auto& rooms = row->second;
            const auto other_row = row_of(arrows, other);

            if (other_row == arrows.end()) { // installed, made by the build, or the datapath
                EXPECT_TRUE(other == "flowlabel" || other.empty()) << path << " includes " << header;
                continue;
            }
            EXPECT_TRUE(other == room || rooms.contains(other_row->first) || rooms.contains(everything))
                << path << " includes " << header << ", and loader/README.md does not allow it from " << room << " to "
                << other;
        }
    }
}

TEST(Rooms, NoHeaderIncludesBack)
{
    auto arrows = allowed_arrows();

    arrows.erase("cli");
    while (!arrows.empty()) {
        const auto done = std::ranges::find_if(arrows, [&](const auto& entry) {
            return std::ranges::none_of(entry.second, [&](const auto& other) { return arrows.contains(other); });
        });

        ASSERT_NE(done, arrows.end()) << "the arrows form a cycle, and " << arrows.begin()->first << " is in it";
        arrows.erase(done);
    }
}

TEST(Rooms, NoNameOfAHeaderTwice)
{
    std::map<std::string, std::filesystem::path> names;

    for (const auto& path : sources())
        if (path.extension() == ".hpp" || path.extension() == ".h") {
            const auto [at, is_new] = names.emplace(path.filename(), path);
            EXPECT_TRUE(is_new) << path << " and " << at->second;
        }
    for (const auto& entry : std::filesystem::directory_iterator(FLOWLABEL_SOURCE_DIR "/include/flowlabel"))
        EXPECT_FALSE(names.contains(entry.path().filename())) << entry.path();
}

/// Two types of one name in namespace flowlabel would be one to the linker, which keeps one of their inline functions.
TEST(Rooms, NoTypeOfAHeaderTwice)
{
    const std::regex type(R"(^(class|struct|union|enum class|enum) (\w+)[^;{(]*\{)", std::regex::multiline);
    std::map<std::string, std::filesystem::path> names;
    const auto take = [&](const std::filesystem::path& header) {
        const std::string text = text_of(header);

        for (std::sregex_iterator match(text.begin(), text.end(), type), end; match != end; ++match) {
            const auto [at, is_new] = names.emplace((*match)[2], header);
            EXPECT_TRUE(is_new) << (*match)[2] << " in " << header << " and " << at->second;
        }
    };

    for (const auto& path : sources())
        if (path.extension() == ".hpp" || path.extension() == ".h")
            take(loader / path);
    for (const auto& entry : std::filesystem::directory_iterator(FLOWLABEL_SOURCE_DIR "/include/flowlabel"))
        take(entry.path());
    EXPECT_TRUE(names.contains("Flow") && names.contains("Fd")) << "no types were found";
}

} // namespace
} // namespace flowlabel
