// SPDX-License-Identifier: BSD-2-Clause
/// Collecting from every attachment that is selected: those that are there and those that come, until they go.
#pragma once

#include <atomic>
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

#include "collection.hpp"
#include "flowlabel/bpffs.hpp"

namespace flowlabel {

struct CollectorOptions {
    std::vector<std::string> interfaces; ///< empty: all
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
    /// EXPORTERS outlive the collector.
    Collector(Bpffs bpffs, CollectorOptions options, Exporters& exporters, CollectorEvents events);
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;
    ~Collector();

    /// Takes what is attached now. An error: another collector has one of them, or the bpffs cannot be used.
    Result<void> start();

    /// Drains and exports a part, and looks for attachments that came and went. Wants to be called again after `pause`,
    /// or at once where it returns true.
    bool turn();

    static constexpr std::chrono::milliseconds pause{10}; ///< a ring takes 65,536 records meanwhile

    /// Ends every flow and exports everything. An error: some of it found no exporter, or of an attachment that went
    /// before.
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
    enum class Taken { yes, no, busy };

    [[nodiscard]] Result<std::map<Key, PinPlace>> places() const;
    [[nodiscard]] bool selects(const Found& found) const;
    Result<Taken> take(const Key& key, const PinPlace& place);
    void look_around();
    std::size_t drain();
    void expire();
    Result<void> finish(Collection& collection, EndReason reason, std::chrono::steady_clock::time_point end);
    void see_off(bool all);
    void sweep(const std::stop_token& stop);
    [[nodiscard]] std::chrono::milliseconds pass_interval() const;
    void warn_once(const std::string& text);

    Bpffs bpffs_;
    CollectorOptions options_;
    Exporters& exporters_;
    CollectorEvents events_;
    mutable std::mutex mutex_; ///< of collections_, which other threads read, and of sweep_error_
    std::map<Key, std::shared_ptr<Collection>> collections_;
    std::vector<EndedCollection> leaving_; ///< the exporters still have some of them
    std::optional<std::string> sweep_error_;
    std::string warned_;
    std::optional<Error> failed_; ///< what went wrong with the latest attachment that went
    std::chrono::steady_clock::time_point next_look_;
    std::chrono::steady_clock::time_point next_expiry_;
    std::jthread sweeping_; ///< last: it ends before what it uses
};

} // namespace flowlabel
