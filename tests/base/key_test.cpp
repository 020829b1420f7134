// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "flowlabel/key.hpp"

namespace flowlabel {
namespace {

namespace fs = std::filesystem;

constexpr const char* digits = "000102030405060708090a0b0c0d0e0f";

class KeyFile : public testing::Test {
protected:
    KeyFile()
    {
        std::string pattern = (fs::temp_directory_path() / "flowlabel-key-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
    }
    ~KeyFile() override { fs::remove_all(directory_); }

    std::string write(const std::string& content, mode_t mode = 0600) const
    {
        const std::string path = directory_ / "key";

        fs::remove(path);
        std::ofstream(path) << content;
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return path;
    }

    fs::path directory_;
};

TEST_F(KeyFile, FirstTwoDigitsAreOctetZero)
{
    const auto key = read_key_file(write(std::string(digits) + "\n"));

    ASSERT_TRUE(key);
    for (std::size_t i = 0; i < key->size(); i++)
        EXPECT_EQ((*key)[i], i);
    EXPECT_EQ(siphash_words(*key), (std::array<std::uint64_t, 2>{0x0706050403020100, 0x0F0E0D0C0B0A0908}));
}

TEST_F(KeyFile, NewlineIsOptionalAndCaseDoesNotMatter)
{
    EXPECT_TRUE(read_key_file(write(digits)));
    EXPECT_EQ(*read_key_file(write("000102030405060708090A0B0C0D0E0F")), *read_key_file(write(digits)));
}

TEST_F(KeyFile, AnythingElseIsRefused)
{
    const std::string key = digits;

    for (const std::string& content :
         {std::string(), std::string("\n"), key.substr(1), key.substr(1) + "\n", key + "0", key + "00\n", key + "\n\n",
          key + "\r\n", key + " ", " " + key, key + "\n" + key + "\n", "g" + key.substr(1), key.substr(1) + "-",
          "0x" + key.substr(2), std::string(32, '\0'), std::string(100000, '0')}) {
        const auto read = read_key_file(write(content));

        ASSERT_FALSE(read) << "'" << content.substr(0, 80) << "'";
        EXPECT_FALSE(read.error().hint.empty());
    }
}

TEST_F(KeyFile, ErrorsDoNotShowTheKey)
{
    const auto read = read_key_file(write("deadbeefdeadbeefdeadbeefdeadbeeg"));

    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().what.find("deadbeef"), std::string::npos);
    EXPECT_EQ(read.error().hint.find("deadbeef"), std::string::npos);
}

TEST_F(KeyFile, OnlyItsOwnerMayHaveAccess)
{
    EXPECT_TRUE(read_key_file(write(digits, 0600)));
    EXPECT_TRUE(read_key_file(write(digits, 0400)));
    for (const mode_t mode : {0644, 0640, 0604, 0620, 0602, 0610, 0601, 0660, 0777}) {
        const auto read = read_key_file(write(digits, mode));

        ASSERT_FALSE(read) << std::oct << mode;
        EXPECT_NE(read.error().hint.find("chmod"), std::string::npos);
    }
}

TEST_F(KeyFile, MissingOrNoFileIsRefused)
{
    EXPECT_FALSE(read_key_file(directory_ / "missing"));
    EXPECT_FALSE(read_key_file(directory_));
    EXPECT_FALSE(read_key_file("/dev/null"));
}

TEST_F(KeyFile, CreatedOneCanBeReadAndIsNotOverwritten)
{
    const std::string path = directory_ / "new";
    struct stat status{};

    ASSERT_TRUE(create_key_file(path));
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
    const auto first = read_key_file(path);
    ASSERT_TRUE(first);
    EXPECT_FALSE(create_key_file(path));
    EXPECT_EQ(*read_key_file(path), *first);
    EXPECT_EQ(fs::file_size(path), 33u);
}

TEST(RandomKey, IsAnotherOneEachTime)
{
    const auto a = random_key();
    const auto b = random_key();

    ASSERT_TRUE(a && b);
    EXPECT_NE(*a, *b);
}

} // namespace
} // namespace flowlabel
