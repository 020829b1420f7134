// SPDX-License-Identifier: BSD-2-Clause
/// Writes seed corpora into FOLDER/packet, for the fuzzers of packets, and FOLDER/capture.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>

#include "packet.hpp"
#include "random_packet.hpp"

namespace flowlabel::test {
namespace {

constexpr std::uint64_t seed = 6437;
constexpr unsigned frames = 400;
constexpr std::size_t ethernet_size = 14;

void write(const std::filesystem::path& path, const Octets& octets)
{
    std::ofstream file(path, std::ios::binary);

    file.exceptions(std::ios::failbit | std::ios::badbit);
    file.write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
}

/// As tests/fuzz/input.hpp takes them: Ethernet frames, and the same without a link layer.
void write_packets(const std::filesystem::path& folder)
{
    RandomPackets packets(seed);

    for (unsigned i = 0; i < frames; i++) {
        Octets frame = packets.next();
        Octets bare(frame.begin() + ethernet_size, frame.end());

        bare.insert(bare.begin(), {1, 0, 0, 0});
        frame.insert(frame.begin(), 4, 0);
        write(folder / ("ethernet" + std::to_string(i)), frame);
        write(folder / ("bare" + std::to_string(i)), bare);
    }
}

void put32(Octets& to, std::initializer_list<std::size_t> numbers)
{
    for (const std::size_t number : numbers)
        for (unsigned shift = 0; shift < 32; shift += 8)
            to.push_back(static_cast<std::uint8_t>(number >> shift));
}

/// A pcapng file with two interfaces and a packet of each.
Octets pcapng(const Octets& frame, std::size_t second_link_type)
{
    const std::size_t padded = (frame.size() + 3) / 4 * 4;
    const std::size_t size = padded + 32;
    Octets file;

    put32(file, {0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0xFFFFFFFF, 0xFFFFFFFF, 28});
    put32(file, {1, 20, 1, 65535, 20, 1, 20, second_link_type, 128, 20});
    for (const std::size_t interface : {0, 1}) {
        put32(file, {6, size, interface, 0, 1, frame.size(), frame.size()});
        file.insert(file.end(), frame.begin(), frame.end());
        file.resize(file.size() + padded - frame.size());
        put32(file, {size});
    }
    return file;
}

void write_captures(const std::filesystem::path& folder)
{
    const Octets frame = (Ethernet{} / IPv6{} / Udp{} / Payload{5}).octets();

    write(folder / "alike.pcapng", pcapng(frame, 1));
    write(folder / "mixed.pcapng", pcapng(frame, 113));
}

} // namespace
} // namespace flowlabel::test

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: make_seeds FOLDER\n", stderr);
        return 2;
    }
    try {
        const std::filesystem::path folder = argv[1];

        std::filesystem::create_directories(folder / "packet");
        std::filesystem::create_directories(folder / "capture");
        flowlabel::test::write_packets(folder / "packet");
        flowlabel::test::write_captures(folder / "capture");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "make_seeds: error: %s\n", error.what());
        return 1;
    }
    return 0;
}
