// SPDX-License-Identifier: BSD-2-Clause
/// The table of packets, through every engine in every mode.
#include "cases.hpp"

#include <gtest/gtest.h>

namespace flowlabel::test {
namespace {

class PacketTable : public testing::TestWithParam<std::tuple<Kind, Case>> {};

// R6437-3-9, R6437-3-14: off changes no byte, zero labels packets that came with label 0, dry-run only counts them.
TEST_P(PacketTable, PassesAndCountsAsItMust)
{
    const auto& [kind, one] = GetParam();

    for (const fl_stamp_mode mode : all_modes) {
        SCOPED_TRACE(mode == FL_STAMP_OFF ? "stamp off" : mode == FL_STAMP_ZERO ? "stamp zero" : "stamp dry-run");
        check(shared_engine(kind, mode), mode, one.packet, one.expect);
    }
}

std::string test_name(const testing::TestParamInfo<PacketTable::ParamType>& info)
{
    return std::string(name_of(std::get<0>(info.param))) + "_" + std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(Link, PacketTable,
                         testing::Combine(testing::ValuesIn(all_kinds), testing::ValuesIn(link_cases())), test_name);
INSTANTIATE_TEST_SUITE_P(Extensions, PacketTable,
                         testing::Combine(testing::ValuesIn(all_kinds), testing::ValuesIn(extension_cases())),
                         test_name);
INSTANTIATE_TEST_SUITE_P(Stamping, PacketTable,
                         testing::Combine(testing::ValuesIn(all_kinds), testing::ValuesIn(stamping_cases())),
                         test_name);

} // namespace
} // namespace flowlabel::test
