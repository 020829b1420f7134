// SPDX-License-Identifier: BSD-2-Clause
/// Writes seed corpora into FOLDER/packet, for the fuzzers of packets, and FOLDER/capture.
#include <bit>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <initializer_list>
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

/// Inputs as tests/fuzz/input.hpp reads them: Ethernet frames, and the same frames without a link layer.
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

/// A pcapng file in one byte order, block by block.
class Pcapng {
public:
    explicit Pcapng(std::endian order) : order_(order)
    {
        block(0x0A0D0D0A, {0x1A2B3C4D, version(), 0xFFFFFFFF, 0xFFFFFFFF});
    }

    void interface(std::uint16_t link_type, std::uint32_t snap_length, const Octets& options = {})
    {
        block(1, {two(link_type, 0), snap_length}, options);
    }

    void packet(std::uint32_t interface, const Octets& octets)
    {
        const auto size = static_cast<std::uint32_t>(octets.size());

        block(6, {interface, 0, 1, size, size}, octets);
    }

    void obsolete_packet(std::uint16_t interface, const Octets& octets)
    {
        const auto size = static_cast<std::uint32_t>(octets.size());

        block(2, {two(interface, 0), 0, 1, size, size}, octets);
    }

    void simple_packet(const Octets& octets) { block(3, {static_cast<std::uint32_t>(octets.size())}, octets); }

    [[nodiscard]] const Octets& octets() const { return octets_; }

private:
    [[nodiscard]] std::uint32_t version() const { return two(1, 0); }

    /// Two 16-bit numbers as the 32-bit number that has their bytes.
    [[nodiscard]] std::uint32_t two(std::uint16_t first, std::uint16_t second) const
    {
        return order_ == std::endian::little ? std::uint32_t{second} << 16 | first
                                             : std::uint32_t{first} << 16 | second;
    }

    void put(std::uint32_t number)
    {
        for (unsigned i = 0; i < 4; i++)
            octets_.push_back(
                static_cast<std::uint8_t>(number >> (order_ == std::endian::little ? 8 * i : 24 - 8 * i)));
    }

    void block(std::uint32_t type, std::initializer_list<std::uint32_t> numbers, const Octets& octets = {})
    {
        const std::size_t padded = (octets.size() + 3) / 4 * 4;
        const auto size = static_cast<std::uint32_t>(12 + 4 * numbers.size() + padded);

        put(type);
        put(size);
        for (const std::uint32_t number : numbers)
            put(number);
        octets_.insert(octets_.end(), octets.begin(), octets.end());
        octets_.resize(octets_.size() + padded - octets.size());
        put(size);
    }

    std::endian order_;
    Octets octets_;
};

/// A file with every kind of block that holds packets, for interfaces of LINK_TYPES.
Octets pcapng(std::endian order, std::initializer_list<std::uint16_t> link_types)
{
    const Octets frame = (Ethernet{} / IPv6{} / Udp{} / Payload{5}).octets();
    const Octets options =
        order == std::endian::little ? Octets{9, 0, 1, 0, 9, 0, 0, 0} : Octets{0, 9, 0, 1, 9, 0, 0, 0};
    Pcapng file(order);
    std::uint16_t interface = 0;

    for (const std::uint16_t link_type : link_types)
        file.interface(link_type, 65535, options);
    for (; interface < link_types.size(); interface++) {
        file.packet(interface, frame);
        file.obsolete_packet(interface, frame);
    }
    file.simple_packet(frame);
    return file.octets();
}

void write_captures(const std::filesystem::path& folder)
{
    Octets both = pcapng(std::endian::little, {1});
    const Octets big = pcapng(std::endian::big, {1, 113, 239});

    both.insert(both.end(), big.begin(), big.end());
    write(folder / "alike.pcapng", pcapng(std::endian::little, {1, 1}));
    write(folder / "mixed.pcapng", pcapng(std::endian::little, {1, 101, 113, 105}));
    write(folder / "both.pcapng", both);
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
