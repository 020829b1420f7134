// SPDX-License-Identifier: BSD-2-Clause
#include "programs.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <ctime>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>

#include "flowlabel/abi.h"
#include "program.hpp"
#include "stream.hpp"

// behind abi.h, whose types it names
#include "bench.skel.h"

namespace flowlabel::bench {

constexpr std::uint8_t table_shift = 20; ///< 2^20 slots or entries, in every table
constexpr std::size_t stream_length = 1u << 24;

/// A program as a row of the benchmark.
struct Subject {
    const char* suite;
    const char* row;
    const char* program;
    fl_stamp_mode stamp = FL_STAMP_OFF;
    fl_prf prf = FL_PRF_SIPHASH_2_4;
};

constexpr Subject subjects[] = {
    {"prog", "empty", "empty"},
    {"prog", "parse", "parse"},
    {"prog", "touch", "touch"},
    {"prog", "observe", "datapath"},
    {"prog", "stamp-siphash-2-4", "stamp", FL_STAMP_ZERO, FL_PRF_SIPHASH_2_4},
    {"prog", "stamp-siphash-1-3", "stamp", FL_STAMP_ZERO, FL_PRF_SIPHASH_1_3},
    {"prog", "observe+stamp", "datapath", FL_STAMP_ZERO, FL_PRF_SIPHASH_2_4},
    {"alt", "bare-siphash-2-4", "bare_siphash"},
    {"alt", "LRU_PERCPU_HASH", "alt_lru_percpu_hash"},
    {"alt", "LRU_HASH+atomic", "alt_lru_hash"},
    {"alt", "HASH+atomic", "alt_hash"},
    {"alt", "HASH+spin_lock", "alt_hash_spin_lock"},
};

/// The packet that all rows are given.
struct Shape {
    std::string name;
    Draw draw = Draw::uniform;
    bool vlan = false;
    unsigned extension_headers = 0;
    bool labelled = false;
};

static std::vector<std::uint8_t> make_packet(const Shape& shape)
{
    std::vector<std::uint8_t> packet(12, 0x02); // the addresses
    std::uint8_t next_header = 17;
    std::vector<std::uint8_t> behind = {0x30, 0x39, 0, 53, 0, 16, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}; // UDP

    for (unsigned i = 0; i < shape.extension_headers; i++) { // destination options: PadN
        behind.insert(behind.begin(), {next_header, 0, 1, 4, 0, 0, 0, 0});
        next_header = 60;
    }
    if (shape.vlan)
        packet.insert(packet.end(), {0x81, 0, 0, 7});
    packet.insert(packet.end(), {0x86, 0xDD, 0x60, 0, 0, 0, 0, static_cast<std::uint8_t>(behind.size()), next_header, 64});
    packet.insert(packet.end(), {0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    packet.insert(packet.end(), {0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    packet.insert(packet.end(), behind.begin(), behind.end());
    return packet;
}

struct DestroySkeleton {
    void operator()(bench_bpf* skeleton) const { bench_bpf__destroy(skeleton); }
};

/// A loaded program with maps of its own.
class Runner {
public:
    Runner(const Subject& subject, const Shape& shape, std::uint64_t flows);

    /// ns per packet over PACKETS packets.
    double run(std::uint32_t packets);

private:
    void choose(const char* program);

    std::unique_ptr<bench_bpf, DestroySkeleton> skeleton_;
    int program_ = -1;
    std::vector<std::uint8_t> packet_;
};

/// Leaves out every other program, and the maps that only those use.
void Runner::choose(const char* program)
{
    bpf_program* each = nullptr;
    const struct {
        bpf_map* map;
        const char* user;
    } alternatives[] = {
        {skeleton_->maps.lru_percpu_hash, "alt_lru_percpu_hash"},
        {skeleton_->maps.lru_hash, "alt_lru_hash"},
        {skeleton_->maps.hash, "alt_hash"},
        {skeleton_->maps.hash_locked, "alt_hash_spin_lock"},
    };

    bpf_object__for_each_program(each, skeleton_->obj)
        bpf_program__set_autoload(each, std::string_view(program) == bpf_program__name(each));
    for (const auto& [map, user] : alternatives) {
        bpf_map__set_max_entries(map, 1u << table_shift);
        bpf_map__set_autocreate(map, std::string_view(program) == user);
    }
}

Runner::Runner(const Subject& subject, const Shape& shape, std::uint64_t flows)
    : skeleton_(bench_bpf__open()), packet_(make_packet(shape))
{
    const auto secrets = random_secrets();
    const unsigned cpus = possible_cpus().value();

    if (!skeleton_ || !secrets)
        throw std::runtime_error("cannot open the benchmark's BPF object");
    choose(subject.program);
    skeleton_->rodata->fl_config = {.stamp = static_cast<std::uint8_t>(subject.stamp),
                                    .prf = static_cast<std::uint8_t>(subject.prf),
                                    .link_layer = FL_LINK_ETHERNET,
                                    .slots_shift = table_shift};
    skeleton_->rodata->bench_l3 = shape.vlan ? 18 : 14;
    skeleton_->rodata->bench_labelled = shape.labelled;
    skeleton_->data_secrets->fl_secrets[0] = *secrets;
    bpf_map__set_max_entries(skeleton_->maps.table, cpus << (table_shift - FL_WAYS_SHIFT));
    bpf_map__set_max_entries(skeleton_->maps.counters, cpus);
    if (bench_bpf__load(skeleton_.get()) != 0)
        throw std::runtime_error(std::string("cannot load ") + subject.program + " (are you root?)");
    program_ = bpf_program__fd(bpf_object__find_program_by_name(skeleton_->obj, subject.program));

    const int stream = bpf_map__fd(skeleton_->maps.stream);
    void* const mapped =
        mmap(nullptr, stream_length * sizeof(std::uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED, stream, 0);

    if (mapped == MAP_FAILED)
        throw std::runtime_error("cannot map the stream of flows");
    fill_stream({static_cast<std::uint32_t*>(mapped), stream_length}, flows, shape.draw);
    munmap(mapped, stream_length * sizeof(std::uint32_t));
}

/// ns of this thread: what other processes do on this CPU meanwhile is not ours.
static double cpu_time()
{
    timespec now{};

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double Runner::run(std::uint32_t packets)
{
    std::vector<std::uint8_t> out(packet_.size() + 64);
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet_.data(), .data_out = out.data(),
                .data_size_in = static_cast<std::uint32_t>(packet_.size()),
                .data_size_out = static_cast<std::uint32_t>(out.size()), .repeat = static_cast<int>(packets));
    const double start = cpu_time();

    if (bpf_prog_test_run_opts(program_, &options) != 0 || options.retval != XDP_PASS)
        throw std::runtime_error("the test run failed");
    return (cpu_time() - start) / packets;
}

/// All subjects with one shape and number of flows, round by round, so that a change of the machine's mood meets all.
static void compare(std::uint64_t flows, const Shape& shape, const ProgramOptions& options, Results& results)
{
    std::vector<Runner> runners;
    std::vector<std::vector<double>> samples(std::size(subjects));
    const auto warm_up = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(3 * flows, 100'000, stream_length));

    for (const Subject& subject : subjects) {
        runners.emplace_back(subject, shape, flows);
        runners.back().run(warm_up);
    }
    for (unsigned round = 0; round < options.rounds; round++)
        for (std::size_t i = 0; i < runners.size(); i++)
            samples[i].push_back(runners[i].run(options.packets));
    for (std::size_t i = 0; i < runners.size(); i++)
        results.add(make_row({.suite = subjects[i].suite,
                              .name = subjects[i].row,
                              .flows = flows,
                              .variant = shape.name,
                              .unit = "ns/packet"},
                             samples[i]));
}

void run_programs(const ProgramOptions& options, Results& results)
{
    for (const std::uint64_t flows : options.flows)
        compare(flows, {.name = "uniform"}, options, results);
    if (!options.variants)
        return;
    for (const std::uint64_t flows : options.flows)
        compare(flows, {.name = "zipf", .draw = Draw::zipf}, options, results);
    compare(1000, {.name = "vlan", .vlan = true}, options, results);
    compare(1000, {.name = "3-extensions", .extension_headers = 3}, options, results);
    compare(1000, {.name = "labelled", .labelled = true}, options, results);
}

} // namespace flowlabel::bench
