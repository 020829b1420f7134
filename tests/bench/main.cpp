// SPDX-License-Identifier: BSD-2-Clause
/// The benchmark: tools/bench builds and runs it.
#include <fmt/format.h>
#include <sched.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <thread>

#include "collector.hpp"
#include "loader.hpp"
#include "offline.hpp"
#include "path.hpp"
#include "plot.hpp"
#include "programs.hpp"
#include "results.hpp"

namespace flowlabel::bench {

/// Pins the process to the last CPU: the first one does more of the system's own work.
static void pin()
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(std::thread::hardware_concurrency() - 1, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

/// A file that the run writes. It is opened before the run, so that a wrong name does not cost a whole run.
class Document {
public:
    explicit Document(const std::filesystem::path& path) : path_(path), file_(path)
    {
        if (!file_)
            throw std::runtime_error("cannot write " + path.string());
    }

    void write(const std::string& text)
    {
        if (!(file_ << text).flush())
            throw std::runtime_error("cannot write " + path_.string());
    }

private:
    std::filesystem::path path_;
    std::ofstream file_;
};

static void draw(const Results& results, const std::filesystem::path& directory)
{
    Document(directory / "flows.svg").write(plot_flows(results.rows()));
    if (const std::string cpus = plot_cpus(results.rows()); !cpus.empty())
        Document(directory / "cpus.svg").write(cpus);
}

static int run(int argc, char** argv)
{
    CLI::App app("Measures the datapath and what people would use instead of it.", "bench");
    std::string json_file;
    std::string plot_directory;
    std::string drawn_again;
    LoaderOptions loader;
    CollectorBenchOptions collector;
    std::vector<std::string> suites = {"prog", "path", "loader", "offline", "collector"};
    bool quick = false;
    OfflineOptions offline{.flows = {1, 1'000}};
    PathOptions path{.flows = {1'000, 300'000, 1'000'000}};
    Results results;
    ProgramOptions programs{.flows = {1, 1'000, 30'000, 300'000, 1'000'000, 10'000'000}};

    app.add_flag("--quick", quick,
                 "fewer rounds and numbers of flows, no variants: rough results in under two minutes");
    app.add_option("--json", json_file, "write the results as a flowlabel.bench/1 document")->type_name("FILE");
    auto* const plot =
        app.add_option(
               "--plot", plot_directory,
               "draw cost against flows as DIR/flows.svg, and packets against CPUs, where there are more than two, "
               "as DIR/cpus.svg")
            ->type_name("DIR");
    app.add_option("--from", drawn_again, "measure nothing, and draw what --json wrote in another run")
        ->type_name("FILE")
        ->check(CLI::ExistingFile)
        ->needs(plot);
    auto* const flows = app.add_option("--flows", programs.flows, "numbers of flows");

    flows->delimiter(',')->check([](const std::string& number) {
        return number == "0" ? std::string("there is no packet without a flow") : std::string();
    });
    app.add_option("--only", programs.names, "names of the rows of prog and alt to measure")
        ->delimiter(',')
        ->type_name("NAME,...")
        ->check(CLI::IsMember(program_names()));
    app.add_option("--suite", suites, "of prog (with alt), path, loader, offline and collector")
        ->delimiter(',')
        ->check(CLI::IsMember(suites));
    CLI11_PARSE(app, argc, argv);
    if (quick) {
        if (flows->empty())
            programs.flows = {1, 1'000, 300'000, 1'000'000, 10'000'000};
        programs.rounds = 3;
        programs.packets = 250'000;
        programs.longest_warm_up = 1u << 21;
        programs.variants = false;
        path.flows = {1'000, 300'000};
        path.rounds = 3;
        path.packets = 400'000;
        path.longest_warm_up = 1u << 20;
        loader.rounds = 1;
        offline.rounds = 3;
        offline.packets = 400'000;
        collector.flows = 1'000'000;
        collector.warm_up = 1;
        collector.seconds = 2;
        collector.rounds = 3;
    }
    std::optional<Document> json;

    if (!json_file.empty())
        json.emplace(json_file);
    if (!plot_directory.empty() && !std::filesystem::is_directory(plot_directory))
        throw std::runtime_error(plot_directory + " is no directory");
    if (!drawn_again.empty()) {
        draw(Results::read(nlohmann::json::parse(std::ifstream(drawn_again), nullptr, false)), plot_directory);
        return 0;
    }
    pin();
    if (std::ranges::count(suites, "prog"))
        run_programs(programs, results);
    if (std::ranges::count(suites, "path"))
        run_path(path, results);
    if (std::ranges::count(suites, "loader"))
        run_loader(loader, results);
    if (std::ranges::count(suites, "offline"))
        run_offline(offline, results);
    if (std::ranges::count(suites, "collector"))
        run_collector(collector, results);
    if (json)
        json->write(results.json().dump(1) + '\n');
    if (!plot_directory.empty())
        draw(results, plot_directory);
    return 0;
}

} // namespace flowlabel::bench

int main(int argc, char** argv)
{
    try {
        return flowlabel::bench::run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench: error: {}\n", error.what());
        return 1;
    }
}
