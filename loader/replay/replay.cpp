// SPDX-License-Identifier: BSD-2-Clause
#include "replay/replay.hpp"

#include <algorithm>

#include "base/time.hpp"
#include "base/try.hpp"
#include "maps/part_collector.hpp"

namespace flowlabel {

namespace {

/// Capture records between two calls of drain() and KEEP_GOING. Each packet spills at most one flow, so they fit into
/// the kernel's ring.
constexpr unsigned batch = 4096;

/// Converts time of day to the table's time units. Their 48 bits cover nine years. The range is centered on a packet,
/// since the packets after it may be older.
class CaptureClock {
public:
    void center_on(std::uint64_t time) { epoch_ = std::max(since_1970(time), half_range) - half_range; }

    /// Time 0 of the table, in time units since 1970.
    [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

    [[nodiscard]] bool covers(std::uint64_t time) const
    {
        return since_1970(time) >= epoch_ && since_1970(time) - epoch_ <= max_units;
    }

    /// TIME, or the nearest that the range covers.
    [[nodiscard]] std::uint64_t units(std::uint64_t time) const
    {
        return std::min(std::max(since_1970(time), epoch_) - epoch_, max_units);
    }

private:
    static constexpr std::uint64_t max_units = (std::uint64_t{1} << FL_TICK_BITS) - 1;
    static constexpr std::uint64_t half_range = max_units / 2;

    /// Rounded up, so that converting a whole millisecond back gives the same millisecond; at most 64 bits of ns.
    static std::uint64_t since_1970(std::uint64_t time)
    {
        const std::uint64_t rounded = (time >> FL_TICK_SHIFT) + (time % (1u << FL_TICK_SHIFT) != 0);

        return std::min(rounded, ~std::uint64_t{0} >> FL_TICK_SHIFT);
    }

    std::uint64_t epoch_ = 0;
};

/// Runs the native engine with the times of the capture.
struct NativeRun {
    explicit NativeRun(const EngineSetup& setup) : engine(setup) {}

    /// Sets the clock to PACKET. If its time is out of range, as after a router that booted in 1970 gets the right
    /// time, SET_ASIDE takes the flows with their times, and the range moves. A move reads the whole table, so their
    /// number is limited; after that a packet out of range gets the nearest time.
    template <class SetAside> void at(const CapturedPacket& packet, SetAside&& set_aside)
    {
        if (!clock.covers(packet.time)) {
            if (moves < max_moves) {
                moves++;
                set_aside();
                engine.forget_flows();
                clock.center_on(packet.time);
            } else {
                misdated++;
            }
        }
        engine.set_time(clock.units(packet.time));
    }
    [[nodiscard]] std::uint64_t epoch() const { return clock.epoch(); }
    void fill(ReplayReport& report) const { report.misdated = misdated; }

    static constexpr unsigned max_moves = 1000;

    NativeEngine engine;
    CaptureClock clock;
    unsigned moves = 0;
    std::uint64_t misdated = 0;
};

/// Runs the kernel engine with the current time.
struct KernelRun {
    explicit KernelRun(KernelEngine made) : engine(std::move(made)) {}

    template <class SetAside> void at(const CapturedPacket&, SetAside&&) {}
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
    Replay(CaptureReader& reader, CaptureWriter* writer, Run& run, bool connections)
        : reader_(reader), writer_(writer), run_(run), keep_connections_(connections)
    {
    }

    Result<ReplayReport> all(const KeepGoing& keep_going);

private:
    Result<bool> one();
    Result<void> run(const CapturedPacket& packet);
    void take(TableFlow flow);
    void take(TableConnection connection);
    void drain();
    void set_aside();
    Result<ReplayReport> report();

    CaptureReader& reader_;
    CaptureWriter* writer_;
    Run& run_;
    bool keep_connections_;
    Amount live_;
    FlowCollector flows_; ///< their times are in time units since 1970, as those of the connections
    ConnectionCollector connections_;
    std::optional<std::uint64_t> last_packet_;
    std::uint64_t unreadable_ = 0;
    LinkType unreadable_type_;
    std::optional<Error> ended_early_;
};

/// Reads and runs one record. False: the capture has ended.
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
    run_.at(packet, [this] { set_aside(); });
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

template <class Run> void Replay<Run>::take(TableConnection connection)
{
    connection.first += run_.epoch();
    connection.last += run_.epoch();
    if (connection.first_change) {
        connection.first_change += run_.epoch();
        connection.last_change += run_.epoch();
    }
    connections_.add(connection);
}

template <class Run> void Replay<Run>::drain()
{
    run_.engine.drain([this](const RingRecord& record) {
        take(record.flow());
        if (!keep_connections_)
            return;
        if (const auto connection = record.connection())
            take(*connection);
    });
}

/// Takes all flows, including those in the table. These count as live, even if the table is cleared afterwards.
template <class Run> void Replay<Run>::set_aside()
{
    drain();
    run_.engine.table().each_flow([this](const TableFlow& flow) {
        live_.packets += flow.packets;
        live_.octets += flow.octets;
        take(flow);
    });
    if (keep_connections_)
        run_.engine.connections().each([this](const TableConnection& connection) { take(connection); });
}

template <class Run> Result<ReplayReport> Replay<Run>::report()
{
    ReplayReport report{.counters = run_.engine.counters(),
                        .last_packet = last_packet_,
                        .unreadable = unreadable_,
                        .unreadable_type = unreadable_type_,
                        .ended_early = ended_early_};

    set_aside();
    for (const TableFlow& flow : flows_.take())
        report.flows.push_back(make_flow(flow, 0));
    for (const TableConnection& connection : connections_.take())
        report.connections.push_back(make_connection(connection, 0));
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
        return std::unexpected(reader_.describe(flowlabel::unreadable(unreadable_type_)));
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

        return Replay(reader, writer, run, options.connections).all(keep_going);
    }
    auto engine = TRY(KernelEngine::create(FL_HOOK_XDP, setup));
    KernelRun run(std::move(engine));

    return Replay(reader, writer, run, options.connections).all(keep_going);
}

} // namespace flowlabel
