// SPDX-License-Identifier: BSD-2-Clause
// Leases of labels, as the kernel lists them.
#include <gtest/gtest.h>

#include "own_proc.hpp"

namespace flowlabel {
namespace {

/// LNX-27: one lease of each share, an expiry that has passed, and owners by name.
TEST_F(HostReportTest, LeasesAreReadWithTheirOwners)
{
    modern();
    write("4711/comm", "server loop\n");
    write(lease_file, std::string(lease_header) +
                          "000FF 255 0      0      6      5        20010db8000000000000000000000001 0   \n"
                          "FFFFF 2 4711   1      150    -3       fe800000000000000000000000000002 0   \n"
                          "00001 2 4712   1      6      6        20010db8000000000000000000000001 0   \n"
                          "00002 3 0      2      6      6        20010db8000000000000000000000001 0   \n"
                          "00003 1 0      1      6      6        20010db8000000000000000000000001 24  \n"
                          "00004 9 0      1      6      6        20010db8000000000000000000000001 0   \n");
    const HostReport read = report();

    EXPECT_EQ(read.leases_unavailable, "");
    ASSERT_EQ(read.leases.size(), 6u);
    EXPECT_EQ(read.leases[0].label, 0xFFu);
    EXPECT_EQ(read.leases[0].share, LabelShare::any);
    EXPECT_EQ(read.leases[0].users, 0);
    EXPECT_EQ(read.leases[0].linger, 6);
    EXPECT_EQ(read.leases[0].expires, 5);
    EXPECT_EQ(read.leases[0].dst.text(), "2001:db8::1");
    EXPECT_FALSE(read.leases[0].excludes_others());
    EXPECT_EQ(read.leases[1].label, 0xFFFFFu);
    EXPECT_EQ(read.leases[1].owner, 4711);
    EXPECT_EQ(read.leases[1].owner_name, "server loop");
    EXPECT_EQ(read.leases[1].expires, -3);
    EXPECT_EQ(read.leases[1].dst.text(), "fe80::2");
    EXPECT_EQ(read.leases[2].owner_name, "") << "process 4712 is gone";
    EXPECT_EQ(read.leases[3].owner_name, "root");
    EXPECT_EQ(read.leases[4].options, 24);
    EXPECT_EQ(read.leases[5].share, static_cast<LabelShare>(9));
    for (const std::size_t index : {1, 2, 3, 4})
        EXPECT_TRUE(read.leases[index].excludes_others()) << index;
    EXPECT_NE(verdict("sending").find("4 leases exclude others"), std::string::npos) << verdict("sending");
}

/// LNX-29 for leases: a line of an unknown form is reported by its number, and the other lines are read.
TEST_F(HostReportTest, ALeaseOfAnUnknownFormIsNotGuessed)
{
    const std::string good = "000FF 255 0      0      6      5        20010db8000000000000000000000001 0\n";

    modern();
    for (const std::string& bad : {
             "000FF 255 0 0 6 5 20010db8000000000000000000000001",     // a field is missing
             "000FF 255 0 0 6 5 20010db8000000000000000000000001 0 0", // one field too many
             "100000 255 0 0 6 5 20010db8000000000000000000000001 0",  // more than 20 bits
             "000GF 255 0 0 6 5 20010db8000000000000000000000001 0",   // not a digit
             "000FF 256 0 0 6 5 20010db8000000000000000000000001 0",   // more than a byte
             "000FF -1 0 0 6 5 20010db8000000000000000000000001 0",    //
             "000FF 255 x 0 6 5 20010db8000000000000000000000001 0",   // not a number
             "000FF 255 0 0 6 5 2001:db8::1 0",                        // an address with colons
             "000FF 255 0 0 6 5 20010db800000000000000000000000g 0",   //
             "",
         }) {
        write(lease_file, lease_header + std::string(bad) + "\n" + good);
        const HostReport read = report();

        EXPECT_EQ(read.leases.size(), 1u) << bad;
        EXPECT_NE(read.leases_unavailable.find("line 2 of"), std::string::npos) << bad;
        EXPECT_NE(verdict("sending").find("unknown"), std::string::npos) << bad;
    }
}

/// LNX-27: a file of that name in net/ipv6/ is not read.
TEST_F(HostReportTest, LeasesAreNotLookedForInTheWrongPlace)
{
    modern();
    fs::remove(proc_ / lease_file);
    write("thread-self/net/ipv6/ip6_flowlabel", lease_header);
    EXPECT_NE(report().leases_unavailable.find("does not exist"), std::string::npos);
}

} // namespace
} // namespace flowlabel
