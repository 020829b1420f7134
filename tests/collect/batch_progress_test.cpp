// SPDX-License-Identifier: BSD-2-Clause
#include "collect/batch_progress.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace flowlabel {
namespace {

struct Case {
    std::string what;
    std::size_t offset;
    std::size_t written;
    std::size_t lost;
    std::vector<std::vector<std::size_t>> parts; ///< {begin, written_end, lost_end} of batches of 10, 20 and 5 records
    std::size_t done;
    std::size_t next_offset;
};

const Case cases[] = {
    {"nothing", 0, 0, 0, {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}}, 0, 0},
    {"nothing after an offset", 4, 0, 0, {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}}, 0, 4},
    {"a part of the first", 0, 3, 0, {{0, 3, 3}, {0, 0, 0}, {0, 0, 0}}, 0, 3},
    {"the rest of the first", 4, 6, 0, {{4, 10, 10}, {0, 0, 0}, {0, 0, 0}}, 1, 0},
    {"written and lost in the first", 2, 3, 4, {{2, 5, 9}, {0, 0, 0}, {0, 0, 0}}, 0, 9},
    {"only lost", 2, 0, 3, {{2, 2, 5}, {0, 0, 0}, {0, 0, 0}}, 0, 5},
    {"written into the second", 4, 13, 0, {{4, 10, 10}, {0, 7, 7}, {0, 0, 0}}, 1, 7},
    {"lost from the first into the second", 4, 2, 9, {{4, 6, 10}, {0, 0, 5}, {0, 0, 0}}, 1, 5},
    {"lost from the end of the first", 0, 10, 25, {{0, 10, 10}, {0, 0, 20}, {0, 0, 5}}, 3, 0},
    {"everything", 0, 35, 0, {{0, 10, 10}, {0, 20, 20}, {0, 5, 5}}, 3, 0},
    {"all but the last record", 0, 30, 4, {{0, 10, 10}, {0, 20, 20}, {0, 0, 4}}, 2, 4},
};

TEST(BatchProgress, DividesAResultIntoPartsOfBatches)
{
    for (const Case& one : cases) {
        BatchProgress progress(one.offset, {.written = one.written, .lost = one.lost});
        std::vector<std::vector<std::size_t>> parts;

        for (const std::size_t size : {10u, 20u, 5u}) {
            const auto part = progress.next(size);

            parts.push_back({part.begin, part.written_end, part.lost_end});
        }
        EXPECT_EQ(parts, one.parts) << one.what;
        EXPECT_EQ(progress.done(), one.done) << one.what;
        EXPECT_EQ(progress.offset(), one.next_offset) << one.what;
    }
}

} // namespace
} // namespace flowlabel
