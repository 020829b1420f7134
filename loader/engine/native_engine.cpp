// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "engine/engine.hpp"
#include "engine/native.h"

namespace flowlabel {

struct NativeEngine::State {
    fl_user user{};
    __u8 link_layer = FL_LINK_ETHERNET; ///< of frames that do not set one
#define FL_TABLE_SETS(name, set, used) std::vector<set> name;
    FL_TABLES(FL_TABLE_SETS)
#undef FL_TABLE_SETS
    std::unique_ptr<fl_history[]> history;
    std::vector<fl_record> records;
    std::vector<fl_history> record_histories; ///< empty, or one for each record
    std::size_t ring_records;

    [[nodiscard]] std::span<const fl_history> histories() const
    {
        return {history.get(), connections.size() * FL_WAYS};
    }

    void make_tables(const fl_config& config)
    {
        const std::size_t sets = std::size_t{1} << (config.slots_shift - FL_WAYS_SHIFT);

#define FL_MAKE_TABLE(name, set, used)                                                                                 \
    (name).resize((used) ? sets : 0);                                                                                  \
    user.name = (name).data();
        FL_TABLES(FL_MAKE_TABLE)
#undef FL_MAKE_TABLE
        if (config.track) // pages are taken when slots are used: the datapath writes the history of a slot before it
                          // reads it
            history = std::make_unique_for_overwrite<fl_history[]>(sets * FL_WAYS);
        user.history = history.get();
    }

    void clear_tables()
    {
#define FL_CLEAR_TABLE(name, set, used) (name).assign((name).size(), {});
        FL_TABLES(FL_CLEAR_TABLE)
#undef FL_CLEAR_TABLE
    }

    static fl_record_place next_record(void* ring)
    {
        auto* const state = static_cast<State*>(ring);
        fl_record_place place{};

        if (state->records.size() >= state->ring_records)
            return place;
        place.record = &state->records.emplace_back();
        if (state->user.config.track)
            place.history = &state->record_histories.emplace_back();
        return place;
    }

    void clear_records()
    {
        records.clear();
        record_histories.clear();
    }
};

NativeEngine::NativeEngine(const EngineSetup& setup, std::optional<std::size_t> ring_records)
    : state_(std::make_unique<State>())
{
    state_->ring_records = ring_records.value_or(std::numeric_limits<std::size_t>::max());
    state_->make_tables(setup.config);
    state_->user.config = setup.config;
    state_->link_layer = setup.config.link_layer;
    state_->user.secrets = setup.secrets;
    state_->user.next_record = State::next_record;
    state_->user.ring = state_.get();
}

NativeEngine::~NativeEngine() = default;

void NativeEngine::set_time(std::uint64_t units)
{
    state_->user.now = units;
}

void NativeEngine::forget_flows()
{
    state_->clear_tables();
}

Result<Verdict> NativeEngine::run(const Frame& frame)
{
    const auto captured = static_cast<std::uint32_t>(frame.octets.size());
    const std::uint32_t wire_length = std::max(captured, frame.wire_length);
    std::uint8_t empty = 0; // an empty frame may have a null pointer, and the datapath does pointer arithmetic
    std::uint8_t* const octets = captured ? frame.octets.data() : &empty;

    state_->user.config.link_layer = frame.link_layer ? static_cast<__u8>(*frame.link_layer) : state_->link_layer;
    if (frame.ethertype)
        fl_native_packet(&state_->user, octets, captured, wire_length, *frame.ethertype);
    else
        fl_native_frame(&state_->user, octets, captured, wire_length);
    return Verdict::pass;
}

Counters NativeEngine::counters() const
{
    return read_counters(state_->user.counters);
}

TableView NativeEngine::table() const
{
    if (!state_->user.config.track)
        return {state_->table, 1};
    return {state_->connections, state_->histories(), 1};
}

ConnectionView NativeEngine::connections() const
{
    return {state_->connections, state_->histories(), 1};
}

void NativeEngine::drain(const std::function<void(const RingRecord& record)>& visit)
{
    const RingRecords records(state_->records, state_->record_histories);

    for (std::size_t i = 0; i < records.size(); i++)
        visit(records[i]);
    state_->clear_records();
}

void NativeEngine::reset()
{
    forget_flows();
    state_->user.counters = {};
    state_->clear_records();
}

} // namespace flowlabel
