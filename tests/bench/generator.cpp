// SPDX-License-Identifier: BSD-2-Clause
#include "generator.hpp"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <chrono>
#include <stdexcept>

#include "packet_shape.hpp"

namespace flowlabel::bench {

Generator::Generator(std::uint64_t flows, std::uint32_t ifindex, std::uint64_t pace_ns)
    : object_({.program = "generate", .flows = flows, .out_ifindex = ifindex, .pace_ns = pace_ns}),
      packet_(make_packet({.name = "uniform"}))
{
}

double Generator::send(std::uint32_t packets)
{
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet_.data(),
                .data_size_in = static_cast<std::uint32_t>(packet_.size()), .repeat = static_cast<int>(packets),
                .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
    const auto start = std::chrono::steady_clock::now();

    if (bpf_prog_test_run_opts(object_.program(), &options) != 0)
        throw std::runtime_error("the generator failed");
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / packets;
}

} // namespace flowlabel::bench
