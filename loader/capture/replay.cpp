// SPDX-License-Identifier: BSD-2-Clause
#include "replay.hpp"

#include <algorithm>

#include "flow_collector.hpp"
#include "flowlabel/time.hpp"

namespace flowlabel {

namespace {

/// Packets between two looks at the ring and at KEEP_GOING; each spills one flow at most, so the kernel's ring holds
/// them.
constexpr unsigned batch = 4096;

/// Time of day in the table's ticks. The table's range lies around the first packet, since later ones need not be
/// later.
class CaptureClock {
public:
    void start(std::uint64_t time) { epoch_ = time > half_range ? time - half_range : 0; }
    [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

    /// Rounded up, so that a whole millisecond stays one when it is read back.
    [[nodiscard]] std::uint64_t ticks(std::uint64_t time) const
    {
        constexpr std::uint64_t tick = 1u << FL_TICK_SHIFT;

        return time <= epoch_ ? 0 : std::min((time - epoch_ + tick - 1) >> FL_TICK_SHIFT, most_ticks);
    }

private:
    static constexpr std::uint64_t most_ticks = (std::uint64_t{1} << FL_TICK_BITS) - 1;
    static constexpr std::uint64_t half_range = (most_ticks / 2) << FL_TICK_SHIFT;

    std::uint64_t epoch_ = 0;
};

/// The native engine at the times of the capture.
struct NativeRun {
    explicit NativeRun(const EngineSetup& setup) : engine(setup) {}

    void at(const CapturedPacket& packet, bool first)
    {
        if (first)
            clock.start(packet.time);
        engine.set_time(clock.ticks(packet.time));
    }
    [[nodiscard]] std::uint64_t epoch() const { return clock.epoch(); }
    void fill(ReplayReport&) const {}

    NativeEngine engine;
    CaptureClock clock;
};

/// The kernel's at the times of the run.
struct KernelRun {
    explicit KernelRun(KernelEngine made) : engine(std::move(made)) {}

    void at(const CapturedPacket&, bool) {}
    [[nodiscard]] std::uint64_t epoch() const { return engine.epoch_utc(); }
    void fill(ReplayReport& report) const
    {
        report.refused = engine.refused();
        report.padded = engine.padded();
        report.last_packet = now_utc();
    }

    KernelEngine engine;
};

template <class Run> class Replay {
public:
    Replay(CaptureReader& reader, CaptureWriter* writer, Run& run) : reader_(reader), writer_(writer), run_(run) {}

    Result<ReplayReport> all(const KeepGoing& keep_going);

private:
    Result<bool> one();
    void drain();
    Result<ReplayReport> report();

    CaptureReader& reader_;
    CaptureWriter* writer_;
    Run& run_;
    FlowCollector flows_;
    std::uint64_t last_packet_ = 0;
    std::optional<Error> ended_early_;
};

/// False: there was no packet any more.
template <class Run> Result<bool> Replay<Run>::one()
{
    CapturedPacket packet;
    const auto read = reader_.next(packet);

    if (!read)
        ended_early_ = read.error();
    if (!read || !*read)
        return false;
    run_.at(packet, reader_.packets() == 1);
    last_packet_ = std::max(last_packet_, packet.time);
    if (const auto verdict = run_.engine.run(frame_of(packet, reader_.link_type())); !verdict)
        return std::unexpected(verdict.error());
    if (writer_)
        if (const auto written = writer_->write(packet); !written)
            return std::unexpected(written.error());
    return true;
}

template <class Run> void Replay<Run>::drain()
{
    run_.engine.drain([this](const fl_slot& record) { flows_.add(flow_of(record)); });
}

template <class Run> Result<ReplayReport> Replay<Run>::report()
{
    ReplayReport report{.counters = run_.engine.counters(), .last_packet = last_packet_, .ended_early = ended_early_};
    Amount live;

    run_.engine.table().each_flow([&](const TableFlow& flow) {
        live.packets += flow.packets;
        live.octets += flow.octets;
        flows_.add(flow);
    });
    for (const TableFlow& flow : flows_.take())
        report.flows.push_back(make_flow(flow, run_.epoch()));
    report.totals = make_totals(report.counters, report.flows.size(), live);
    run_.fill(report);
    return report;
}

template <class Run> Result<ReplayReport> Replay<Run>::all(const KeepGoing& keep_going)
{
    for (bool more = true; more;) {
        for (unsigned i = 0; i < batch && more; i++) {
            const auto ran = one();

            if (!ran)
                return std::unexpected(ran.error());
            more = *ran;
        }
        if (!keep_going(reader_))
            return std::unexpected(interrupted());
        drain();
    }
    if (ended_early_ && reader_.packets() == 0)
        return std::unexpected(*ended_early_);
    return report();
}

} // namespace

Frame frame_of(const CapturedPacket& packet, const LinkType& link_type)
{
    const NetworkPart part = link_type.locate(packet.octets);

    return {
        .octets = packet.octets.subspan(part.offset),
        .wire_length = packet.original_length > part.offset ? packet.original_length - part.offset : 0,
        .ethertype = part.ethertype,
    };
}

Error interrupted()
{
    return {.what = "interrupted", .hint = "nothing was written"};
}

Result<ReplayReport> replay(CaptureReader& reader, const ReplayOptions& options, CaptureWriter* writer,
                            const KeepGoing& keep_going)
{
    EngineOptions engine_options = options.setup;

    engine_options.link_layer = reader.link_type().engine_layer();
    const auto setup = make_engine_setup(engine_options);

    if (!setup)
        return std::unexpected(setup.error());
    if (options.engine == EngineKind::native) {
        NativeRun run(*setup);

        return Replay(reader, writer, run).all(keep_going);
    }
    auto engine = KernelEngine::create(FL_HOOK_XDP, *setup);
    if (!engine)
        return std::unexpected(engine.error());
    KernelRun run(std::move(*engine));

    return Replay(reader, writer, run).all(keep_going);
}

} // namespace flowlabel
