// SPDX-License-Identifier: BSD-2-Clause
/// Finding a flow by its key in user space, with the hash of the programs.
#pragma once

#include <cstddef>

#include "flowlabel/abi.h"

namespace flowlabel {

/// Which slot a flow prefers in a table of 2^SLOTS_SHIFT slots.
class FlowHash {
public:
    FlowHash(const fl_secrets& secrets, unsigned slots_shift) : secrets_(secrets), slots_shift_(slots_shift) {}

    [[nodiscard]] std::size_t slots() const { return std::size_t{1} << slots_shift_; }

    /// FLOW: a slot or a record; only its key matters.
    [[nodiscard]] std::size_t preferred_slot(const fl_slot& flow) const;

private:
    fl_secrets secrets_;
    unsigned slots_shift_;
};

/// Does SLOT hold the flow of FLOW? A program may be changing SLOT.
bool holds_flow(const fl_slot& slot, const fl_slot& flow);

} // namespace flowlabel
