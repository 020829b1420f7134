// SPDX-License-Identifier: BSD-2-Clause
#include "collector.hpp"

#include <fmt/format.h>
#include <net/if.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <ratio>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.hpp"
#include "collect/collector_watch.hpp"
#include "flowlabel/attachment.hpp"
#include "generator.hpp"
#include "lab.hpp"
#include "shell.hpp"
#include "sinks/clickhouse/batch.hpp"
#include "sinks/ipfix/ipfix_sink.hpp"
#include "sinks/jsonl/jsonl_file.hpp"

namespace flowlabel::bench {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t rate = 1'020'000; ///< records per second; lost time is not made up for
constexpr auto look_interval = 10ms;

/// A file that this process and its children can open. The kernel frees it when the last of them ends.
class MemoryFile {
public:
    MemoryFile() : fd_(memfd_create("bench", 0))
    {
        if (!fd_)
            throw std::runtime_error("cannot make a file in memory");
    }

    [[nodiscard]] std::string path() const { return fmt::format("/proc/self/fd/{}", fd_.get()); }

private:
    Fd fd_;
};

/// A collector on all CPUs except this one. It is killed at the end, so that it does not export what it still holds.
class CollectorProcess {
public:
    explicit CollectorProcess(const std::string& command_line)
    {
        std::string shell = "/bin/sh";
        std::string option = "-c";
        std::string text =
            fmt::format("exec taskset -c 0-{} {} 2>/dev/null", std::thread::hardware_concurrency() - 2, command_line);
        char* const arguments[] = {shell.data(), option.data(), text.data(), nullptr};

        if (posix_spawn(&pid_, shell.c_str(), nullptr, nullptr, arguments, environ) != 0)
            throw std::runtime_error("cannot start " + command_line);
    }
    CollectorProcess(const CollectorProcess&) = delete;
    CollectorProcess& operator=(const CollectorProcess&) = delete;
    ~CollectorProcess()
    {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }

    /// The CPU time in ns of the thread that drains and merges.
    [[nodiscard]] double cpu_ns() const
    {
        std::ifstream file(fmt::format("/proc/{0}/task/{0}/schedstat", pid_));
        double ns = 0;

        file >> ns;
        return ns;
    }

    /// The resident memory in MiB.
    [[nodiscard]] double memory() const
    {
        std::ifstream file(fmt::format("/proc/{}/statm", pid_));
        double size = 0;
        double resident = 0;

        file >> size >> resident;
        return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024 * 1024);
    }

private:
    pid_t pid_ = 0;
};

Attachment attachment(const Lab& lab)
{
    return std::move(find_attachments(Bpffs::open(lab.bpffs()).value(), {}).value().front());
}

void await_collector(const Lab& lab)
{
    const auto end = std::chrono::steady_clock::now() + 10s;

    while (!attachment(lab).collector()) {
        if (std::chrono::steady_clock::now() > end)
            throw std::runtime_error("the collector does not start");
        std::this_thread::sleep_for(look_interval);
    }
}

/// Sends for SECONDS. Returns the rate that was reached, in records per second.
double send(Generator& generator, unsigned seconds)
{
    return 1e9 / generator.send(rate * seconds);
}

struct Drain {
    const char* row;
    std::uint64_t flows;
    std::string options; ///< of `flowlabel collect`
};

/// A flood of changing flows through a small table, in which each packet makes a record.
void run_drain(const Drain& drain, const CollectorBenchOptions& options, Results& results)
{
    const Lab lab;
    Generator generator(drain.flows, if_nametoindex(Lab::sender), std::nano::den / rate);
    const auto add = [&](const char* variant, const char* unit, double value) {
        results.add(
            make_row({.suite = "collector", .name = drain.row, .flows = drain.flows, .variant = variant, .unit = unit},
                     {value}));
    };

    command(lab.flowlabel(fmt::format("attach {} --flows 1024 >/dev/null", Lab::receiver)));
    const CollectorProcess collector(
        lab.flowlabel(fmt::format("collect {} --max-flows {}", drain.options, drain.flows)));
    await_collector(lab);
    const Attachment attached = attachment(lab);

    send(generator, options.warm_up);
    const double cpu = collector.cpu_ns();
    const Totals before = attached.totals();
    const double reached = send(generator, options.seconds);
    const Totals after = attached.totals();
    const auto records = static_cast<double>(after.spilled.packets - before.spilled.packets);

    add("sent", "Mrecords/s", reached / 1e6);
    add("lost", "records", static_cast<double>(after.lost.packets));
    add("thread", "ns/record", (collector.cpu_ns() - cpu) / records);
    add("memory", "MiB", collector.memory());
}

/// Writes BATCHES and returns how many records it wrote.
using Write = std::function<std::size_t(std::span<const RecordBatch* const> batches)>;

/// The time in ns that WRITE takes for a record, when it gets as many at once as from a collector.
std::vector<double> measure(const Write& write, unsigned rounds)
{
    constexpr std::size_t batches = 8;
    constexpr std::size_t records = 512;
    constexpr unsigned writes = 64; // per round
    std::vector<RecordBatch> made(batches);
    std::vector<const RecordBatch*> given;
    std::vector<double> samples;
    std::uint64_t number = 0;

    for (RecordBatch& batch : made) {
        batch.point = {.interface = "eth0", .ifindex = 2, .hook = FL_HOOK_XDP};
        for (std::size_t i = 0; i < records; i++) {
            FlowRecord record{.flow = {}, .reason = EndReason::idle};

            number = number * 6364136223846793005u + 1442695040888963407u;
            record.flow.src = Address({0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0,
                                       static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)});
            record.flow.label = static_cast<std::uint32_t>(number >> 44);
            record.flow.packets = number >> 54;
            record.flow.octets = number >> 46;
            record.flow.first_seen = 1'750'000'000'000'000'000 + (number >> 30);
            record.flow.last_seen = record.flow.first_seen + (number >> 33);
            batch.records.push_back(record);
        }
        given.push_back(&batch);
    }
    for (unsigned round = 0; round <= rounds; round++) {
        const auto start = std::chrono::steady_clock::now();

        for (unsigned i = 0; i < writes; i++)
            if (write(given) != batches * records)
                throw std::runtime_error("an exporter did not take all records");
        if (round > 0) // the first round warms up
            samples.push_back(
                std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() /
                (writes * batches * records));
    }
    return samples;
}

void run_exporters(const CollectorBenchOptions& options, Results& results)
{
    const auto file = JsonlFile::open("/dev/null");

    const MemoryFile memory;
    const auto ipfix =
        IpfixSink::open(parse_ipfix_url("file:" + memory.path()).value(), {}, std::make_shared<CollectorWatch>());

    const auto add = [&](const char* name, const Write& write) {
        results.add(
            make_row({.suite = "collector", .name = name, .unit = "ns/record"}, measure(write, options.rounds)));
    };

    add("jsonl", [&](auto batches) { return file.value()->write(batches).written; });
    add("ipfix", [&](auto batches) { return ipfix.value()->write(batches).written; });
    add("clickhouse block", [](auto batches) { return make_batch(batches, SIZE_MAX, "router", {}, 0).records; });
}

/// Runs the drain with fewer flows, which end and are exported all the time.
void run_export(std::uint64_t flows, Results& results)
{
    const MemoryFile memory;
    const std::string to_file = fmt::format("--ipfix file:{} --idle 1s", memory.path());

    run_drain({"drain, export", flows, to_file}, {.warm_up = 2, .seconds = 5}, results);
}

} // namespace

void run_collector(const CollectorBenchOptions& options, Results& results)
{
    run_exporters(options, results);
    if (std::thread::hardware_concurrency() < 2)
        throw std::runtime_error("the suite collector takes two CPUs: one sends, one collects");
    run_drain({"drain", options.flows, "--jsonl /dev/null --idle 1h --active 1h"}, options, results);
    run_export(options.flows / 10, results);
}

} // namespace flowlabel::bench
