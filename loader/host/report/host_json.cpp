// SPDX-License-Identifier: BSD-2-Clause
#include "base/interface.hpp"
#include "base/time.hpp"
#include "host/report/host_output.hpp"
#include "output/json_text.hpp"

namespace flowlabel {

/// The number, or null.
static Json value_json(const Reading& reading)
{
    return reading.value ? Json(*reading.value) : Json(nullptr);
}

/// TEXT, or null if it is empty (unavailable).
static Json text_json(const std::string& text)
{
    return text.empty() ? Json(nullptr) : Json(text);
}

static Json setting_json(const HostSetting& setting)
{
    Json json = {{"name", setting.name}, {"value", value_json(setting.reading)}};

    if (!setting.reading.value) {
        json["unavailable"] = setting.reading.unavailable;
        return json;
    }
    json["meaning"] = setting.meaning;
    json["consequence"] = setting.consequence;
    return json;
}

static Json settings_json(const std::vector<HostSetting>& settings)
{
    Json json = Json::array();

    for (const HostSetting& setting : settings)
        json.push_back(setting_json(setting));
    return json;
}

static Json owner_json(const HostLease& lease)
{
    if (lease.share == LabelShare::user)
        return {{"uid", lease.owner}, {"user", text_json(lease.owner_name)}};
    if (lease.share == LabelShare::process && lease.owner != 0)
        return {{"pid", lease.owner}, {"command", text_json(lease.owner_name)}};
    return nullptr;
}

static Json leases_json(const std::vector<HostLease>& leases)
{
    Json json = Json::array();

    for (const HostLease& lease : leases)
        json.push_back({
            {"label", lease.label},
            {"share", name_of(lease.share)},
            {"owner", owner_json(lease)},
            {"users", lease.users},
            {"linger", lease.linger},
            {"expires", lease.expires},
            {"dst", lease.dst.text()},
            {"options", lease.options},
        });
    return json;
}

static Json check_json(const HostCheck& check)
{
    Json differences = Json::array();

    for (const ProfileDifference& difference : check.differences)
        differences.push_back({
            {"name", difference.name},
            {"value", value_json(difference.reading)},
            {"wanted", difference.wanted},
            {"why", difference.why},
            {"command", text_json(difference.command)},
        });
    return {{"profile", name_of(check.profile)}, {"agrees", differences.empty()}, {"differences", differences}};
}

static Json source_json(const HostDocument& document)
{
    Json source = {{"kernel", text_json(document.report.kernel.release)}, {"netns", document.netns_inode}};

    if (const std::string name = netns_name(document.netns_inode); !name.empty())
        source["netns_name"] = name;
    return source;
}

Json host_json(const HostDocument& document)
{
    const HostReport& report = document.report;
    Json verdicts = Json::array();
    Json interfaces = Json::array();
    Json profiles = Json::object();

    for (const HostVerdict& verdict : report.verdicts)
        verdicts.push_back({{"topic", verdict.topic}, {"text", verdict.text}});
    for (const HostInterface& interface : report.interfaces)
        interfaces.push_back({{"interface", interface.name}, {"settings", settings_json(interface.settings)}});
    for (const HostProfile profile : host_profiles)
        profiles[name_of(profile)] = check_profile(report, profile).empty();

    Json json = {
        {"schema", "flowlabel.host/1"},
        {"source", source_json(document)},
        {"captured_at", rfc3339(document.captured_at)},
        {"verdicts", verdicts},
        {"settings", settings_json(report.settings)},
        {"interfaces", interfaces},
        {"leases", leases_json(report.leases)},
        {"leases_unavailable", text_json(report.leases_unavailable)},
        {"profiles", profiles},
    };

    if (document.check)
        json["check"] = check_json(*document.check);
    return json;
}

} // namespace flowlabel
