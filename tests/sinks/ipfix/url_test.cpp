// SPDX-License-Identifier: BSD-2-Clause
// IPFIX-6: the port is 4739 by default.
#include "sinks/ipfix/url.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace flowlabel::test {
namespace {

using Scheme = IpfixUrl::Scheme;

struct Good {
    const char* text;
    Scheme scheme;
    const char* host;
    std::uint16_t port;
    const char* path;
};

constexpr Good good[] = {
    {"udp://collector.example", Scheme::udp, "collector.example", 4739, ""},
    {"udp://192.0.2.1:9995", Scheme::udp, "192.0.2.1", 9995, ""},
    {"tcp://[2001:db8::1]", Scheme::tcp, "2001:db8::1", 4739, ""},
    {"tcp://[fe80::1%eth0]:1", Scheme::tcp, "fe80::1%eth0", 1, ""},
    {"udp://[fe80::1%25lan]", Scheme::udp, "fe80::1%lan", 4739, ""}, // RFC 6874
    {"udp://[fe80::1%25]", Scheme::udp, "fe80::1%25", 4739, ""},
    {"udp://[::1]:65535", Scheme::udp, "::1", 65535, ""},
    {"file:flows.ipfix", Scheme::file, "", 4739, "flows.ipfix"},
    {"file:/var/log/flows.ipfix", Scheme::file, "", 4739, "/var/log/flows.ipfix"},
    {"file:///var/log/flows.ipfix", Scheme::file, "", 4739, "/var/log/flows.ipfix"},
    {"file:a:b", Scheme::file, "", 4739, "a:b"},
};

TEST(IpfixUrl, EveryForm)
{
    for (const Good& one : good) {
        const IpfixUrl wanted{
            .scheme = one.scheme, .host = one.host, .port = one.port, .path = one.path, .text = one.text};
        const auto parsed = parse_ipfix_url(one.text);

        ASSERT_TRUE(parsed) << one.text;
        EXPECT_EQ(*parsed, wanted) << one.text;
    }
}

TEST(IpfixUrl, AnythingElseIsWrongUsage)
{
    const char* const bad[] = {
        "",
        "collector",
        "collector:4739",
        "http://collector",
        "UDP://collector",
        "udp:collector",
        "udp://",
        "udp://:4739",
        "udp://[]",
        "udp://[::1",
        "udp://[::1]4739",
        "udp://::1",
        "udp://::1:4739",
        "udp://collector:",
        "udp://collector:0",
        "udp://collector:65536",
        "udp://collector:-1",
        "udp://collector: 1",
        "udp://collector:4739/",
        "tcp://collector:ipfix",
        "sctp://collector",
        "file:",
        "file://",
        "file://host/path",
    };

    for (const char* const text : bad) {
        const auto parsed = parse_ipfix_url(text);

        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().kind, Failure::usage) << text;
        EXPECT_NE(parsed.error().what.find(std::string("'") + text + "'"), std::string::npos) << parsed.error().what;
        EXPECT_FALSE(parsed.error().hint.empty()) << text;
    }
}

TEST(IpfixUrl, CredentialsAreRefusedAndNotShown)
{
    for (const char* const text : {"udp://user:secret@collector", "tcp:/user:secret@collector", "user:secret@host"}) {
        const auto parsed = parse_ipfix_url(text);

        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().kind, Failure::usage) << text;
        EXPECT_EQ(parsed.error().what.find("secret"), std::string::npos) << parsed.error().what;
    }
    EXPECT_TRUE(parse_ipfix_url("file:/var/log/a@b"));
}

} // namespace
} // namespace flowlabel::test
