// SPDX-License-Identifier: BSD-2-Clause
#include "results.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace flowlabel::bench {

Row make_row(Row row, std::vector<double> samples)
{
    std::ranges::sort(samples);
    const std::size_t count = samples.size();

    row.value = count % 2 ? samples[count / 2] : (samples[count / 2 - 1] + samples[count / 2]) / 2;
    row.spread = (samples[count * 3 / 4] - samples[count / 4]) / 2;
    return row;
}

void Results::add(const Row& row)
{
    if (rows_.empty())
        fmt::print("{:<8} {:<22} {:>9}  {:<16} {:>10} {:>8}  {}\n", "suite", "name", "flows", "variant", "median", "+-",
                   "unit");
    fmt::print("{:<8} {:<22} {:>9}  {:<16} {:>10.2f} {:>8.2f}  {}\n", row.suite, row.name, row.flows, row.variant,
               row.value, row.spread, row.unit);
    std::fflush(stdout);
    rows_.push_back(row);
}

constexpr const char* schema = "flowlabel.bench/1";

Results Results::read(const nlohmann::json& document)
{
    Results results;

    if (!document.is_object() || document.value("schema", "") != schema)
        throw std::runtime_error(fmt::format("what is to be drawn is no {} document; --json makes one", schema));
    for (const auto& row : document.at("results"))
        results.rows_.push_back({.suite = row.at("suite"),
                                 .name = row.at("name"),
                                 .flows = row.at("flows"),
                                 .variant = row.at("variant"),
                                 .value = row.at("value"),
                                 .unit = row.at("unit"),
                                 .spread = row.at("spread")});
    return results;
}

static std::string processor()
{
    std::ifstream file("/proc/cpuinfo");
    std::string line;

    while (std::getline(file, line))
        if (line.starts_with("model name"))
            return line.substr(line.find(':') + 2);
    return "unknown";
}

nlohmann::ordered_json Results::json() const
{
    utsname system{};
    nlohmann::ordered_json results = nlohmann::ordered_json::array();

    uname(&system);
    for (const Row& row : rows_)
        results.push_back({{"suite", row.suite},
                           {"name", row.name},
                           {"flows", row.flows},
                           {"variant", row.variant},
                           {"value", row.value},
                           {"unit", row.unit},
                           {"spread", row.spread}});
    return {
        {"schema", schema},
        {"machine",
         {{"processor", processor()},
          {"cpus", std::thread::hardware_concurrency()},
          {"kernel", system.release},
          {"architecture", system.machine}}},
        {"results", results},
    };
}

} // namespace flowlabel::bench
