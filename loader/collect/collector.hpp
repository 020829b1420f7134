// SPDX-License-Identifier: BSD-2-Clause
/// Collecting from every attachment that is selected: those that are there and those that come, until they go.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "collect/collection.hpp"
#include "collect/final_drain.hpp"
#include "flowlabel/bpffs.hpp"

namespace flowlabel {

struct CollectorOptions {
    std::vector<std::string> interfaces; ///< of this network namespace; empty: all of the bpffs
    bool all_netns = false;              ///< the interfaces of the other network namespaces too
    std::optional<fl_hook> hook;
    std::chrono::milliseconds idle{15'000};
    std::chrono::milliseconds active{60'000};
    std::size_t max_flows = 524'288; ///< of each attachment
};

/// What a collector has to tell. Called on the thread that calls the collector.
struct CollectorEvents {
    std::function<void(const Collection&)> began;
    std::function<void(const EndedCollection&)> ended;
    std::function<void(const std::string&)> warning;
};

class Collector {
public:
    Collector(Bpffs bpffs, CollectorOptions options, CollectorEvents events);
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;
    ~Collector();

    /// Takes the place of the collector of what is attached now; nothing is read yet. An error: another collector has
    /// one of them, the bpffs cannot be used, or there is too little memory. An attachment that is damaged is none: a
    /// warning says so, it is tried again later, and finish() returns its error where it is still damaged then.
    Result<void> start();

    /// From now on turn() exports to EXPORTERS, which live until finish() has returned.
    void begin(Exporters& exporters);

    /// Is there an attachment to the interface NAME that it collects, or would if it were not damaged?
    [[nodiscard]] bool knows(const std::string& name) const;

    /// Drains and exports a part, and looks for attachments that came and went. Never waits for exporters. Wants to be
    /// called again after `pause`, or at once where it returns true.
    bool turn();

    static constexpr std::chrono::milliseconds pause{10}; ///< a ring takes 65,536 records meanwhile

    /// Ends every flow and exports everything. An error: some of it found no exporter, or of an attachment that went
    /// before, or there is an attachment that could not be collected.
    Result<void> finish();

    /// On any thread, until finish().
    [[nodiscard]] CollectorState state(std::size_t top) const;

    /// Of all attachments that are collected now.
    struct Progress {
        std::size_t attachments = 0;
        std::size_t flows = 0; ///< in memory
        std::uint64_t lost_packets = 0;
    };
    [[nodiscard]] Progress progress() const;

private:
    /// A directory of pins: its place, and the inode that tells it from one that was there before.
    using Key = std::tuple<std::uint64_t, std::uint32_t, int, std::uint64_t>;

    /// A place whose directory cannot be opened.
    struct Closed {
        PinPlace place;
        Error error;
    };

    /// What is in the bpffs.
    struct Present {
        std::map<Key, PinPlace> places;
        std::map<Key, Closed> closed; ///< their inodes are not known: 0

        /// Is the attachment of KEY there, as far as can be told?
        [[nodiscard]] bool has(const Key& key) const;
    };

    [[nodiscard]] Result<Present> look() const;
    [[nodiscard]] bool selects(const Inspected& found) const;
    [[nodiscard]] bool may_be_selected(const PinPlace& place) const;
    Result<void> take(const Key& key, const PinPlace& place);
    Result<void> take_found(const Key& key, Inspected found);
    [[nodiscard]] Result<Fd> take_lock(const Inspected& found) const;
    [[nodiscard]] Result<void> check_memory() const;
    Result<void> skip_damaged(const Key& key, const Error& error);
    Result<void> skip_closed(const Present& present);
    void note_trouble(const Key& key, const Error& error);
    void look_around();
    void part_with_gone(const Present& present);
    std::size_t drain();
    void populate();
    void expire();
    bool step_endings();
    void note_end(const FinalDrain& ending);
    void drain_all();
    void see_off(bool all);
    void sweep(const std::stop_token& stop);
    void sweep_one(Collection& collection, const std::stop_token& stop);
    [[nodiscard]] std::chrono::milliseconds pass_interval() const;

    Bpffs bpffs_;
    CollectorOptions options_;
    Exporters* exporters_ = nullptr;
    CollectorEvents events_;
    mutable std::mutex mutex_; ///< of collections_, which other threads read, and of sweep_news_
    std::map<Key, std::shared_ptr<Collection>> collections_;
    std::vector<std::unique_ptr<FinalDrain>> endings_;
    std::vector<EndedCollection> leaving_; ///< the exporters still have some of them
    std::vector<std::string> sweep_news_;
    std::map<Key, Error> troubles_;          ///< of attachments that could not be taken
    std::optional<Error> failed_;            ///< what went wrong with the latest attachment that went
    std::optional<std::string> sweep_error_; ///< the latest; of the sweeping thread
    std::chrono::steady_clock::time_point next_look_;
    std::chrono::steady_clock::time_point next_expiry_;
    std::jthread sweeping_; ///< last: it ends before what it uses
};

} // namespace flowlabel
