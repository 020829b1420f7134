// SPDX-License-Identifier: BSD-2-Clause
/// generator arrive INTERFACE PACKETS [FIRST]
/// generator leave INTERFACE PEER PACKETS [FIRST]
///
/// Makes PACKETS IPv6 packets, each of a flow of its own, on all CPUs at once (BPF_F_TEST_XDP_LIVE_FRAMES). With
/// `arrive` they enter at INTERFACE as if its driver had received them. With `leave` INTERFACE, one end of a veth pair,
/// sends them, and every one reaches PEER: a packet for which PEER's rings have no room is not counted and is made
/// again. FIRST is the number of each CPU's first flow (default: 0). Prints the number of packets and bytes as JSON.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "generator.skel.h"

namespace {

struct DestroySkeleton {
    void operator()(generator_bpf* skeleton) const { generator_bpf__destroy(skeleton); }
};
using Skeleton = std::unique_ptr<generator_bpf, DestroySkeleton>;

constexpr std::size_t ethernet = 14;
constexpr std::size_t frame_size = ethernet + 40 + 40;

/// The parts of a frame that the BPF program does not write: Ethernet addresses of no host, no next header,
/// documentation addresses.
std::array<std::uint8_t, frame_size> make_frame()
{
    std::array<std::uint8_t, frame_size> frame{};

    frame[0] = 0x02;
    frame[12] = 0x86;
    frame[13] = 0xDD;
    frame[ethernet + 6] = 59;
    frame[ethernet + 7] = 64;
    for (const std::size_t address : {ethernet + 8, ethernet + 24}) {
        frame[address] = 0x20;
        frame[address + 1] = 0x01;
        frame[address + 2] = 0x0D;
        frame[address + 3] = 0xB8;
    }
    return frame;
}

std::vector<int> usable_cpus()
{
    cpu_set_t set;
    std::vector<int> cpus;

    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof(set), &set);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set))
            cpus.push_back(cpu);
    return cpus;
}

/// The number of frames that INTERFACE has received, modulo 2^32. Throws std::system_error.
std::uint32_t frames_taken(std::string_view interface)
{
    ifaddrs* all = nullptr;
    std::uint32_t result = 0;

    if (getifaddrs(&all) != 0)
        throw std::system_error(errno, std::generic_category(), "getifaddrs");
    for (const ifaddrs* entry = all; entry != nullptr; entry = entry->ifa_next)
        if (entry->ifa_addr != nullptr && entry->ifa_addr->sa_family == AF_PACKET && interface == entry->ifa_name)
            result = static_cast<const rtnl_link_stats*>(entry->ifa_data)->rx_packets;
    freeifaddrs(all);
    return result;
}

/// Sends PACKETS from CPU. RESULT is set to 0 or an errno.
void send(int program, int cpu, std::uint32_t ifindex, std::uint32_t packets, int& result)
{
    auto frame = make_frame();
    xdp_md context{};
    cpu_set_t set;
    LIBBPF_OPTS(bpf_test_run_opts, options);

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    result = pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
    if (result != 0)
        return;
    context.data_end = frame.size();
    context.ingress_ifindex = ifindex;
    options.data_in = frame.data();
    options.data_size_in = frame.size();
    options.ctx_in = &context;
    options.ctx_size_in = sizeof(context);
    options.repeat = static_cast<int>(packets);
    options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    options.batch_size = 64;
    result = -bpf_prog_test_run_opts(program, &options);
}

int send_on_all_cpus(int program, std::uint32_t ifindex, std::uint32_t packets)
{
    const std::vector<int> cpus = usable_cpus();
    std::vector<int> results(cpus.size());
    std::vector<std::jthread> threads;

    for (std::size_t i = 0; i < cpus.size(); i++) {
        const auto share = static_cast<std::uint32_t>(packets / cpus.size() + (i < packets % cpus.size() ? 1 : 0));

        if (share > 0) // the kernel treats 0 as 1
            threads.emplace_back(send, program, cpus[i], ifindex, share, std::ref(results[i]));
    }
    threads.clear();
    return std::ranges::max(results);
}

struct Made {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
};

Made made(const generator_bpf& skeleton)
{
    Made result;

    for (const auto& cpu : skeleton.bss->cpus) {
        result.packets += cpu.packets;
        result.bytes += cpu.bytes;
    }
    return result;
}

int fail(const std::string& what, int number)
{
    fmt::print(stderr, "generator: {}: {}\n", what, strerror(number));
    return 1;
}

/// PEER: empty if the packets arrive at INTERFACE.
int run(const char* interface, std::string_view peer, std::uint32_t packets, std::uint32_t first)
{
    const std::uint32_t ifindex = if_nametoindex(interface);
    const Skeleton skeleton(generator_bpf__open());
    const std::uint32_t before = frames_taken(peer);
    Made result;

    if (ifindex == 0 || !skeleton)
        return fail(interface, errno);
    skeleton->rodata->first_number = first;
    skeleton->rodata->out_ifindex = peer.empty() ? 0 : ifindex;
    if (const int number = -generator_bpf__load(skeleton.get()))
        return fail("load", number);
    if (const int number = -generator_bpf__attach(skeleton.get()))
        return fail("attach", number);
    while (result.packets < packets) {
        const std::uint64_t so_far = result.packets;

        if (const int number = send_on_all_cpus(bpf_program__fd(skeleton->progs.generate), ifindex,
                                                packets - static_cast<std::uint32_t>(so_far)))
            return fail("run", number);
        result = made(*skeleton);
        if (result.packets == so_far)
            return fail(fmt::format("{} takes nothing", peer), EIO);
    }
    while (!peer.empty() && frames_taken(peer) - before < packets)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    fmt::print("{{\"packets\":{},\"bytes\":{}}}\n", result.packets, result.bytes);
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string_view> arguments(argv, argv + argc);
    const auto number = [&](std::size_t at) {
        std::uint32_t value = 0;

        if (at < arguments.size())
            std::from_chars(arguments[at].data(), arguments[at].data() + arguments[at].size(), value);
        return value;
    };
    const std::string_view way = arguments.size() > 1 ? arguments[1] : "";
    const std::size_t at = way == "leave" ? 4 : 3;

    if (arguments.size() > at + 2 || number(at) == 0 || (way != "arrive" && way != "leave")) {
        fmt::print(stderr, "usage: generator arrive INTERFACE PACKETS [FIRST]\n"
                           "       generator leave INTERFACE PEER PACKETS [FIRST]\n");
        return 2;
    }
    try {
        return run(argv[2], way == "leave" ? arguments[3] : "", number(at), number(at + 1));
    } catch (const std::system_error& error) {
        fmt::print(stderr, "generator: {}\n", error.what());
        return 1;
    }
}
