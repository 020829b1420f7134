// SPDX-License-Identifier: BSD-2-Clause
// The host report for /proc trees of kernels that have more or fewer files than the running kernel.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "base/interface.hpp"
#include "host/report/host_report.hpp"

namespace flowlabel {
namespace {

namespace fs = std::filesystem;

constexpr const char* lease_header = "Label S Owner  Users  Linger Expires  Dst                              Opt\n";
constexpr const char* lease_file = "thread-self/net/ip6_flowlabel";

/// Each test writes a /proc tree of its own.
class HostReportTest : public testing::Test {
protected:
    HostReportTest()
    {
        std::string pattern = (fs::temp_directory_path() / "flowlabel-proc-XXXXXX").string();
        proc_ = ::mkdtemp(pattern.data());
    }
    ~HostReportTest() override { fs::remove_all(proc_); }

    void write(const fs::path& path, const std::string& content) const
    {
        fs::create_directories((proc_ / path).parent_path());
        std::ofstream(proc_ / path) << content;
    }

    void set(std::string name, const std::string& content) const
    {
        std::ranges::replace(name, '.', '/');
        write(fs::path("sys") / name, content + "\n");
    }

    void kernel(const std::string& release) const { write("sys/kernel/osrelease", release + "\n"); }

    /// The defaults of Linux 6.18.
    void modern() const
    {
        kernel("6.18.44");
        set("net.ipv6.auto_flowlabels", "1");
        set("net.ipv6.flowlabel_state_ranges", "0");
        set("net.ipv6.flowlabel_consistency", "1");
        set("net.ipv6.flowlabel_reflect", "0");
        set("net.core.txrehash", "1");
        set("net.ipv4.tcp_plb_enabled", "0");
        set("net.ipv6.fib_multipath_hash_policy", "0");
        set("net.ipv6.fib_multipath_hash_fields", "7");
        set("net.ipv6.seg6_flowlabel", "0");
        write(lease_file, lease_header);
    }

    void remove(std::string name) const
    {
        std::ranges::replace(name, '.', '/');
        ASSERT_TRUE(fs::remove(proc_ / "sys" / name));
    }

    HostReport report() const { return read_host_report(proc_); }

    std::string verdict(const std::string& topic) const
    {
        const HostReport read = report();
        const auto found = std::ranges::find(read.verdicts, topic, &HostVerdict::topic);

        return found == read.verdicts.end() ? "" : found->text;
    }

    /// With SETTING set to VALUE, the verdict about TOPIC contains WORDS.
    void expect_verdict(const std::string& topic, const std::string& setting, const std::string& value,
                        const std::string& words) const
    {
        set(setting, value);
        EXPECT_NE(verdict(topic).find(words), std::string::npos)
            << setting << " = " << value << ": " << verdict(topic) << " has no '" << words << "'";
    }

    std::vector<std::string> differing(HostProfile profile) const
    {
        std::vector<std::string> names;

        for (const ProfileDifference& difference : check_profile(report(), profile))
            names.push_back(difference.name);
        return names;
    }

    fs::path proc_;
};

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

/// LNX-30, with LNX-21: one sentence for each combination.
TEST_F(HostReportTest, LabelsVerdict)
{
    modern();
    expect_verdict("labels", "net.ipv6.auto_flowlabels", "0", "carry no labels unless a program sets them");
    EXPECT_EQ(verdict("range"), "") << "there are no automatic labels";
    expect_verdict("labels", "net.ipv6.auto_flowlabels", "1", "UDP and other sockets too, unless a program opts out");
    expect_verdict("labels", "net.ipv6.auto_flowlabels", "2", "carry no labels unless a program asks");
    expect_verdict("labels", "net.ipv6.auto_flowlabels", "3", "no program can opt out");
    expect_verdict("range", "net.ipv6.flowlabel_state_ranges", "0", "whole range");
    expect_verdict("leases", "net.ipv6.flowlabel_state_ranges", "0", "any label");
    expect_verdict("range", "net.ipv6.flowlabel_state_ranges", "1", "upper half");
    expect_verdict("leases", "net.ipv6.flowlabel_state_ranges", "1", "lower half");
    expect_verdict("reflection", "net.ipv6.flowlabel_consistency", "1", "may not ask");
    expect_verdict("reflection", "net.ipv6.flowlabel_consistency", "0", "may ask");
}

/// LNX-30, with LNX-23: what keeps a TCP connection's label, and what changes it.
TEST_F(HostReportTest, StabilityVerdict)
{
    modern();
    EXPECT_EQ(verdict("stability"), "retransmission timeouts change the label of a TCP connection");
    expect_verdict("stability", "net.ipv4.tcp_plb_enabled", "1", "so does lasting congestion");
    expect_verdict("stability", "net.ipv6.flowlabel_reflect", "1",
                   "except an accepted one whose peer sends a label, and so");
    expect_verdict("stability", "net.ipv6.flowlabel_reflect", "6", "change the label of a TCP connection, and so");
    expect_verdict("stability", "net.core.txrehash", "0", "do not change the label of a TCP connection");
    EXPECT_EQ(verdict("stability").find("congestion"), std::string::npos) << "congestion needs net.core.txrehash too";
    expect_verdict("stability", "net.ipv6.auto_flowlabels", "0", "automatic labels are off");
}

/// LNX-23.
TEST_F(HostReportTest, RepliesVerdict)
{
    const std::map<std::string, std::string> words = {
        {"0", "replies reflect nothing"},
        {"1", "reflected by accepted TCP connections"},
        {"2", "reflected by resets of closed TCP ports"},
        {"4", "reflected by ICMPv6 echo replies"},
        {"7", "reflected by accepted TCP connections, resets of closed TCP ports, ICMPv6 echo replies"},
    };

    modern();
    for (const auto& [value, text] : words) {
        set("net.ipv6.flowlabel_reflect", value);
        EXPECT_TRUE(verdict("replies").ends_with(text)) << verdict("replies");
    }
}

/// LNX-24 to LNX-26.
TEST_F(HostReportTest, PathsAndTunnelsVerdicts)
{
    modern();
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_policy", "0", "chosen by source, destination and flow label");
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_policy", "1", "the flow label is ignored");
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_policy", "2", "innermost header");
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_policy", "3",
                   "chosen by source, destination, protocol, and the flow label is ignored");
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_fields", "15",
                   "protocol, flow label, and the flow label counts");
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_fields", "512", "chosen by inner flow label");
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_fields", "4095", "inner destination port, and");
    expect_verdict("tunnels", "net.ipv6.seg6_flowlabel", "0", "copies the label");
    expect_verdict("tunnels", "net.ipv6.seg6_flowlabel", "-1", "writes label 0");
    expect_verdict("tunnels", "net.ipv6.seg6_flowlabel", "1", "computes a label");
    remove("net.ipv6.seg6_flowlabel"); // a kernel without SRv6
    EXPECT_NE(verdict("tunnels").find("net.ipv6.seg6_flowlabel is unavailable"), std::string::npos);
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

/// LNX-30: each profile matches its own settings, and the defaults of Linux match profile rfc6437.
TEST_F(HostReportTest, ProfilesAreRecognised)
{
    modern();
    EXPECT_TRUE(differing(HostProfile::rfc6437).empty());
    EXPECT_EQ(differing(HostProfile::lab),
              (std::vector<std::string>{"net.ipv6.auto_flowlabels", "net.ipv6.flowlabel_consistency",
                                        "net.ipv6.flowlabel_reflect"}));
    EXPECT_EQ(differing(HostProfile::anycast),
              (std::vector<std::string>{"net.ipv6.flowlabel_reflect", "net.core.txrehash"}));
    EXPECT_EQ(verdict("profiles"), "the settings match profile rfc6437");

    set("net.ipv6.auto_flowlabels", "0");
    set("net.ipv6.flowlabel_consistency", "0");
    set("net.ipv6.flowlabel_reflect", "1");
    EXPECT_TRUE(differing(HostProfile::lab).empty());
    EXPECT_EQ(differing(HostProfile::rfc6437),
              (std::vector<std::string>{"net.ipv6.auto_flowlabels", "net.ipv6.flowlabel_reflect"}));
    EXPECT_EQ(verdict("profiles"), "the settings match profile lab");
    set("net.ipv6.flowlabel_state_ranges", "1");
    EXPECT_EQ(differing(HostProfile::lab), std::vector<std::string>{"net.ipv6.flowlabel_state_ranges"});
    EXPECT_EQ(verdict("profiles"), "the settings match no profile");

    set("net.ipv6.flowlabel_reflect", "7");
    set("net.core.txrehash", "0");
    EXPECT_TRUE(differing(HostProfile::anycast).empty());
    set("net.ipv4.tcp_plb_enabled", "1");
    EXPECT_EQ(differing(HostProfile::anycast), std::vector<std::string>{"net.ipv4.tcp_plb_enabled"});
    set("net.ipv6.auto_flowlabels", "3");
    set("net.ipv6.flowlabel_reflect", "0");
    EXPECT_TRUE(differing(HostProfile::rfc6437).empty());
    set("net.ipv6.auto_flowlabels", "2");
    EXPECT_EQ(differing(HostProfile::rfc6437), std::vector<std::string>{"net.ipv6.auto_flowlabels"});
}

/// LNX-29 for checks: a missing setting differs from the profile, except on a kernel without the feature that the
/// profile switches off.
TEST_F(HostReportTest, AMissingSettingDiffersAndHasNoCommand)
{
    modern();
    set("net.ipv6.flowlabel_reflect", "7");
    set("net.core.txrehash", "0");
    remove("net.ipv4.tcp_plb_enabled");
    kernel("6.1.0-25-amd64");
    EXPECT_TRUE(differing(HostProfile::anycast).empty()) << "no PLB before Linux 6.2";
    kernel("6.2.0");
    EXPECT_EQ(differing(HostProfile::anycast), std::vector<std::string>{"net.ipv4.tcp_plb_enabled"});
    remove("net.core.txrehash");
    kernel("5.8.15"); // labels change on this kernel, and no setting stops that
    const auto differences = check_profile(report(), HostProfile::anycast);

    ASSERT_EQ(differences.size(), 1u);
    EXPECT_EQ(differences[0].name, "net.core.txrehash");
    EXPECT_EQ(differences[0].command, "");
    EXPECT_NE(differences[0].reading.unavailable.find("does not exist"), std::string::npos);
}

TEST_F(HostReportTest, CommandsSetWhatTheProfileWants)
{
    modern();
    const auto differences = check_profile(report(), HostProfile::lab, "nsenter --net=/run/netns/x ");

    ASSERT_EQ(differences.size(), 3u);
    EXPECT_EQ(differences[0].command, "nsenter --net=/run/netns/x sysctl -w net.ipv6.auto_flowlabels=0");
    EXPECT_EQ(differences[0].wanted, 0);
    EXPECT_EQ(check_profile(report(), HostProfile::lab)[2].command, "sysctl -w net.ipv6.flowlabel_reflect=1");
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

TEST(NetnsCommandPrefix, IsSafeForAShell)
{
    EXPECT_EQ(netns_command_prefix("/run/netns/lab-1"), "nsenter --net=/run/netns/lab-1 ");
    EXPECT_EQ(netns_command_prefix("/run/netns/my lab"), "nsenter --net='/run/netns/my lab' ");
    EXPECT_EQ(netns_command_prefix("/run/netns/$(x)"), "nsenter --net='/run/netns/$(x)' ");
    EXPECT_EQ(netns_command_prefix("/run/netns/a'b'c"), R"(nsenter --net='/run/netns/a'\''b'\''c' )");
}

TEST(FindNetns, WhatIsNoNameIsWrongUsage)
{
    for (const std::string& name : {"", ".", "..", "a/b", "../../proc/self/ns/net", "/run/netns/x"}) {
        const auto found = find_netns(name);

        ASSERT_FALSE(found) << name;
        EXPECT_EQ(found.error().kind, Failure::usage) << name;
        EXPECT_FALSE(found.error().hint.empty());
    }
    EXPECT_EQ(*find_netns(std::to_string(getpid())), fs::path("/proc/" + std::to_string(getpid()) + "/ns/net"));
    EXPECT_FALSE(find_netns("no such namespace"));
    EXPECT_FALSE(find_netns("99999999"));
}

} // namespace
} // namespace flowlabel
