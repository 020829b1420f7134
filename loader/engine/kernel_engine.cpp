// SPDX-License-Identifier: BSD-2-Clause
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "base/try.hpp"
#include "engine/engine.hpp"
#include "engine/native.h"
#include "maps/epoch.hpp"
#include "maps/mapped_table.hpp"
#include "maps/mapping.hpp"
#include "maps/program.hpp"
#include "maps/rings.hpp"

namespace flowlabel {

namespace {

constexpr std::size_t ethernet_size = 14;
constexpr std::size_t max_frame = 1 << 17; // more than any test run accepts; a capture may claim 4 GiB

/// The ethertype with which the datapath treats PACKET as it would without a link layer.
std::uint16_t ethertype_of(std::span<const std::uint8_t> packet)
{
    switch (packet.front() >> 4) {
    case 6:
        return 0x86DD;
    case 4:
        return 0x0800;
    default:
        return 0;
    }
}

} // namespace

struct KernelEngine::State {
    fl_hook hook = FL_HOOK_XDP;
    fl_link_layer link_layer = FL_LINK_ETHERNET; ///< of frames that do not set one
    Program program;
    unsigned cpus = 1;
    std::uint64_t epoch_jiffies = 0;
    std::uint64_t epoch_utc = 0;
    MappedTable table;
    std::optional<Rings> rings;
    std::vector<std::uint8_t> frame; // buffer for frames that need a header or padding
    __sk_buff skb{};
    std::uint64_t refused = 0;
    std::uint64_t padded = 0;

    Result<void> map(const fl_config& config);
    Result<Verdict> test_run(std::span<std::uint8_t> octets);
};

Result<void> KernelEngine::State::map(const fl_config& config)
{
    table = MappedTable(program.maps, cpus, 1u << config.slots_shift, config, Mapping::Access::write);
    if (!table)
        return fail_errno(errno, "cannot map the flow table");
    rings = TRY(Rings::open(program.maps, cpus, 1u << config.ring_shift, config, Mapping::Access::write));
    return {};
}

Result<Verdict> KernelEngine::State::test_run(std::span<std::uint8_t> octets)
{
    if (octets.size() < min_frame) {
        refused++;
        return Verdict::refused;
    }
    bpf_test_run_opts options{};
    const std::uint32_t neutral = hook == FL_HOOK_XDP ? XDP_PASS : static_cast<std::uint32_t>(TC_ACT_UNSPEC);

    options.sz = sizeof(options);
    options.data_in = octets.data();
    options.data_out = octets.data();
    options.data_size_in = options.data_size_out = static_cast<__u32>(octets.size());
    options.repeat = 1;
    if (hook != FL_HOOK_XDP) {
        options.ctx_in = &skb;
        options.ctx_size_in = sizeof(skb);
    }
    const int error = bpf_prog_test_run_opts(program.fd.get(), &options);
    if (error == -EINVAL || error == -ENOMEM) { // the frame is too short or too long
        refused++;
        return Verdict::refused;
    }
    if (error)
        return fail_errno(-error, "cannot run the BPF program");
    return options.retval == neutral && options.data_size_out == octets.size() ? Verdict::pass : Verdict::other;
}

KernelEngine::KernelEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}
KernelEngine::KernelEngine(KernelEngine&&) noexcept = default;
KernelEngine& KernelEngine::operator=(KernelEngine&&) noexcept = default;
KernelEngine::~KernelEngine() = default;

Result<KernelEngine> KernelEngine::create(fl_hook hook, const EngineSetup& setup)
{
    auto state = std::make_unique<State>();
    ProgramSetup program_setup{.hook = hook, .config = setup.config, .preemptible = setup.preemptible};

    program_setup.config.entry = 0;
    const auto epoch = TRY(read_epoch());
    // Taken right after the epoch: loading the program takes long enough to make a difference.
    state->epoch_utc = utc_of(epoch.monotonic);
    program_setup.config.epoch_jiffies = epoch.jiffies;
    program_setup.config.link_layer = FL_LINK_ETHERNET;
    program_setup.secrets[0] = setup.secrets;
    auto cpus = TRY(possible_cpus());
    auto program = TRY(load_program(program_setup));

    state->hook = hook;
    state->link_layer = static_cast<fl_link_layer>(setup.config.link_layer);
    state->cpus = cpus;
    state->epoch_jiffies = epoch.jiffies;
    state->program = std::move(program);
    TRY(state->map(setup.config));
    return KernelEngine(std::move(state));
}

void KernelEngine::set_segments(std::uint32_t count, std::uint32_t size)
{
    state_->skb.gso_segs = count;
    state_->skb.gso_size = size;
}

Result<Verdict> KernelEngine::run(const Frame& frame)
{
    const std::size_t captured = frame.octets.size();
    const std::size_t wire_length = std::max<std::size_t>(captured, frame.wire_length);
    const bool raw_ip = !frame.ethertype && frame.link_layer.value_or(state_->link_layer) == FL_LINK_NONE;
    const std::size_t header = raw_ip || frame.ethertype ? ethernet_size : 0;

    if (wire_length > max_frame || (raw_ip && captured == 0)) {
        state_->refused++;
        return Verdict::refused;
    }
    if (!header && wire_length == captured)
        return state_->test_run(frame.octets);

    std::vector<std::uint8_t>& octets = state_->frame;
    octets.assign(header + captured, 0);
    if (header) {
        const std::uint16_t ethertype = frame.ethertype ? *frame.ethertype : ethertype_of(frame.octets);
        octets[12] = static_cast<std::uint8_t>(ethertype >> 8);
        octets[13] = static_cast<std::uint8_t>(ethertype);
    }
    std::ranges::copy(frame.octets, octets.begin() + static_cast<std::ptrdiff_t>(header));
    // Padding keeps the byte count right. A packet without a complete IPv6 header is not counted, and zeros in that
    // header would make a flow that does not exist.
    const bool pad =
        wire_length > captured && fl_native_needs_length(octets.data(), static_cast<std::uint32_t>(octets.size()));
    if (pad)
        octets.resize(header + wire_length);
    const auto verdict = state_->test_run(octets);
    std::copy_n(octets.begin() + static_cast<std::ptrdiff_t>(header), captured, frame.octets.begin());
    if (pad && verdict && *verdict != Verdict::refused)
        state_->padded++;
    return verdict;
}

Counters KernelEngine::counters() const
{
    return state_->table.sum();
}

TableView KernelEngine::table() const
{
    return state_->table.view();
}

ConnectionView KernelEngine::connections() const
{
    return state_->table.connections();
}

void KernelEngine::drain(const std::function<void(const RingRecord& record)>& visit)
{
    Rings& rings = *state_->rings;

    for (unsigned cpu = 0; cpu < state_->cpus; cpu++)
        for (auto records = rings.waiting(cpu); !records.empty(); records = rings.waiting(cpu)) {
            for (std::size_t i = 0; i < records.size(); i++)
                visit(records[i]);
            rings.set_position(cpu, rings.position(cpu) + records.size());
        }
}

void KernelEngine::reset()
{
    state_->table.clear();
    drain([](const RingRecord&) {});
}

const Maps& KernelEngine::maps() const
{
    return state_->program.maps;
}

std::uint64_t KernelEngine::epoch_jiffies() const
{
    return state_->epoch_jiffies;
}

std::uint64_t KernelEngine::epoch_utc() const
{
    return state_->epoch_utc;
}

std::uint64_t KernelEngine::refused() const
{
    return state_->refused;
}

std::uint64_t KernelEngine::padded() const
{
    return state_->padded;
}

} // namespace flowlabel
