// SPDX-License-Identifier: BSD-2-Clause
#include "flow/record.hpp"

#include <gtest/gtest.h>

#include "output/flow_json.hpp"
#include "output/json_text.hpp"

namespace flowlabel::test {
namespace {

/// The numbers of IPFIX flowEndReason, element 136.
TEST(Record, EndReasonsHaveTheirIpfixNumbers)
{
    EXPECT_EQ(ipfix_number(EndReason::idle), 1);
    EXPECT_EQ(ipfix_number(EndReason::active), 2);
    EXPECT_EQ(ipfix_number(EndReason::forced), 4);
    EXPECT_EQ(ipfix_number(EndReason::collection_end), 4);
    EXPECT_EQ(ipfix_number(EndReason::evicted), 5);
}

TEST(Record, ALineIsJsonWhateverTheInterfaceIsCalled)
{
    const FlowRecord record{.flow = {.src = parse_prefix("2001:db8::1")->address,
                                     .dst = parse_prefix("ff02::1")->address,
                                     .label = 74565,
                                     .stamped = true,
                                     .packets = 3,
                                     .octets = 180,
                                     .first_seen = 1'000'000,
                                     .last_seen = 1'002'000'000},
                            .reason = EndReason::active};
    const FlowRecord both[] = {record, record};
    const std::string text = records_jsonl(
        {.interface = "a\"\xFF\n", .ifindex = 2, .hook = FL_HOOK_TC_EGRESS, .netns_inode = 7, .netns_name = "b\""},
        both);
    const auto lines = std::ranges::count(text, '\n');
    const Json line = Json::parse(text.substr(0, text.find('\n')));

    EXPECT_EQ(lines, 2);
    EXPECT_EQ(line.dump(),
              "{\"src\":\"2001:db8::1\",\"dst\":\"ff02::1\",\"label\":74565,\"packets\":3,\"bytes\":180,"
              "\"first_seen\":\"1970-01-01T00:00:00.001Z\",\"last_seen\":\"1970-01-01T00:00:01.002Z\",\"stamped\":true,"
              "\"end_reason\":\"active\",\"interface\":\"a\\\"\xEF\xBF\xBD\\n\",\"ifindex\":2,\"hook\":\"tc-egress\","
              "\"netns\":7,\"netns_name\":\"b\\\"\"}");
}

} // namespace
} // namespace flowlabel::test
