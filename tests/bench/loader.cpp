// SPDX-License-Identifier: BSD-2-Clause
#include "loader.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "flowlabel/attachment.hpp"
#include "flowlabel/table.hpp"
#include "lab.hpp"
#include "maps/map_list.hpp"
#include "maps/mapped_table.hpp"
#include "maps/program.hpp"
#include "object.hpp"
#include "packet_shape.hpp"
#include "shell.hpp"
#include "watch/watch_report.hpp"

namespace flowlabel::bench {

namespace {

constexpr std::uint8_t table_shift = 21;
constexpr std::uint32_t batch = 1u << 16;

/// The number of flows to send so that FLOWS are live: at half load three in a hundred find their set full.
std::uint64_t enough(std::uint64_t flows)
{
    return flows + flows / 20;
}

/// Every CPU sends packets of all flows through PROGRAM, so that there is something to merge.
void fill(int program)
{
    std::vector<std::uint8_t> packet = make_packet({.name = "uniform"});
    std::vector<std::uint8_t> out(packet.size());
    cpu_set_t before;

    sched_getaffinity(0, sizeof(before), &before);
    for (unsigned cpu = 0; cpu < std::thread::hardware_concurrency(); cpu++) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet.data(), .data_out = out.data(),
                    .data_size_in = static_cast<std::uint32_t>(packet.size()),
                    .data_size_out = static_cast<std::uint32_t>(out.size()), .repeat = 1 << 24);
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        sched_setaffinity(0, sizeof(set), &set);
        if (bpf_prog_test_run_opts(program, &options) != 0)
            throw std::runtime_error("cannot fill the table");
    }
    sched_setaffinity(0, sizeof(before), &before);
}

/// The wall time of WORK in ms, one sample per round.
std::vector<double> measure(unsigned rounds, const std::function<void()>& work)
{
    std::vector<double> samples;

    for (unsigned round = 0; round <= rounds; round++) {
        const auto start = std::chrono::steady_clock::now();

        work();
        if (round > 0) // the first round warms up
            samples.push_back(
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    return samples;
}

/// The size of a map in MiB, as the kernel reports it.
double memory_of(int map)
{
    std::ifstream file(fmt::format("/proc/self/fdinfo/{}", map));
    std::string name;

    while (file >> name)
        if (name == "memlock:") {
            double octets = 0;

            file >> octets;
            return octets / (1024 * 1024);
        }
    throw std::runtime_error("the kernel does not say how large a map is");
}

/// Maps the table, merges the parts of all CPUs into an array, and unmaps it. Returns the number of flows.
std::size_t scan(int table, unsigned cpus)
{
    const std::size_t sets = std::size_t{cpus} << (table_shift - FL_WAYS_SHIFT);
    void* const mapped = mmap(nullptr, sets * sizeof(fl_set), PROT_READ, MAP_SHARED, table, 0);

    if (mapped == MAP_FAILED)
        throw std::runtime_error("cannot map the table");
    const std::size_t flows = TableView({static_cast<const fl_set*>(mapped), sets}, cpus).flows().size();

    munmap(mapped, sets * sizeof(fl_set));
    return flows;
}

/// All connections of TABLE, with times of day.
Connections read_connections(const MappedTable& table)
{
    Connections connections;

    connections.reserve(1u << table_shift);
    table.connections().each(
        [&](const TableConnection& connection) { connections.push_back(make_connection(connection, 0)); });
    return connections;
}

struct AltKey {
    std::uint64_t words[4];
    std::uint64_t label;
};

struct AltValue {
    std::uint64_t packets;
    std::uint64_t octets;
    std::uint64_t first;
    std::uint64_t last;
};

struct AltFlow {
    AltKey key;
    AltValue value;
};

AltValue merge(const AltValue* values, unsigned cpus)
{
    AltValue sum = values[0];

    for (unsigned cpu = 1; cpu < cpus; cpu++) {
        if (!values[cpu].packets)
            continue;
        sum.packets += values[cpu].packets;
        sum.octets += values[cpu].octets;
        sum.last = std::max(sum.last, values[cpu].last);
    }
    return sum;
}

/// Reads the kernel's per-CPU hash with BPF_MAP_LOOKUP_BATCH and merges its CPUs. Returns the number of flows.
std::size_t look_up(int map, unsigned cpus)
{
    std::vector<AltKey> keys(batch);
    std::vector<AltValue> values(std::size_t{batch} * cpus);
    std::vector<AltFlow, HugePages<AltFlow>> flows;
    std::uint32_t position = 0;
    int result = 0;

    flows.reserve(1u << table_shift);
    for (bool first = true; result == 0; first = false) {
        std::uint32_t count = batch;

        result = bpf_map_lookup_batch(map, first ? nullptr : &position, &position, keys.data(), values.data(), &count,
                                      nullptr);
        if (result != 0 && result != -ENOENT)
            throw std::runtime_error("the batch look-up failed");
        for (std::uint32_t i = 0; i < count; i++)
            flows.push_back({keys[i], merge(&values[std::size_t{i} * cpus], cpus)});
    }
    return flows.size();
}

void check_count(std::size_t found, std::uint64_t wanted)
{
    if (found < wanted)
        throw std::runtime_error(fmt::format("{} flows of {} are live", found, wanted));
}

/// Adds rows to RESULTS.
auto adder(const LoaderOptions& options, Results& results)
{
    return [&](const char* name, const char* variant, const char* unit, std::vector<double> samples) {
        results.add(make_row(
            {.suite = "loader", .name = name, .flows = options.flows, .variant = variant, .unit = unit}, samples));
    };
}

/// What one look of `flowlabel watch` costs, at connections without changes.
void run_watch(const LoaderOptions& options, Results& results)
{
    const auto add = adder(options, results);
    Object object({.program = "track", .flows = enough(options.flows), .table_shift = table_shift});
    const MappedTable table(maps_of(*object.skeleton().obj), possible_cpus().value(), 1u << table_shift,
                            {.track = true}, Mapping::Access::read);

    if (!table)
        throw std::runtime_error("cannot map the table of connections");
    fill(object.program());
    add("track", "scan", "ms",
        measure(options.rounds, [&] { check_count(read_connections(table).size(), options.flows); }));
    const std::vector<Connections> places{read_connections(table)};
    add("watch", "report", "ms", measure(options.rounds, [&] {
            check_count(make_watch_report(places, {}, Level::warning).connections, options.flows);
        }));
}

void run_readers(const LoaderOptions& options, Results& results)
{
    const unsigned cpus = possible_cpus().value();
    const auto add = adder(options, results);
    {
        Object object({.program = "datapath", .flows = enough(options.flows), .table_shift = table_shift});
        const int table = bpf_map__fd(object.skeleton().maps.table);

        fill(object.program());
        add("observe", "scan", "ms", measure(options.rounds, [&] { check_count(scan(table, cpus), options.flows); }));
        add("observe", "table", "MiB", {memory_of(table)});
    }
    run_watch(options, results);
    Object object({.program = "alt_lru_percpu_hash", .flows = enough(options.flows), .table_shift = table_shift});
    const int map = bpf_map__fd(object.skeleton().maps.lru_percpu_hash);

    fill(object.program());
    add("LRU_PERCPU_HASH", "batch look-up", "ms",
        measure(options.rounds, [&] { check_count(look_up(map, cpus), options.flows); }));
    add("LRU_PERCPU_HASH", "table", "MiB", {memory_of(map)});
}

/// Sends a packet of each flow through the attached program, with one system call per packet: unlike the programs of
/// the benchmark, it does not choose the flows itself.
void send_flows(const Attachment& attachment, std::uint64_t flows)
{
    constexpr std::size_t source = 14 + 20; // the last word of the source address in the frame
    const Fd program(bpf_prog_get_fd_by_id(attachment.info().program_id));
    std::vector<std::uint8_t> packet = make_packet({.name = "uniform"});
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet.data(),
                .data_size_in = static_cast<std::uint32_t>(packet.size()), .repeat = 1);

    for (std::uint32_t flow = 0; flow < flows; flow++) {
        std::memcpy(packet.data() + source, &flow, sizeof(flow));
        if (bpf_prog_test_run_opts(program.get(), &options) != 0)
            throw std::runtime_error("cannot run the attached program");
    }
}

/// Attaches the program, and sends it a packet of each of FLOWS flows.
void attach_and_fill(const Lab& lab, std::uint64_t flows)
{
    const Bpffs bpffs = Bpffs::open(lab.bpffs()).value();
    std::optional<DetachReport> detached;

    if (const auto report = attach(bpffs, {.interface = lab.receiver, .slots = 1u << table_shift}, detached); !report)
        throw std::runtime_error(report.error().what);
    send_flows(find_attachments(bpffs, {}).value().front(), flows);
}

void run_command(const LoaderOptions& options, Results& results)
{
    const Lab lab;
    const std::string script = lab.flowlabel(fmt::format("flows {} --limit 100 --json", lab.receiver));
    std::vector<double> ms;
    std::vector<double> mib;

    attach_and_fill(lab, enough(options.flows));
    for (unsigned round = 0; round < options.rounds; round++) {
        const Usage usage = measure_command(script);

        ms.push_back(usage.ms);
        mib.push_back(usage.mib);
    }
    Row row{.suite = "loader", .name = "flows --limit 100 --json", .flows = options.flows, .unit = "ms"};

    results.add(make_row(row, ms));
    row.unit = "MiB";
    results.add(make_row(row, mib));
}

} // namespace

void run_loader(const LoaderOptions& options, Results& results)
{
    run_readers(options, results);
    run_command(options, results);
}

} // namespace flowlabel::bench
