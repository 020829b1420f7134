// SPDX-License-Identifier: BSD-2-Clause
#include "host/report/host_report.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "base/fd.hpp"
#include "base/number.hpp"
#include "flowlabel/abi.h"
#include "flowlabel/result.hpp"
#include "host/report/host_settings.hpp"

namespace flowlabel {

namespace fs = std::filesystem;

bool KernelVersion::before(unsigned other_major, unsigned other_minor) const
{
    return !release.empty() && std::pair(major, minor) < std::pair(other_major, other_minor);
}

bool HostLease::excludes_others() const
{
    return share == LabelShare::exclusive || share == LabelShare::process || share == LabelShare::user || options != 0;
}

const Reading& HostReport::reading(std::string_view name) const
{
    return std::ranges::find(settings, name, &HostSetting::name)->reading;
}

/// Why PATH cannot be read; ERR is the errno.
static std::string reason(const fs::path& path, int err)
{
    switch (err) {
    case ENOENT:
        return path.string() + " does not exist";
    case EACCES:
    case EPERM:
        return path.string() + " needs root";
    default:
        return path.string() + ": " + strerror(err);
    }
}

/// The contents of a file of /proc. The error's `what` is the reason.
static Result<std::string> read_file(const fs::path& path)
{
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    char buffer[4096];

    if (!file)
        return fail(reason(path, errno));
    for (;;) {
        const ssize_t length = read(file.get(), buffer, sizeof(buffer));

        if (length < 0)
            return fail(reason(path, errno));
        if (length == 0)
            return text;
        text.append(buffer, static_cast<std::size_t>(length));
    }
}

static std::string_view without_newline(std::string_view text)
{
    return text.ends_with('\n') ? text.substr(0, text.size() - 1) : text;
}

static Reading read_integer(const fs::path& path)
{
    const auto text = read_file(path);

    if (!text)
        return {.value = {}, .unavailable = text.error().what};
    const auto value = number_of<std::int64_t>(without_newline(*text));

    if (!value)
        return {.value = {}, .unavailable = path.string() + " does not contain a number"};
    return {.value = value, .unavailable = {}};
}

static KernelVersion read_kernel(const fs::path& proc)
{
    const auto text = read_file(proc / "sys/kernel/osrelease");
    KernelVersion kernel;

    if (!text)
        return kernel;
    const std::string release(without_newline(*text));

    if (std::istringstream words(release); words >> kernel.major && words.get() == '.' && words >> kernel.minor)
        kernel.release = release;
    return kernel;
}

Reading read_sysctl(std::string name, const fs::path& proc)
{
    std::ranges::replace(name, '.', '/');
    return read_integer(proc / "sys" / name);
}

static HostSetting make_setting(const SettingKind& kind, const std::string& name, Reading reading,
                                const KernelVersion& kernel)
{
    HostSetting setting{.name = name, .reading = std::move(reading), .meaning = {}, .consequence = {}};

    if (setting.reading.value) {
        Explanation explanation = kind.explain(*setting.reading.value, kernel);

        setting.meaning = std::move(explanation.meaning);
        setting.consequence = std::move(explanation.consequence);
    }
    return setting;
}

static std::vector<HostSetting> read_settings(const fs::path& proc, const KernelVersion& kernel)
{
    std::vector<HostSetting> settings;

    for (const SettingKind& kind : namespace_settings())
        settings.push_back(make_setting(kind, kind.name, read_sysctl(kind.name, proc), kernel));
    return settings;
}

static std::vector<HostInterface> read_interfaces(const fs::path& proc, const KernelVersion& kernel)
{
    std::vector<HostInterface> interfaces;
    std::error_code ignored; // a kernel without IPv6 does not have this directory

    for (const auto& entry : fs::directory_iterator(proc / "sys/net/ipv6/conf", ignored)) {
        HostInterface interface{.name = entry.path().filename(), .settings = {}};
        std::string name = interface.name;

        std::ranges::replace(name, '.', '/'); // sysctl(8) writes the dots of a name as slashes
        for (const SettingKind& kind : interface_settings())
            interface.settings.push_back(make_setting(kind, fmt::format("net.ipv6.conf.{}.{}", name, kind.name),
                                                      read_integer(entry.path() / kind.name), kernel));
        interfaces.push_back(std::move(interface));
    }
    std::ranges::sort(interfaces, {}, &HostInterface::name);
    return interfaces;
}

/// The name of the user UID; empty if it has none.
static std::string user_name(std::int64_t uid)
{
    passwd entry{};
    passwd* found = nullptr;
    char buffer[4096];

    if (getpwuid_r(static_cast<uid_t>(uid), &entry, buffer, sizeof(buffer), &found) != 0 || !found)
        return {};
    return found->pw_name;
}

static std::string owner_name(const fs::path& proc, const HostLease& lease)
{
    if (lease.share == LabelShare::user)
        return user_name(lease.owner);
    if (lease.share != LabelShare::process || lease.owner == 0)
        return {};
    const auto command = read_file(proc / std::to_string(lease.owner) / "comm");

    return command ? std::string(without_newline(*command)) : std::string();
}

/// Parses an address of 32 hexadecimal digits without colons.
static std::optional<Address> address_of(std::string_view digits)
{
    Address address;

    if (digits.size() != 2 * address.octets.size())
        return std::nullopt;
    for (std::size_t i = 0; i < address.octets.size(); i++) {
        const auto byte = number_of<std::uint8_t>(digits.substr(2 * i, 2), 16);

        if (!byte)
            return std::nullopt;
        address.octets[i] = *byte;
    }
    return address;
}

/// Parses a line after the header: label, share, owner, users, linger, expires, destination, bytes of options.
static std::optional<HostLease> parse_lease(const std::string& line)
{
    std::istringstream words(line);
    std::string label;
    std::string dst;
    std::int64_t share = 0;
    HostLease lease;

    words >> label >> share >> lease.owner >> lease.users >> lease.linger >> lease.expires >> dst >> lease.options;
    const auto number = number_of<std::uint32_t>(label, 16);
    const auto address = address_of(dst);
    const bool whole = !words.fail() && (words >> std::ws).eof();

    if (!whole || !number || *number > FL_LABEL_MASK || !address || share < 0 || share > 255)
        return std::nullopt;
    lease.label = *number;
    lease.share = static_cast<LabelShare>(share);
    lease.dst = *address;
    return lease;
}

/// Uses thread-self, since /proc/net shows the namespace of the process's first thread.
static void read_leases(const fs::path& proc, HostReport& report)
{
    const fs::path path = proc / "thread-self/net/ip6_flowlabel";
    const auto text = read_file(path);

    if (!text) {
        report.leases_unavailable = text.error().what;
        return;
    }
    std::istringstream lines(*text);
    std::string line;

    std::getline(lines, line); // the header
    for (unsigned number = 2; std::getline(lines, line); number++) {
        auto lease = parse_lease(line);

        if (!lease) {
            report.leases_unavailable = fmt::format("line {} of {} has an unknown format", number, path.string());
            continue;
        }
        lease->owner_name = owner_name(proc, *lease);
        report.leases.push_back(std::move(*lease));
    }
}

HostReport read_host_report(const fs::path& proc)
{
    HostReport report{.kernel = read_kernel(proc)};

    report.settings = read_settings(proc, report.kernel);
    report.interfaces = read_interfaces(proc, report.kernel);
    read_leases(proc, report);
    report.verdicts = make_verdicts(report);
    return report;
}

} // namespace flowlabel
