// SPDX-License-Identifier: BSD-2-Clause
#include "programs.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <ctime>
#include <iterator>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "object.hpp"
#include "packet_shape.hpp"

namespace flowlabel::bench {

/// A program as a row of the benchmark.
struct Subject {
    const char* suite;
    const char* row;
    const char* program;
    fl_stamp_mode stamp = FL_STAMP_OFF;
    fl_prf prf = FL_PRF_SIPHASH_2_4;
    const char* filler = ""; ///< the program that fills the table; empty: PROGRAM
};

constexpr Subject subjects[] = {
    {"prog", "empty", "empty"},
    {"prog", "parse", "parse"},
    {"prog", "touch", "touch"},
    {.suite = "prog", .row = "count", .program = "count", .filler = "datapath"},
    {"prog", "observe", "datapath"},
    {"prog", "stamp-siphash-2-4", "stamp", FL_STAMP_ZERO, FL_PRF_SIPHASH_2_4},
    {"prog", "stamp-siphash-1-3", "stamp", FL_STAMP_ZERO, FL_PRF_SIPHASH_1_3},
    {"prog", "observe+stamp", "datapath", FL_STAMP_ZERO, FL_PRF_SIPHASH_2_4},
    {"prog", "track", "track"},
    {"prog", "track+stamp", "track", FL_STAMP_ZERO, FL_PRF_SIPHASH_2_4},
    {"alt", "bare-siphash-2-4", "bare_siphash"},
    {"alt", "LRU_PERCPU_HASH", "alt_lru_percpu_hash"},
    {"alt", "LRU_HASH+atomic", "alt_lru_hash"},
    {"alt", "HASH+atomic", "alt_hash"},
    {"alt", "HASH+spin_lock", "alt_hash_spin_lock"},
};

/// A loaded program and its packet.
class Runner {
public:
    Runner(const Subject& subject, const Shape& shape, std::uint64_t flows)
        : object_({.program = subject.program,
                   .filler = subject.filler,
                   .flows = flows,
                   .draw = shape.draw,
                   .l3 = shape.vlan ? 18u : 14u,
                   .labelled = shape.labelled,
                   .relabelled = shape.relabelled,
                   .tcp_offset = shape.tcp ? 44u + 8 * shape.extension_headers : 0,
                   .stamp = subject.stamp,
                   .prf = subject.prf,
                   .table_shift = shape.table_shift}),
          packet_(make_packet(shape))
    {
    }

    [[nodiscard]] Rings rings() const { return object_.rings(); }

    /// ns per packet over PACKETS packets.
    double run(std::uint32_t packets) { return run(object_.program(), packets); }

    /// Fills the maps, and the caches.
    void warm_up(std::uint32_t packets) { run(object_.filler(), packets); }

private:
    double run(int program, std::uint32_t packets);

    Object object_;
    std::vector<std::uint8_t> packet_;
};

/// The CPU time of this thread in ns, without that of other processes on this CPU.
static double cpu_time()
{
    timespec now{};

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double Runner::run(int program, std::uint32_t packets)
{
    std::vector<std::uint8_t> out(packet_.size() + 64);
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet_.data(), .data_out = out.data(),
                .data_size_in = static_cast<std::uint32_t>(packet_.size()),
                .data_size_out = static_cast<std::uint32_t>(out.size()), .repeat = static_cast<int>(packets));
    const double start = cpu_time();

    if (bpf_prog_test_run_opts(program, &options) != 0 || options.retval != XDP_PASS)
        throw std::runtime_error("the test run failed");
    return (cpu_time() - start) / packets;
}

/// Measures all subjects with one shape and number of flows. Each round runs all subjects, so that a disturbance
/// affects all of them.
static void compare(std::uint64_t flows, const Shape& shape, const ProgramOptions& options, Results& results)
{
    std::vector<Subject> chosen;
    std::vector<Runner> runners;
    // a round with few flows is short, and one disturbance can last for several
    const unsigned rounds = flows < 100'000 ? 3 * options.rounds : options.rounds;
    const auto warm_up =
        static_cast<std::uint32_t>(std::clamp<std::uint64_t>(3 * flows, 100'000, options.longest_warm_up));

    std::ranges::copy_if(subjects, std::back_inserter(chosen), [&](const Subject& subject) {
        return options.names.empty() || std::ranges::count(options.names, subject.row);
    });
    std::vector<std::vector<double>> samples(chosen.size());

    for (const Subject& subject : chosen) {
        runners.emplace_back(subject, shape, flows);
        runners.back().warm_up(warm_up);
    }
    for (unsigned round = 0; round < rounds; round++)
        for (std::size_t i = 0; i < runners.size(); i++)
            samples[i].push_back(runners[i].run(options.packets));
    for (std::size_t i = 0; i < runners.size(); i++)
        results.add(make_row({.suite = chosen[i].suite,
                              .name = chosen[i].row,
                              .flows = flows,
                              .variant = shape.name,
                              .unit = "ns/packet"},
                             samples[i]));
}

std::vector<std::string> program_names()
{
    std::vector<std::string> names;

    for (const Subject& subject : subjects)
        names.emplace_back(subject.row);
    return names;
}

/// Keeps this thread on CPU.
static void pin(unsigned cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

constexpr Subject observe = {"prog", "observe", "datapath"};

/// The packets per µs of CPUS CPUs together, starting with CPU FIRST, on the maps of one attachment.
static double rate_of(Runner& runner, unsigned first, unsigned cpus, std::uint32_t packets)
{
    std::vector<double> rates(cpus);
    {
        std::barrier start(static_cast<std::ptrdiff_t>(cpus)); // outlives the threads
        std::vector<std::jthread> threads;

        for (unsigned i = 0; i < cpus; i++)
            threads.emplace_back([&, i] {
                pin(first + i);
                start.arrive_and_wait();
                rates[i] = 1000 / runner.run(packets);
            });
    }
    return std::accumulate(rates.begin(), rates.end(), 0.0);
}

/// Measures with one CPU, with two, and so on up to all CPUs from FIRST on. All memory that a packet changes belongs to
/// its CPU.
static void scale(Runner& runner, std::uint64_t flows, unsigned first, const char* variant,
                  const ProgramOptions& options, Results& results)
{
    for (unsigned cpus = 1; first + cpus <= std::thread::hardware_concurrency(); cpus++) {
        std::vector<double> samples;

        for (unsigned round = 0; round <= options.rounds; round++) {
            const double rate = rate_of(runner, first, cpus, options.packets);

            if (round > 0) // the first round fills the tables
                samples.push_back(rate);
        }
        results.add(make_row({.suite = "prog",
                              .name = "observe",
                              .flows = flows,
                              .variant = fmt::format("{} CPU{}{}", cpus, cpus > 1 ? "s" : "", variant),
                              .unit = "Mpps"},
                             samples));
    }
}

static void scale(std::uint64_t flows, const ProgramOptions& options, Results& results)
{
    Runner runner(observe, {.name = "uniform"}, flows);

    scale(runner, flows, 0, "", options, results);
}

/// A reader without a pause would take away the cache lines that the programs are writing. The collector pauses ten
/// times as long.
constexpr auto reader_pause = std::chrono::milliseconds(1);

/// Takes all records from all rings. Returns the number of their packets.
static std::uint64_t take_all(Rings& rings)
{
    std::uint64_t packets = 0;

    for (unsigned cpu = 0; cpu < rings.cpus(); cpu++) {
        const auto records = rings.waiting(cpu);

        for (std::size_t i = 0; i < records.size(); i++)
            packets += records[i].flow_slot().packets;
        rings.set_position(cpu, rings.position(cpu) + records.size());
    }
    return packets;
}

/// A flood while a reader on the first CPU takes the records from the rings. The other CPUs send.
static void drain(std::uint64_t flows, const ProgramOptions& options, Results& results)
{
    Runner runner(observe, {.name = "uniform"}, flows);
    Rings rings = runner.rings();
    std::atomic<std::uint64_t> packets = 0; // so that the compiler keeps the reading of the records
    std::vector<double> samples;
    const std::jthread reader([&](const std::stop_token& stop) {
        pin(0);
        while (!stop.stop_requested()) {
            packets += take_all(rings);
            std::this_thread::sleep_for(reader_pause);
        }
    });

    runner.warm_up(static_cast<std::uint32_t>(options.longest_warm_up));
    for (unsigned round = 0; round < options.rounds; round++)
        samples.push_back(runner.run(options.packets));
    results.add(make_row(
        {.suite = "prog", .name = "observe", .flows = flows, .variant = "drained", .unit = "ns/packet"}, samples));
    scale(runner, flows, 1, ", drained", options, results);
}

/// Only what tracking connections costs, where these rows were asked for.
static void compare_tracking(const ProgramOptions& options, Results& results)
{
    ProgramOptions tracking = options;

    tracking.names = {"observe", "observe+stamp", "track", "track+stamp"};
    if (!options.names.empty())
        std::erase_if(tracking.names,
                      [&](const std::string& name) { return !std::ranges::count(options.names, name); });
    if (tracking.names.empty())
        return;
    for (const std::uint64_t flows : {1, 1'000}) {
        compare(flows, {.name = "tcp", .tcp = true}, tracking, results);
        compare(flows, {.name = "relabelled", .relabelled = true}, tracking, results);
    }
}

/// Only the lower bounds, and the row that comes closest to them.
static ProgramOptions limit_of(ProgramOptions options)
{
    options.names = {"touch", "count", "observe"};
    return options;
}

void run_programs(const ProgramOptions& options, Results& results)
{
    for (const std::uint64_t flows : options.flows)
        compare(flows, {.name = "uniform"}, options, results);
    compare_tracking(options, results);
    if (!options.variants)
        return;
    for (const std::uint64_t flows : options.flows)
        compare(flows, {.name = "zipf", .draw = Draw::zipf}, options, results);
    compare(1000, {.name = "vlan", .vlan = true}, options, results);
    compare(1000, {.name = "3-extensions", .extension_headers = 3}, options, results);
    compare(1000, {.name = "labelled", .labelled = true}, options, results);
    compare(1'000'000, {.name = "4-slots-a-flow", .table_shift = 22}, limit_of(options), results);
    drain(10'000'000, options, results);
    scale(1'000, options, results);
    scale(300'000, options, results);
    scale(10'000'000, options, results);
}

} // namespace flowlabel::bench
