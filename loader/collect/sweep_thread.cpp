// SPDX-License-Identifier: BSD-2-Clause
#include "collect/sweep_thread.hpp"

#include <condition_variable>
#include <utility>

namespace flowlabel {

SweepThread::SweepThread(const SweepLimits& limits, std::chrono::milliseconds interval,
                         std::function<Collections()> collections)
    : limits_(limits), interval_(interval), collections_(std::move(collections)),
      thread_([this](const std::stop_token& stop) { run(stop); })
{
}

std::vector<std::string> SweepThread::take_warnings()
{
    const std::scoped_lock guard(mutex_);

    return std::exchange(warnings_, {});
}

void SweepThread::sweep(Collection& collection, const std::stop_token& stop)
{
    const auto pass = collection.sweep(limits_, [&](bool ring_full) {
        if (ring_full)
            std::this_thread::sleep_for(full_ring_pause);
        return !stop.stop_requested();
    });
    const auto warning = pass ? collection.unswept(pass->unreached) : pass.error();

    if (!pass && error_ == pass.error().what)
        return;
    if (!pass)
        error_ = pass.error().what;
    if (!warning)
        return;
    const std::scoped_lock guard(mutex_);

    warnings_.push_back(warning->hint.empty() ? warning->what : warning->what + "; " + warning->hint);
}

void SweepThread::run(const std::stop_token& stop)
{
    std::mutex unused;
    std::condition_variable_any wakeup;
    std::unique_lock lock(unused);

    while (!stop.stop_requested()) {
        const auto next = std::chrono::steady_clock::now() + interval_;

        for (const auto& collection : collections_())
            sweep(*collection, stop);
        wakeup.wait_until(lock, stop, next, [] { return false; });
    }
}

} // namespace flowlabel
