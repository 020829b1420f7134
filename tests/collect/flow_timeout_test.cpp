// SPDX-License-Identifier: BSD-2-Clause
#include "collect/flow_timeout.hpp"

#include <gtest/gtest.h>

#include "base/units.hpp"

namespace flowlabel::test {
namespace {

using namespace std::chrono_literals;

/// R6437-4-4, R3697-2-4: RFC 6437 sets no lifetime; the presets are those of older RFCs.
TEST(FlowTimeout, PresetsAreNamedAfterTheirSource)
{
    EXPECT_EQ(parse_flow_timeout("rfc3697"), 120s);
    EXPECT_EQ(parse_flow_timeout("rfc1883"), 6s);
    EXPECT_EQ(parse_flow_timeout("15"), 15s);
    EXPECT_NE(parse_flow_timeout("rfc6437").error().hint.find("rfc3697 or rfc1883"), std::string::npos);
    EXPECT_FALSE(parse_duration("rfc3697"));
}

} // namespace
} // namespace flowlabel::test
