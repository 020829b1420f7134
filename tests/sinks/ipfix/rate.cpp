// SPDX-License-Identifier: BSD-2-Clause
// Prints how many records a second a sink takes: flowlabel_ipfix_rate URL [MTU]
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <memory>

#include "sinks/ipfix/ipfix_sink.hpp"

using namespace flowlabel;

int main(int argc, char** argv)
{
    constexpr std::size_t of_a_batch = 512, batches_of_a_write = 8, writes = 1000;
    const auto url = parse_ipfix_url(argc > 1 ? argv[1] : "");

    if (!url) {
        fmt::print(stderr, "usage: flowlabel_ipfix_rate URL [MTU]\n");
        return 2;
    }
    const IpfixSettings settings{.mtu = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : unknown_path_mtu};
    const auto sink = IpfixSink::open(*url, settings, std::make_shared<CollectorWatch>());

    if (!sink) {
        fmt::print(stderr, "{}\n", sink.error().what);
        return 1;
    }
    RecordBatch batch{.point = {.interface = "eth0", .ifindex = 2}, .records = {}};
    std::vector<const RecordBatch*> all(batches_of_a_write, &batch);
    std::size_t written = 0, lost = 0;

    for (std::uint32_t label = 0; label < of_a_batch; label++)
        batch.records.push_back({.flow = {.label = label, .packets = 1, .octets = 40}, .reason = EndReason::idle});
    const auto began = std::chrono::steady_clock::now();

    for (std::size_t i = 0; i < writes; i++) {
        const WriteResult result = (*sink)->write(all);

        written += result.written;
        lost += result.lost;
        if (result.error && result.written + result.lost == 0)
            break;
    }
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();

    fmt::print("{}: {} written, {} lost in {:.2f} s: {:.2f} million records a second\n", url->text, written, lost,
               seconds, static_cast<double>(written) / seconds / 1e6);
    return 0;
}
