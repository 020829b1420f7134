// SPDX-License-Identifier: BSD-2-Clause
// The settings and their meanings, and that docs/host.md explains them.
#include <gtest/gtest.h>

#include <iterator>

#include "own_proc.hpp"

namespace flowlabel {
namespace {

/// LNX-20 to LNX-26: every setting is reported with its value and its meaning.
TEST_F(HostReportTest, EverySettingIsReadWithItsMeaning)
{
    modern();
    const HostReport read = report();

    EXPECT_EQ(read.settings.size(), 9u);
    for (const HostSetting& setting : read.settings) {
        EXPECT_TRUE(setting.reading.value) << setting.name;
        EXPECT_TRUE(setting.reading.unavailable.empty()) << setting.name;
        EXPECT_FALSE(setting.meaning.empty()) << setting.name;
        EXPECT_FALSE(setting.consequence.empty()) << setting.name;
    }
    EXPECT_EQ(read.reading("net.ipv6.auto_flowlabels").value, 1);
    EXPECT_EQ(read.reading("net.ipv6.fib_multipath_hash_fields").value, 7);
    EXPECT_TRUE(read.leases.empty());
    EXPECT_TRUE(read.leases_unavailable.empty());
    EXPECT_EQ(read.kernel.release, "6.18.44");
}

/// LNX-29: an empty /proc is no error, and nothing is guessed.
TEST_F(HostReportTest, AnEmptyProcIsUnavailable)
{
    const HostReport read = report();

    for (const HostSetting& setting : read.settings) {
        EXPECT_FALSE(setting.reading.value) << setting.name;
        EXPECT_NE(setting.reading.unavailable.find("does not exist"), std::string::npos) << setting.reading.unavailable;
        EXPECT_TRUE(setting.meaning.empty()) << setting.name;
    }
    EXPECT_TRUE(read.interfaces.empty());
    EXPECT_NE(read.leases_unavailable.find("does not exist"), std::string::npos);
    EXPECT_TRUE(read.kernel.release.empty());
    for (const HostVerdict& verdict : read.verdicts)
        EXPECT_TRUE(verdict.text.find("unknown") != std::string::npos || verdict.topic == "profiles") << verdict.text;
}

/// LNX-29: any file can be missing. Then only its setting is unavailable.
TEST_F(HostReportTest, EachFileCanBeMissing)
{
    modern();
    const HostReport whole = report();

    for (const HostSetting& setting : whole.settings) {
        remove(setting.name);
        const HostReport read = report();

        for (const HostSetting& other : read.settings)
            EXPECT_EQ(other.reading.value.has_value(), other.name != setting.name) << setting.name << other.name;
        set(setting.name, std::to_string(*setting.reading.value));
    }
}

/// LNX-29: text that is not a number is not read as one.
TEST_F(HostReportTest, WhatIsNoNumberIsUnavailable)
{
    modern();
    for (const std::string& content : {"", "on", "1 2", "0x1", "1x", " 1", "99999999999999999999"}) {
        set("net.ipv6.auto_flowlabels", content);
        const HostReport read = report();

        EXPECT_FALSE(read.reading("net.ipv6.auto_flowlabels").value) << "'" << content << "'";
        EXPECT_NE(read.reading("net.ipv6.auto_flowlabels").unavailable.find("does not contain a number"),
                  std::string::npos);
    }
    EXPECT_NE(verdict("labels").find("unknown"), std::string::npos);
}

/// LNX-29: for a file that cannot be read the report says why.
TEST_F(HostReportTest, WhatCannotBeReadSaysWhy)
{
    modern();
    remove("net.ipv6.flowlabel_reflect");
    fs::create_directories(proc_ / "sys/net/ipv6/flowlabel_reflect");
    EXPECT_NE(report().reading("net.ipv6.flowlabel_reflect").unavailable.find("Is a directory"), std::string::npos);
    EXPECT_NE(verdict("replies").find("net.ipv6.flowlabel_reflect is unavailable"), std::string::npos);
}

/// A file that only root may read. A test that runs as root becomes another user for this.
TEST_F(HostReportTest, WhatNeedsRootSaysSo)
{
    constexpr uid_t nobody = 65534;
    const bool was_root = geteuid() == 0;

    modern();
    fs::permissions(proc_, fs::perms::all);
    fs::permissions(proc_ / "sys/net/ipv6/auto_flowlabels", fs::perms::none);
    ASSERT_TRUE(!was_root || seteuid(nobody) == 0);
    const HostReport read = report();

    ASSERT_TRUE(!was_root || seteuid(0) == 0);
    EXPECT_TRUE(read.reading("net.ipv6.auto_flowlabels").unavailable.ends_with("auto_flowlabels needs root"));
    EXPECT_EQ(read.reading("net.ipv6.flowlabel_consistency").value, 1);
}

TEST_F(HostReportTest, AValueThatIsNotKnownIsShownAndNotExplained)
{
    modern();
    set("net.ipv6.auto_flowlabels", "4");
    const HostReport read = report();

    EXPECT_EQ(read.reading("net.ipv6.auto_flowlabels").value, 4);
    EXPECT_NE(read.settings.front().meaning.find("does not know"), std::string::npos);
    EXPECT_NE(verdict("labels").find("unknown value 4"), std::string::npos);
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_policy", "4", "unknown value 4");
}

/// What a setting means depends on the release of the kernel.
TEST_F(HostReportTest, MeaningFollowsTheKernel)
{
    modern();
    kernel("4.2.8-300.fc23.x86_64"); // before 4.3 the setting is a boolean
    expect_verdict("labels", "net.ipv6.auto_flowlabels", "2", "new TCP connections carry labels");
    kernel("4.3.0");
    expect_verdict("labels", "net.ipv6.auto_flowlabels", "2", "no labels unless a program asks");

    kernel("5.2.0"); // before 5.3 only one bit has a meaning, and a label needs a lease
    expect_verdict("replies", "net.ipv6.flowlabel_reflect", "7", "reflected by accepted TCP connections");
    EXPECT_EQ(verdict("replies").find("echo"), std::string::npos);
    expect_verdict("replies", "net.ipv6.flowlabel_reflect", "6", "reflect nothing");
    EXPECT_NE(verdict("sending").find("only labels that it leased"), std::string::npos);
    kernel("5.3.0");
    EXPECT_NE(verdict("sending").find("any label without a lease"), std::string::npos);

    set("net.ipv6.flowlabel_reflect", "0");
    set("net.ipv6.auto_flowlabels", "1");
    remove("net.core.txrehash"); // it exists from 5.18 on; labels change from 4.3 on
    remove("net.ipv4.tcp_plb_enabled");
    kernel("4.2.8-300.fc23.x86_64");
    EXPECT_NE(verdict("stability").find("net.core.txrehash is unavailable"), std::string::npos);
    kernel("5.8.15-301.fc33.x86_64");
    EXPECT_EQ(verdict("stability"), "retransmission timeouts change the label of a TCP connection");
    kernel("5.18.0"); // this kernel has it, so it is only hidden
    EXPECT_NE(verdict("stability").find("net.core.txrehash is unavailable"), std::string::npos);
    kernel("6.1.0-25-amd64");
    expect_verdict("stability", "net.core.txrehash", "0", "from Linux 6.1.12 on, of any TCP connection");
    kernel("10.0.0-rc1");
    expect_verdict("stability", "net.core.txrehash", "0", "do not change the label of a TCP connection");
}

TEST_F(HostReportTest, AKernelWithoutAKnownReleaseCountsAsNew)
{
    modern();
    for (const std::string& release : {"", "Linux", "6", "6-18"}) {
        kernel(release);
        EXPECT_EQ(report().kernel.release, "");
        EXPECT_NE(verdict("sending").find("any label without a lease"), std::string::npos);
    }
}

/// The settings of interfaces, with the names that sysctl(8) takes.
TEST_F(HostReportTest, InterfacesAreReadByName)
{
    modern();
    for (const std::string& name : {"all", "default", "eth0", "eth0.100", "lo"})
        for (const std::string& setting : {"disable_ipv6", "forwarding", "seg6_enabled"})
            write(fs::path("sys/net/ipv6/conf") / name / setting, "0\n");
    const HostReport read = report();

    ASSERT_EQ(read.interfaces.size(), 5u);
    EXPECT_EQ(read.interfaces[2].name, "eth0");
    EXPECT_EQ(read.interfaces[3].name, "eth0.100");
    EXPECT_EQ(read.interfaces[3].settings[0].name, "net.ipv6.conf.eth0/100.disable_ipv6");
    EXPECT_EQ(read.interfaces[3].settings[0].reading.value, 0);
    EXPECT_FALSE(read.interfaces[3].settings[2].reading.value) << "no force_forwarding before Linux 6.17";
    EXPECT_EQ(verdict("forwarding"), "");
    EXPECT_EQ(verdict("disabled"), "");

    write("sys/net/ipv6/conf/eth0.100/disable_ipv6", "1\n");
    write("sys/net/ipv6/conf/lo/disable_ipv6", "1\n");
    EXPECT_EQ(verdict("disabled"), "IPv6 is off on eth0.100, lo");
    write("sys/net/ipv6/conf/eth0/force_forwarding", "1\n");
    EXPECT_NE(verdict("forwarding").find("forwards packets from eth0 and leaves"), std::string::npos);
    write("sys/net/ipv6/conf/all/forwarding", "1\n");
    EXPECT_NE(verdict("forwarding").find("forwards packets and leaves"), std::string::npos);
}

/// docs/host.md explains every setting, topic and profile.
TEST_F(HostReportTest, EverythingIsInTheDocumentation)
{
    std::ifstream file(FLOWLABEL_SOURCE_DIR "/docs/host.md");
    const std::string page(std::istreambuf_iterator<char>(file), {});
    const auto has_row = [&](const std::string& name) {
        return page.find("\n| `" + name + "` | ") != std::string::npos;
    };

    modern();
    for (const std::string& setting : {"disable_ipv6", "forwarding", "force_forwarding", "seg6_enabled"})
        for (const std::string& name : {"all", "eth0"})
            write(fs::path("sys/net/ipv6/conf") / name / setting, "1\n");
    const HostReport read = report();

    EXPECT_EQ(read.verdicts.size(), 12u) << "all topics, also those that are shown only when they apply";
    for (const HostVerdict& verdict : read.verdicts)
        EXPECT_TRUE(has_row(verdict.topic)) << verdict.topic;
    for (const HostSetting& setting : read.settings)
        EXPECT_TRUE(has_row(setting.name)) << setting.name;
    for (const HostProfile profile : host_profiles)
        EXPECT_TRUE(has_row(name_of(profile))) << name_of(profile);
    for (const HostSetting& setting : read.interfaces.front().settings)
        EXPECT_NE(page.find("`" + setting.name.substr(setting.name.rfind('.') + 1) + "`"), std::string::npos);
}

} // namespace
} // namespace flowlabel
