// SPDX-License-Identifier: BSD-2-Clause
/// Running frames through the datapath without an interface: the same code compiled for user space, or the BPF programs
/// through BPF_PROG_TEST_RUN. Both count, label, fill a flow table and spill; they must agree on every frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "flowlabel/abi.h"
#include "flowlabel/counters.hpp"
#include "flowlabel/key.hpp"
#include "flowlabel/result.hpp"
#include "flowlabel/table.hpp"

namespace flowlabel {

struct Maps;

/// What an engine is told; `entry` and all that is about clock and machine in the configuration is the engine's own
/// business.
struct EngineSetup {
    fl_config config{};
    fl_secrets secrets{};
    bool preemptible = false; ///< BPF programs that disable preemption, even where the kernel does not ask for them
};

/// What an engine needs to know of stamping, and the size of its table. Without a key: a random one.
struct EngineOptions {
    fl_stamp_mode stamp = FL_STAMP_OFF;
    fl_prf prf = FL_PRF_SIPHASH_2_4;
    std::optional<Key> key;
    unsigned slots_shift = 16; ///< log2 of the slots
};

/// OPTIONS with random secrets for the flow table.
Result<EngineSetup> make_engine_setup(const EngineOptions& options);

/// A frame: OCTETS are there of the WIRE_LENGTH it had. Stamping changes the label in OCTETS.
struct Frame {
    std::span<std::uint8_t> octets;
    std::uint32_t wire_length = 0; ///< 0: as many as there are

    /// Set where another link layer announces what is in OCTETS, from the network header on.
    std::optional<std::uint16_t> ethertype;

    /// Without an ethertype: what OCTETS start with. Nothing: the link layer of the engine's configuration.
    std::optional<fl_link_layer> link_layer;
};

enum class Verdict {
    pass,    ///< the hook's neutral verdict
    other,   ///< anything else: never to be seen
    refused, ///< the kernel cannot run a frame of this length; nothing was counted
};

class Engine {
public:
    virtual ~Engine() = default;

    /// Neither allocates nor fails because of what is in the frame.
    virtual Result<Verdict> run(const Frame& frame) = 0;

    /// Summed over CPUs.
    [[nodiscard]] virtual Counters counters() const = 0;

    /// The live flows; valid as long as the engine.
    [[nodiscard]] virtual TableView table() const = 0;

    /// Visits the records of flows that left the table, those of one CPU in the order they left it, and forgets them.
    virtual void drain(const std::function<void(const fl_slot& record)>& visit) = 0;

    /// Forgets flows, counters and records.
    virtual void reset() = 0;
};

/// The datapath in user space: any frame, no privileges, time as set.
class NativeEngine final : public Engine {
public:
    /// RING_RECORDS bounds the records kept until drain(), as the ring's size does in the kernel; records beyond are
    /// counted as lost.
    explicit NativeEngine(const EngineSetup& setup, std::optional<std::size_t> ring_records = std::nullopt);
    ~NativeEngine() override;

    /// The time of the frames that follow, in ticks since tick 0 of the table.
    void set_time(std::uint64_t ticks);

    /// Forgets the live flows alone: whoever calls it has read them.
    void forget_flows();

    Result<Verdict> run(const Frame& frame) override;
    [[nodiscard]] Counters counters() const override;
    [[nodiscard]] TableView table() const override;
    void drain(const std::function<void(const fl_slot& record)>& visit) override;
    void reset() override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The BPF program of a hook, run on this thread's CPU at the time of the clock.
class KernelEngine final : public Engine {
public:
    /// Shorter frames are refused, and longer ones than the kernel's test run has room for: 3,712 octets on tc, some
    /// 73,000 on XDP.
    static constexpr std::uint32_t shortest_frame = 14;

    /// SETUP.config.ring_shift says how many records wait for drain() on each CPU.
    static Result<KernelEngine> create(fl_hook hook, const EngineSetup& setup);
    KernelEngine(KernelEngine&&) noexcept;
    KernelEngine& operator=(KernelEngine&&) noexcept;
    ~KernelEngine() override;

    /// What the skb of the next frames says of its segments (tc hooks alone): their number, and the payload octets of
    /// each. 0 and 0: no super-packet.
    void set_segments(std::uint32_t count, std::uint32_t size);

    /// A frame that is not all there is filled with zeros up to its wire length, unless it ends within its fixed IPv6
    /// header or before: then it runs as it is. Frames without Ethernet get an Ethernet header for the run.
    Result<Verdict> run(const Frame& frame) override;
    [[nodiscard]] Counters counters() const override;
    [[nodiscard]] TableView table() const override;
    void drain(const std::function<void(const fl_slot& record)>& visit) override;
    void reset() override;

    /// The program's maps, as an attachment has them (loader/maps/program.hpp), and tick 0 of its table in
    /// jiffies.
    [[nodiscard]] const Maps& maps() const;
    [[nodiscard]] std::uint64_t epoch_jiffies() const;

    /// The same tick 0 in ns since 1970 UTC.
    [[nodiscard]] std::uint64_t epoch_utc() const;

    /// Frames that the kernel could not run, and those that were filled with zeros.
    [[nodiscard]] std::uint64_t refused() const;
    [[nodiscard]] std::uint64_t padded() const;

private:
    struct State;
    explicit KernelEngine(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace flowlabel
