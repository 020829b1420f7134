// SPDX-License-Identifier: BSD-2-Clause
/// Ending the flows of an attachment by their times, each on the CPU that owns it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "flowlabel/abi.h"
#include "flowlabel/result.hpp"
#include "maps/program.hpp"

namespace flowlabel {

/// What ends a flow, in ticks.
struct SweepLimits {
    std::uint64_t idle = 0;   ///< since its last packet
    std::uint64_t active = 0; ///< since its first packet
    bool everything = false;  ///< all of them end, as FL_END_FORCED
};

/// What a pass over the whole table did.
struct SweepPass {
    std::uint64_t ended = 0;         ///< flows
    std::vector<unsigned> unreached; ///< CPUs that this thread cannot run on: offline, or not in its cpuset
    bool stopped = false;            ///< it was told to
};

/// The sweep of one attachment, for one thread at a time. It goes when its owner goes: nothing of it is pinned.
class Sweeper {
public:
    /// MAPS and INFO are the attachment's.
    /// \param preemptible disable preemption even where programs cannot preempt each other
    static Result<Sweeper> load(const Maps& maps, const fl_info& info, bool preemptible = false);
    Sweeper(Sweeper&&) noexcept;
    Sweeper& operator=(Sweeper&&) noexcept;
    ~Sweeper();

    /// One call: at most REQUEST.sets sets with softirqs off. The result says where it ran; nothing is done on any
    /// other CPU than the one that is asked for.
    [[nodiscard]] Result<fl_sweep_result> step(const fl_sweep_request& request);

    /// Looks at every flow once. This thread goes from CPU to CPU for it and stays on the last: it should be one of its
    /// own. WAIT is called after each call and told whether the ring had no room; when it says false the pass ends.
    [[nodiscard]] Result<SweepPass> pass(const SweepLimits& limits, const std::function<bool(bool ring_full)>& wait);

private:
    struct State;
    explicit Sweeper(std::unique_ptr<State> state);
    template <class Skeleton> static Result<std::unique_ptr<State>> load_as(const Maps& maps, const fl_info& info);

    std::unique_ptr<State> state_;
};

} // namespace flowlabel
