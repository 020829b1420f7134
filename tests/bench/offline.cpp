// SPDX-License-Identifier: BSD-2-Clause
#include "offline.hpp"

#include <fmt/format.h>
#include <pcap/pcap.h>
#include <sys/mman.h>

#include <cstring>
#include <ctime>
#include <functional>
#include <stdexcept>
#include <string>

#include "base/fd.hpp"
#include "engine/engine.hpp"
#include "packet_shape.hpp"
#include "replay/replay.hpp"

namespace flowlabel::bench {

namespace {

constexpr std::size_t source_end = 14 + 24; // the end of the source address in an Ethernet frame
constexpr std::size_t sizes[] = {86, 1000}; // bytes of a captured packet

double cpu_time()
{
    timespec now{};

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// The CPU time of this thread in ns per packet, for WORK over PACKETS packets. One sample per round.
std::vector<double> measure(unsigned rounds, std::uint32_t packets, const std::function<void()>& work)
{
    std::vector<double> samples;

    for (unsigned i = 0; i <= rounds; i++) {
        const double start = cpu_time();

        work();
        if (i > 0) // the first round warms up
            samples.push_back((cpu_time() - start) / packets);
    }
    return samples;
}

/// One frame of each of FLOWS flows, one after the other in memory.
class Frames {
public:
    Frames(std::uint64_t flows, std::size_t size) : size_(size)
    {
        std::vector<std::uint8_t> frame = make_packet({.name = "uniform"});

        frame.resize(size);
        octets_.reserve(flows * size);
        for (std::uint64_t flow = 0; flow < flows; flow++) {
            std::memcpy(frame.data() + source_end - sizeof(flow), &flow, sizeof(flow));
            octets_.insert(octets_.end(), frame.begin(), frame.end());
        }
    }

    [[nodiscard]] std::span<std::uint8_t> of(std::uint64_t flow)
    {
        return std::span(octets_).subspan(flow * size_, size_);
    }

private:
    std::size_t size_;
    std::vector<std::uint8_t> octets_;
};

EngineSetup setup_for(fl_stamp_mode stamp, fl_prf prf)
{
    const auto setup = make_engine_setup({.stamp = stamp, .prf = prf, .slots_shift = 18});

    if (!setup)
        throw std::runtime_error(setup.error().what);
    return *setup;
}

struct Subject {
    const char* row;
    fl_stamp_mode stamp;
    fl_prf prf;
};

/// Stamping is a dry run, so that a frame can be run again.
constexpr Subject subjects[] = {
    {"native-observe", FL_STAMP_OFF, FL_PRF_SIPHASH_2_4},
    {"native-dry-run-2-4", FL_STAMP_DRY_RUN, FL_PRF_SIPHASH_2_4},
    {"native-dry-run-1-3", FL_STAMP_DRY_RUN, FL_PRF_SIPHASH_1_3},
};

void run_engine(const OfflineOptions& options, const Subject& subject, std::uint64_t flows, Results& results)
{
    NativeEngine engine(setup_for(subject.stamp, subject.prf));
    Frames frames(flows, sizes[0]);
    std::vector<std::uint32_t> stream(options.packets);

    fill_stream(stream, flows, Draw::uniform);
    const auto samples = measure(options.rounds, options.packets, [&] {
        for (const std::uint32_t flow : stream)
            (void)engine.run({.octets = frames.of(flow)});
    });
    results.add(make_row(
        {.suite = "offline", .name = subject.row, .flows = flows, .variant = "memory", .unit = "ns/packet"}, samples));
}

/// A capture file in memory, with PACKETS packets of SIZE bytes.
class MemoryCapture {
public:
    MemoryCapture(std::uint32_t packets, std::uint64_t flows, std::size_t size) : file_(memfd_create("capture", 0))
    {
        pcap_t* const pcap = pcap_open_dead(DLT_EN10MB, 65535);
        pcap_dumper_t* const dumper = pcap_dump_open(pcap, path().c_str());
        Frames frames(flows, size);

        if (!dumper)
            throw std::runtime_error("cannot write a capture into memory");
        for (std::uint32_t i = 0; i < packets; i++) {
            const auto length = static_cast<bpf_u_int32>(size);
            const pcap_pkthdr header{
                .ts = {.tv_sec = 1'700'000'000, .tv_usec = i % 1'000'000}, .caplen = length, .len = length};

            pcap_dump(reinterpret_cast<u_char*>(dumper), &header, frames.of(i % flows).data());
        }
        pcap_dump_close(dumper);
        pcap_close(pcap);
    }

    [[nodiscard]] std::string path() const { return fmt::format("/proc/self/fd/{}", file_.get()); }

private:
    Fd file_;
};

void read_with_libpcap(const std::string& path)
{
    char words[PCAP_ERRBUF_SIZE];
    pcap_t* const pcap = pcap_open_offline(path.c_str(), words);
    pcap_pkthdr* header = nullptr;
    const u_char* octets = nullptr;

    if (!pcap)
        throw std::runtime_error(words);
    while (pcap_next_ex(pcap, &header, &octets) == 1) {
    }
    pcap_close(pcap);
}

void read_with_replay(const std::string& path)
{
    auto reader = CaptureReader::open(path);

    if (!reader)
        throw std::runtime_error(reader.error().what);
    if (const auto report = replay(*reader, {}, nullptr, [](const CaptureReader&) { return true; }); !report)
        throw std::runtime_error(report.error().what);
}

void run_capture(const OfflineOptions& options, std::size_t size, Results& results)
{
    constexpr std::uint64_t flows = 1000;
    const MemoryCapture capture(options.packets, flows, size);
    const auto add = [&](const char* name, void (*read)(const std::string&)) {
        const auto samples = measure(options.rounds, options.packets, [&] { read(capture.path()); });

        results.add(make_row({.suite = "offline",
                              .name = name,
                              .flows = flows,
                              .variant = fmt::format("{} octets", size),
                              .unit = "ns/packet"},
                             samples));
    };

    add("libpcap-reads", read_with_libpcap);
    add("replay", read_with_replay);
}

} // namespace

void run_offline(const OfflineOptions& options, Results& results)
{
    for (const Subject& subject : subjects)
        for (const std::uint64_t flows : options.flows)
            run_engine(options, subject, flows, results);
    for (const std::size_t size : sizes)
        run_capture(options, size, results);
}

} // namespace flowlabel::bench
