// SPDX-License-Identifier: BSD-2-Clause
#include <sched.h>
#include <sys/mount.h>

#include <fstream>

#include "own_namespace.hpp"
#include "packet.hpp"

namespace flowlabel::test {
namespace {

class Endpoints : public OwnNamespace {};

TEST_F(Endpoints, Literals)
{
    const auto literal = resolve("2001:DB8::1", 443);

    ASSERT_TRUE(literal) << literal.error().what;
    EXPECT_EQ(literal->text(), "[2001:db8::1]:443");
}

// LNX-17, with a /etc/hosts of the test's own.
TEST_F(Endpoints, Names)
{
    const std::string hosts = testing::TempDir() + "flowlabel-hosts-" + std::to_string(getpid());

    std::ofstream(hosts) << "2001:db8::7 six.example\n192.0.2.1 four.example\n";
    EXPECT_TRUE(in_child([&] {
        const bool mounted = unshare(CLONE_NEWNS) == 0 &&
                             mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                             mount(hosts.c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr) == 0;
        const auto six = resolve("six.example", 1);

        return mounted && six && six->address == Address{Ip("2001:db8::7").octets} &&
               says(resolve("four.example", 1), {"four.example", "IPv6 address"});
    }));
    unlink(hosts.c_str());
}

// LNX-17
TEST_F(Endpoints, LinkLocalOnesHaveAScope)
{
    const auto scoped = resolve("fe80::1%lo", 7);

    ASSERT_TRUE(scoped) << scoped.error().what;
    EXPECT_EQ(scoped->scope, 1u);
    EXPECT_EQ(scoped->text(), "[fe80::1%lo]:7");
    EXPECT_EQ(resolve("fe80::1%1", 7)->scope, 1u);
    EXPECT_TRUE(says(resolve("fe80::1", 7), {"link-local", "fe80::1%eth0"}));
}

TEST_F(Endpoints, NonsenseIsNamed)
{
    for (const char* host : {"192.0.2.1", "2001:db8::1/64", "no such name", "fe80::1%nosuch", ""})
        EXPECT_TRUE(says(resolve(host, 1), {host, "IPv6 address"})) << host;
}

} // namespace
} // namespace flowlabel::test
