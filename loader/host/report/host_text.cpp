// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "base/interface.hpp"
#include "base/printable.hpp"
#include "host/report/host_output.hpp"

namespace flowlabel {

static std::string value_text(const Reading& reading)
{
    return reading.value ? std::to_string(*reading.value) : "unavailable";
}

static void write_settings(const std::vector<HostSetting>& settings, const TextWriter& write)
{
    for (const HostSetting& setting : settings)
        if (setting.reading.value)
            write(fmt::format("{} = {}\n    {}\n    {}\n", setting.name, *setting.reading.value, setting.meaning,
                              setting.consequence));
        else
            write(fmt::format("{}: unavailable\n    {}\n", setting.name, printable(setting.reading.unavailable)));
}

static void write_interfaces(const std::vector<HostInterface>& interfaces, const TextWriter& write)
{
    if (interfaces.empty())
        return write("net.ipv6.conf: unavailable\n");
    std::string header = fmt::format("{:<15}", "INTERFACE");

    for (const HostSetting& setting : interfaces.front().settings)
        header += "  " + setting.name.substr(setting.name.rfind('.') + 1);
    write(header + "\n");
    for (const HostInterface& interface : interfaces) {
        std::string row = fmt::format("{:<15}", printable(interface.name));

        for (const HostSetting& setting : interface.settings) {
            const std::size_t width = setting.name.size() - setting.name.rfind('.') - 1;

            row += fmt::format("  {:<{}}", setting.reading.value ? value_text(setting.reading) : "-", width);
        }
        row.erase(row.find_last_not_of(' ') + 1);
        write(row + "\n");
    }
}

/// "PID 1234 (iperf3)", "UID 0 (root)", or "-" if the kernel has no owner for the share.
static std::string owner_text(const HostLease& lease)
{
    const std::string name = lease.owner_name.empty() ? "unavailable" : printable(lease.owner_name);

    if (lease.share == LabelShare::user)
        return fmt::format("UID {} ({})", lease.owner, name);
    if (lease.share == LabelShare::process && lease.owner != 0)
        return fmt::format("PID {} ({})", lease.owner, name);
    return "-";
}

static void write_leases(const HostReport& report, const TextWriter& write)
{
    if (!report.leases_unavailable.empty())
        write(fmt::format("leases: unavailable\n    {}\n", printable(report.leases_unavailable)));
    if (report.leases.empty()) {
        write(report.leases_unavailable.empty() ? "no label is leased\n" : "");
        return;
    }
    write(fmt::format("{:<7}  {:<7}  {:<28}  {:>5}  {:>6}  {:>7}  {:>7}  {}\n", "LABEL", "SHARE", "OWNER", "USERS",
                      "LINGER", "EXPIRES", "OPTIONS", "DESTINATION"));
    for (const HostLease& lease : report.leases)
        write(fmt::format("0x{:05x}  {:<7}  {:<28}  {:>5}  {:>4} s  {:>5} s  {:>7}  {}\n", lease.label,
                          name_of(lease.share), owner_text(lease), lease.users, lease.linger, lease.expires,
                          lease.options, lease.dst.text()));
}

static void write_check(const HostCheck& check, const TextWriter& write)
{
    if (check.differences.empty())
        write(fmt::format("all settings match profile {}\n", name_of(check.profile)));
    for (const ProfileDifference& difference : check.differences) {
        write(fmt::format("{} is {}, profile {} wants {}: {}\n", printable(difference.name),
                          value_text(difference.reading), name_of(check.profile), difference.wanted, difference.why));
        write(difference.command.empty() ? fmt::format("    {}\n", printable(difference.reading.unavailable))
                                         : fmt::format("    {}\n", printable(difference.command)));
    }
}

void write_host_text(const HostDocument& document, const TextWriter& write)
{
    const HostReport& report = document.report;

    const std::string name = netns_name(document.netns_inode);

    if (document.check)
        return write_check(*document.check, write);
    write(fmt::format("Linux {}, network namespace {}{}\n\n",
                      report.kernel.release.empty() ? "(release unavailable)" : report.kernel.release,
                      document.netns_inode, name.empty() ? "" : fmt::format(" ({})", printable(name))));
    for (const HostVerdict& verdict : report.verdicts)
        write(printable(verdict.text) + "\n");
    write("\n");
    write_settings(report.settings, write);
    write("\n");
    write_interfaces(report.interfaces, write);
    write("\n");
    write_leases(report, write);
}

} // namespace flowlabel
