// SPDX-License-Identifier: BSD-2-Clause
// The messages between client and server of the exercise.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "host/exercise/message.hpp"

namespace flowlabel {
namespace {

TEST(ExerciseMessage, IsInNetworkByteOrder)
{
    std::array<std::uint8_t, message_header_size> buffer{};
    const std::array<std::uint8_t, message_header_size> expected = {'F', 'L',  'Q',  '1',  0, 0, 0, 64, 0, 0, 1, 2,
                                                                    0,   0x0A, 0xBC, 0xDE, 0, 0, 0, 0,  0, 0, 3, 4};

    write_message(buffer, {.size = 64, .sequence = 0x102, .seen = 0xABCDE, .sent = 0x304});
    EXPECT_EQ(buffer, expected);
}

TEST(ExerciseMessage, ComesBackAsItWent)
{
    std::array<std::uint8_t, message_header_size> buffer{};

    for (const bool answer : {false, true})
        for (const std::optional<std::uint32_t> seen : {std::optional<std::uint32_t>(), {0}, {0xFFFFF}}) {
            write_message(buffer, {.answer = answer, .size = 24, .sequence = 7, .seen = seen, .sent = 1ull << 63});
            const auto read = read_message(buffer);

            ASSERT_TRUE(read);
            EXPECT_EQ(read->answer, answer);
            EXPECT_EQ(read->size, 24u);
            EXPECT_EQ(read->sequence, 7u);
            EXPECT_EQ(read->seen, seen);
            EXPECT_EQ(read->sent, 1ull << 63);
        }
}

TEST(ExerciseMessage, AnythingElseIsNone)
{
    std::vector<std::uint8_t> buffer(message_header_size);

    EXPECT_FALSE(read_message(buffer)) << "no magic";
    write_message(buffer, {.size = 24});
    EXPECT_TRUE(read_message(buffer));
    EXPECT_FALSE(read_message(std::span(buffer).first(message_header_size - 1))) << "a truncated header";
    EXPECT_FALSE(read_message({}));
    for (const std::uint32_t size : {0u, 23u, 65528u, 0xFFFFFFFFu}) {
        write_message(buffer, {.size = size});
        EXPECT_FALSE(read_message(buffer)) << size << ": no client may make a server wait for so much";
    }
    write_message(buffer, {.size = max_message});
    EXPECT_TRUE(read_message(buffer));
}

} // namespace
} // namespace flowlabel
