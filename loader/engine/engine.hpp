// SPDX-License-Identifier: BSD-2-Clause
/// Runs frames through the datapath without an interface: either the same code compiled for user space, or the BPF
/// programs through BPF_PROG_TEST_RUN. Both count, stamp, fill a flow table and spill; they agree on every frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "flowlabel/abi.h"
#include "flowlabel/connections.hpp"
#include "flowlabel/counters.hpp"
#include "flowlabel/key.hpp"
#include "flowlabel/result.hpp"
#include "flowlabel/table.hpp"
#include "maps/ring_record.hpp"

namespace flowlabel {

struct Maps;

/// The configuration of an engine. The engine itself sets `config.entry` and everything about clock and machine.
struct EngineSetup {
    fl_config config{};
    fl_secrets secrets{};
    bool preemptible = false; ///< use the BPF programs that disable preemption, even if the kernel does not need them
};

/// Stamping, and the size of the table.
struct EngineOptions {
    fl_stamp_mode stamp = FL_STAMP_OFF;
    fl_prf prf = FL_PRF_SIPHASH_2_4;
    std::optional<Key> key;    ///< default: a random one
    bool track = false;        ///< count by connection
    unsigned slots_shift = 16; ///< log2 of the number of slots
};

/// OPTIONS with random secrets for the flow table.
Result<EngineSetup> make_engine_setup(const EngineOptions& options);

/// The captured OCTETS of a frame that had WIRE_LENGTH. Stamping writes the label into OCTETS.
struct Frame {
    std::span<std::uint8_t> octets;
    std::uint32_t wire_length = 0; ///< 0: all of it was captured

    /// The ethertype of the network header with which OCTETS start; unset: they start with a link layer.
    std::optional<std::uint16_t> ethertype;

    /// That link layer. Unset: the one of the engine's configuration.
    std::optional<fl_link_layer> link_layer;
};

enum class Verdict {
    pass,    ///< the hook's neutral verdict
    other,   ///< any other verdict: a bug
    refused, ///< the kernel cannot run a frame of this length; nothing was counted
};

class Engine {
public:
    virtual ~Engine() = default;

    /// Neither allocates nor fails because of the content of a frame.
    virtual Result<Verdict> run(const Frame& frame) = 0;

    /// Summed over CPUs.
    [[nodiscard]] virtual Counters counters() const = 0;

    /// The live flows. The view is valid as long as the engine exists.
    [[nodiscard]] virtual TableView table() const = 0;

    /// The live connections, if the engine tracks them.
    [[nodiscard]] virtual ConnectionView connections() const = 0;

    /// Visits and removes the records of the flows that left the table; those of one CPU come in the order of leaving.
    virtual void drain(const std::function<void(const RingRecord& record)>& visit) = 0;

    /// Clears flows, counters and records.
    virtual void reset() = 0;
};

/// The datapath compiled for user space. It takes any frame, needs no privileges, and its clock is set by the caller.
class NativeEngine final : public Engine {
public:
    /// RING_RECORDS limits the records kept until drain(), as the size of the ring does in the kernel; further ones are
    /// counted as lost. Default: no limit.
    explicit NativeEngine(const EngineSetup& setup, std::optional<std::size_t> ring_records = std::nullopt);
    ~NativeEngine() override;

    /// Sets the time of the next frames, in time units since the table's time 0.
    void set_time(std::uint64_t units);

    /// Clears the flow table, without records. The caller has read it before.
    void forget_flows();

    Result<Verdict> run(const Frame& frame) override;
    [[nodiscard]] Counters counters() const override;
    [[nodiscard]] TableView table() const override;
    [[nodiscard]] ConnectionView connections() const override;
    void drain(const std::function<void(const RingRecord& record)>& visit) override;
    void reset() override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The BPF program of a hook. It runs on the CPU of the calling thread, with the kernel's clock.
class KernelEngine final : public Engine {
public:
    /// The kernel's test run refuses shorter frames, and longer ones than its buffer: 3,712 bytes on tc, some 73,000 on
    /// XDP.
    static constexpr std::uint32_t min_frame = 14;

    /// SETUP.config.ring_shift is log2 of the records that each CPU keeps until drain().
    static Result<KernelEngine> create(fl_hook hook, const EngineSetup& setup);
    KernelEngine(KernelEngine&&) noexcept;
    KernelEngine& operator=(KernelEngine&&) noexcept;
    ~KernelEngine() override;

    /// Sets gso_segs and gso_size of the skb for the next frames (tc hooks only): the number of segments, and the
    /// payload bytes of each. 0 and 0: not a super-packet.
    void set_segments(std::uint32_t count, std::uint32_t size);

    /// Pads a truncated frame with zeros to its wire length, unless it ends before the end of the fixed IPv6 header.
    /// Adds an Ethernet header to frames without one, for the run only.
    Result<Verdict> run(const Frame& frame) override;
    [[nodiscard]] Counters counters() const override;
    [[nodiscard]] TableView table() const override;
    [[nodiscard]] ConnectionView connections() const override;
    void drain(const std::function<void(const RingRecord& record)>& visit) override;
    void reset() override;

    /// The program's maps, as an attachment has them, and time 0 of its table in jiffies.
    [[nodiscard]] const Maps& maps() const;
    [[nodiscard]] std::uint64_t epoch_jiffies() const;

    /// The same time 0 in ns since 1970 UTC.
    [[nodiscard]] std::uint64_t epoch_utc() const;

    /// The number of frames that the kernel could not run, and of those that were padded with zeros.
    [[nodiscard]] std::uint64_t refused() const;
    [[nodiscard]] std::uint64_t padded() const;

private:
    struct State;
    explicit KernelEngine(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace flowlabel
