// SPDX-License-Identifier: BSD-2-Clause
#include "maps/flow_hash.hpp"

#include "hash.h"

namespace flowlabel {

std::size_t FlowHash::preferred_slot(const fl_slot& flow) const
{
    return fl_hash(secrets_.hash, flow.src, flow.dst, flow.tag & FL_LABEL_MASK) >> (64 - slots_shift_);
}

bool holds_flow(const fl_slot& slot, const fl_slot& flow)
{
    const auto load = [](const auto& word) { return __atomic_load_n(&word, __ATOMIC_RELAXED); };

    return (load(slot.tag) & FL_TAG_KEY) == ((flow.tag & FL_LABEL_MASK) | FL_TAG_USED) &&
           load(slot.src[1]) == flow.src[1] && load(slot.dst[1]) == flow.dst[1] && load(slot.src[0]) == flow.src[0] &&
           load(slot.dst[0]) == flow.dst[0];
}

} // namespace flowlabel
