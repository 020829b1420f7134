// SPDX-License-Identifier: BSD-2-Clause
/// The end of a collection whose exporter takes nothing for too long, and then takes records again.
#include "collect/final_drain.hpp"

#include <fcntl.h>

#include <array>
#include <chrono>
#include <thread>

#include "base/time.hpp"
#include "expect.hpp"
#include "maps/program.hpp"
#include "own_bpffs.hpp"

namespace flowlabel::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t flows = 12'000; ///< more than three times what one step counts as lost
constexpr std::size_t room = 512;       ///< records in the exporter's queue

/// A sink that takes everything while it is open, and nothing while it is closed.
class Gate final : public RecordSink {
public:
    explicit Gate(const std::atomic<bool>& open) : open_(open) {}

    [[nodiscard]] std::string name() const override { return "gate"; }
    [[nodiscard]] BatchLimits batch_limits() const override { return {.first_pause = 1ms, .max_pause = 1ms}; }

    WriteResult write(std::span<const RecordBatch* const> batches) override
    {
        WriteResult result;

        if (!open_)
            return {.error = Error{.what = "closed"}};
        for (const RecordBatch* const batch : batches)
            result.written += batch->records.size();
        return result;
    }

private:
    const std::atomic<bool>& open_;
};

Fd copy(const Fd& fd)
{
    return Fd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

class FinalDrainTest : public OwnBpffs {
protected:
    void SetUp() override
    {
        ASSERT_NO_FATAL_FAILURE(OwnBpffs::SetUp());
        engine_ = make_engine(Kind::xdp, choice);
        for (std::uint32_t label = 1; label <= flows; label++) {
            Octets frame = (Ethernet{} / IPv6{.label = label} / Udp{}).octets();

            ASSERT_EQ(*engine_->run({.octets = frame}), Verdict::pass);
        }
        auto collection = Collection::open(found(), Fd(), flows);

        ASSERT_TRUE(collection) << collection.error().what;
        collection_ = std::move(*collection);
    }

    /// An attachment with the maps of the engine.
    Inspected found()
    {
        const auto& kernel = dynamic_cast<KernelEngine&>(*engine_);
        const Maps& maps = kernel.maps();
        Inspected found{.directory = **Directory::open(root())};

        for (const ListedMap& listed : map_list)
            found.maps.*listed.fd = copy(maps.*listed.fd);
        fl_info& info = found.entries[found.entry];

        info.cpus = *possible_cpus();
        info.slots = 1u << choice.slots_shift;
        info.ring_records = 1u << choice.ring_shift;
        info.epoch = now_monotonic();
        info.epoch_jiffies = kernel.epoch_jiffies();
        return found;
    }

    static constexpr Choice choice{.slots_shift = 15};

    std::unique_ptr<Engine> engine_;
    std::shared_ptr<Collection> collection_;
};

TEST_F(FinalDrainTest, AnExporterThatComesBackGetsTheRest)
{
    std::atomic<bool> open = false;
    std::vector<std::unique_ptr<RecordSink>> sinks;

    sinks.push_back(std::make_unique<Gate>(open));
    ExportQueues exporters(std::move(sinks), room);
    FinalDrain drain(collection_);

    while (collection_->lost_packets() == 0) { // once nothing was exported for two seconds
        drain.step(exporters);
        std::this_thread::sleep_for(1ms);
    }
    ASSERT_FALSE(drain.done());
    const std::uint64_t lost = collection_->lost_packets();
    const std::uint64_t progress = exporters.progress();

    open = true;
    while (exporters.progress() == progress)
        std::this_thread::sleep_for(1ms);
    while (!drain.done()) {
        drain.step(exporters);
        std::this_thread::sleep_for(1ms);
    }
    exporters.shut_down();
    ASSERT_TRUE(exporters.finish());
    EXPECT_EQ(collection_->lost_packets(), lost);
    EXPECT_EQ(exporters.states().front().written.packets, flows - lost);
    EXPECT_FALSE(drain.result()) << "the result reports what was lost before";
}

} // namespace
} // namespace flowlabel::test
