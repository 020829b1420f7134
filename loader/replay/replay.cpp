// SPDX-License-Identifier: BSD-2-Clause
#include "replay/replay.hpp"

#include <algorithm>

#include "base/try.hpp"
#include "flowlabel/time.hpp"
#include "replay/flow_collector.hpp"

namespace flowlabel {

namespace {

/// Records between two looks at the ring and at KEEP_GOING; each spills one flow at most, so the kernel's ring holds
/// them.
constexpr unsigned batch = 4096;

/// Time of day in the table's ticks. Their 48 bits reach over nine years, which lie around one packet, since later ones
/// need not be later.
class CaptureClock {
public:
    void put_in_the_middle(std::uint64_t time) { epoch_ = std::max(since_1970(time), half_range) - half_range; }

    /// Tick 0, in ticks since 1970.
    [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

    [[nodiscard]] bool covers(std::uint64_t time) const
    {
        return since_1970(time) >= epoch_ && since_1970(time) - epoch_ <= most_ticks;
    }

    /// The nearest there is.
    [[nodiscard]] std::uint64_t ticks(std::uint64_t time) const
    {
        return std::min(std::max(since_1970(time), epoch_) - epoch_, most_ticks);
    }

private:
    static constexpr std::uint64_t most_ticks = (std::uint64_t{1} << FL_TICK_BITS) - 1;
    static constexpr std::uint64_t half_range = most_ticks / 2;

    /// Rounded up, so that a whole millisecond stays one when it is read back, but not beyond 64 bits of ns.
    static std::uint64_t since_1970(std::uint64_t time)
    {
        const std::uint64_t rounded = (time >> FL_TICK_SHIFT) + (time % (1u << FL_TICK_SHIFT) != 0);

        return std::min(rounded, ~std::uint64_t{0} >> FL_TICK_SHIFT);
    }

    std::uint64_t epoch_ = 0;
};

/// The native engine at the times of the capture.
struct NativeRun {
    explicit NativeRun(const EngineSetup& setup) : engine(setup) {}

    /// A packet beyond the clock's range, as when the time is set on a router that started in 1970: PUT_ASIDE takes the
    /// flows with the times they have, and the range moves. Each move reads the whole table, so a capture that goes to
    /// and fro without end gets the nearest time that there is instead.
    template <class PutAside> void at(const CapturedPacket& packet, PutAside&& put_aside)
    {
        if (!clock.covers(packet.time)) {
            if (moves < most_moves) {
                moves++;
                put_aside();
                engine.forget_flows();
                clock.put_in_the_middle(packet.time);
            } else {
                misdated++;
            }
        }
        engine.set_time(clock.ticks(packet.time));
    }
    [[nodiscard]] std::uint64_t epoch() const { return clock.epoch(); }
    void fill(ReplayReport& report) const { report.misdated = misdated; }

    static constexpr unsigned most_moves = 1000;

    NativeEngine engine;
    CaptureClock clock;
    unsigned moves = 0;
    std::uint64_t misdated = 0;
};

/// The kernel's at the times of the run.
struct KernelRun {
    explicit KernelRun(KernelEngine made) : engine(std::move(made)) {}

    template <class PutAside> void at(const CapturedPacket&, PutAside&&) {}
    [[nodiscard]] std::uint64_t epoch() const { return engine.epoch_utc() >> FL_TICK_SHIFT; }
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
    Result<void> run(const CapturedPacket& packet);
    void take(TableFlow flow);
    void drain();
    void put_aside();
    Result<ReplayReport> report();

    CaptureReader& reader_;
    CaptureWriter* writer_;
    Run& run_;
    Amount live_;
    FlowCollector flows_; ///< their times in ticks since 1970
    std::optional<std::uint64_t> last_packet_;
    std::uint64_t unreadable_ = 0;
    LinkType unreadable_type_;
    std::optional<Error> ended_early_;
};

/// False: there was no record any more.
template <class Run> Result<bool> Replay<Run>::one()
{
    CaptureRecord record;
    const auto read = reader_.next(record);

    if (!read)
        ended_early_ = read.error();
    if (!read || !*read)
        return false;
    if (record.packet)
        TRY(run(*record.packet));
    if (writer_)
        TRY(writer_->write(record));
    return true;
}

template <class Run> Result<void> Replay<Run>::run(const CapturedPacket& packet)
{
    if (!packet.link_type.readable()) {
        if (unreadable_++ == 0)
            unreadable_type_ = packet.link_type;
        return {};
    }
    run_.at(packet, [this] { put_aside(); });
    last_packet_ = std::max(last_packet_, std::optional(packet.time));
    TRY(run_.engine.run(frame_of(packet)));
    return {};
}

template <class Run> void Replay<Run>::take(TableFlow flow)
{
    flow.first += run_.epoch();
    flow.last += run_.epoch();
    flows_.add(flow);
}

template <class Run> void Replay<Run>::drain()
{
    run_.engine.drain([this](const fl_slot& record) { take(flow_of(record)); });
}

/// All flows, those of the table too, which count as live even if it forgets them.
template <class Run> void Replay<Run>::put_aside()
{
    drain();
    run_.engine.table().each_flow([this](const TableFlow& flow) {
        live_.packets += flow.packets;
        live_.octets += flow.octets;
        take(flow);
    });
}

template <class Run> Result<ReplayReport> Replay<Run>::report()
{
    ReplayReport report{.counters = run_.engine.counters(),
                        .last_packet = last_packet_,
                        .unreadable = unreadable_,
                        .unreadable_type = unreadable_type_,
                        .ended_early = ended_early_};

    put_aside();
    for (const TableFlow& flow : flows_.take())
        report.flows.push_back(make_flow(flow, 0));
    report.totals = make_totals(report.counters, report.flows.size(), live_);
    run_.fill(report);
    return report;
}

template <class Run> Result<ReplayReport> Replay<Run>::all(const KeepGoing& keep_going)
{
    for (bool more = true; more;) {
        for (unsigned i = 0; i < batch && more; i++) {
            more = TRY(one());
        }
        if (!keep_going(reader_))
            return std::unexpected(interrupted());
        drain();
    }
    if (ended_early_ && reader_.packets() == 0)
        return std::unexpected(*ended_early_);
    if (unreadable_ && unreadable_ == reader_.packets())
        return std::unexpected(reader_.error(flowlabel::unreadable(unreadable_type_)));
    return report();
}

} // namespace

Frame frame_of(const CapturedPacket& packet)
{
    const NetworkPart part = packet.link_type.locate(packet.octets, packet.order);
    const std::uint32_t length = packet.original_length > part.offset ? packet.original_length - part.offset : 0;
    const auto octets = packet.octets.subspan(part.offset);

    return {
        .octets = part.length ? octets.first(std::min<std::size_t>(octets.size(), *part.length)) : octets,
        .wire_length = part.length.value_or(length),
        .ethertype = part.ethertype,
        .link_layer = packet.link_type.engine_layer(),
    };
}

Error interrupted()
{
    return {.what = "interrupted", .hint = "nothing was written"};
}

Result<ReplayReport> replay(CaptureReader& reader, const ReplayOptions& options, CaptureWriter* writer,
                            const KeepGoing& keep_going)
{
    const auto setup = TRY(make_engine_setup(options.setup));

    if (options.engine == EngineKind::native) {
        NativeRun run(setup);

        return Replay(reader, writer, run).all(keep_going);
    }
    auto engine = TRY(KernelEngine::create(FL_HOOK_XDP, setup));
    KernelRun run(std::move(engine));

    return Replay(reader, writer, run).all(keep_going);
}

} // namespace flowlabel
