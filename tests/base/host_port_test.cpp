// SPDX-License-Identifier: BSD-2-Clause
#include "base/host_port.hpp"

#include <gtest/gtest.h>

namespace flowlabel::test {
namespace {

using Fault = HostPort::Fault;

struct Case {
    const char* text;
    const char* host;
    bool bracketed;
    std::optional<std::uint16_t> port;
};

constexpr Case good[] = {
    {"", "", false, std::nullopt},
    {":9641", "", false, 9641},
    {"router.example", "router.example", false, std::nullopt},
    {"192.0.2.1:1", "192.0.2.1", false, 1},
    {"[2001:db8::1]", "2001:db8::1", true, std::nullopt},
    {"[::1]:65535", "::1", true, 65535},
    {"[fe80::1%eth0]:80", "fe80::1%eth0", true, 80},
    {"[fe80::1%25eth0]:80", "fe80::1%eth0", true, 80}, // RFC 6874
    {"[fe80::1%25]", "fe80::1%25", true, std::nullopt},
    {"[]", "", true, std::nullopt},
};

TEST(HostPort, EveryForm)
{
    for (const Case& one : good) {
        const HostPort parsed = parse_host_port(one.text);

        EXPECT_EQ(parsed.host, one.host) << one.text;
        EXPECT_EQ(parsed.bracketed, one.bracketed) << one.text;
        EXPECT_EQ(parsed.port, one.port) << one.text;
        EXPECT_EQ(parsed.fault, Fault::none) << one.text;
    }
}

TEST(HostPort, WhatIsWrongIsNamed)
{
    constexpr std::pair<const char*, Fault> bad[] = {
        {"[::1", Fault::open_bracket},   {"[", Fault::open_bracket}, {"::1", Fault::bare_address},
        {"::1:80", Fault::bare_address}, {"[::1]80", Fault::rest},   {"[::1]]:80", Fault::rest},
        {"host:", Fault::port},          {"host:0", Fault::port},    {"host:65536", Fault::port},
        {"host:-1", Fault::port},        {"host: 1", Fault::port},   {"host:1x", Fault::port},
        {"host:http", Fault::port},      {"[::1]:", Fault::port},
    };

    for (const auto& [text, fault] : bad)
        EXPECT_EQ(parse_host_port(text).fault, fault) << text;
}

TEST(HostPort, ABareAddressLeavesWhatPrecedesItsFirstColon)
{
    EXPECT_EQ(parse_host_port("2001:db8::1").host, "2001");
}

} // namespace
} // namespace flowlabel::test
