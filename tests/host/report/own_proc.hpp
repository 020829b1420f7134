// SPDX-License-Identifier: BSD-2-Clause
/// Host reports for /proc trees of kernels that have more or fewer files than the running kernel.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "host/report/host_report.hpp"

namespace flowlabel {

namespace fs = std::filesystem;

inline constexpr const char* lease_header =
    "Label S Owner  Users  Linger Expires  Dst                              Opt\n";
inline constexpr const char* lease_file = "thread-self/net/ip6_flowlabel";

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

} // namespace flowlabel
