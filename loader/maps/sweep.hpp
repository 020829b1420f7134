// SPDX-License-Identifier: BSD-2-Clause
/// Ends flows of an attachment by their times, each on the CPU that owns it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "flowlabel/abi.h"
#include "flowlabel/result.hpp"
#include "maps/program.hpp"

namespace flowlabel {

/// What ends a flow, in time units.
struct SweepLimits {
    std::uint64_t idle = 0;   ///< since its last packet
    std::uint64_t active = 0; ///< since its first packet
    bool everything = false;  ///< end all flows, as FL_END_FORCED
};

/// The result of a pass over the whole table.
struct SweepPass {
    std::uint64_t ended = 0;         ///< flows
    std::vector<unsigned> unreached; ///< CPUs that this thread cannot run on: offline, or not in its cpuset
    bool stopped = false;            ///< WAIT returned false
};

/// The sweep of one attachment, for one thread at a time. Nothing of it is pinned: it ends with this object.
class Sweeper {
public:
    /// MAPS and INFO are those of the attachment.
    /// \param preemptible disable preemption, even if programs cannot preempt each other
    static Result<Sweeper> load(const Maps& maps, const fl_info& info, bool preemptible = false);
    Sweeper(Sweeper&&) noexcept;
    Sweeper& operator=(Sweeper&&) noexcept;
    ~Sweeper();

    /// Runs the program of TABLE once: it inspects at most REQUEST.sets sets, with softirqs off. The result has the CPU
    /// on which it ran. If that is not the requested one, nothing was done.
    [[nodiscard]] Result<fl_sweep_result> step(const fl_sweep_request& request, fl_table table = FL_TABLE_table);

    /// Inspects every flow of every table once. The calling thread moves from CPU to CPU and stays on the last one, so
    /// it should be a thread for this purpose. WAIT is called after each call; its argument says whether the ring was
    /// full. If it returns false, the pass ends.
    [[nodiscard]] Result<SweepPass> pass(const SweepLimits& limits, const std::function<bool(bool ring_full)>& wait);

private:
    struct State;
    Result<bool> sweep_part(fl_sweep_request request, fl_table table, SweepPass& pass,
                            const std::function<bool(bool ring_full)>& wait);
    explicit Sweeper(std::unique_ptr<State> state);
    template <class Skeleton> static Result<std::unique_ptr<State>> load_as(const Maps& maps, const fl_info& info);

    std::unique_ptr<State> state_;
};

} // namespace flowlabel
