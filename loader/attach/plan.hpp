// SPDX-License-Identifier: BSD-2-Clause
/// Steps that attaching and replacing have in common.
#pragma once

#include <cstdint>

#include "attach/pins.hpp"
#include "base/interface.hpp"
#include "flowlabel/attachment.hpp"
#include "maps/program.hpp"

namespace flowlabel {

constexpr std::uint64_t smallest_slots = FL_WAYS;

/// The facts that are known before the program is loaded.
struct Plan {
    const Bpffs& bpffs;
    const AttachOptions& options;
    Interface interface;
    PinPlace place;
    unsigned cpus;
};

/// The setup of the program. OLD is the attachment that it replaces, or null: options that are not given are taken from
/// OLD. A key or a function without stamping is an error.
Result<ProgramSetup> setup_for(const Plan& plan, std::uint32_t slots, const fl_info* old = nullptr);

/// The entry of the info map for PROGRAM_ID, without the fields that attaching sets: mode, made_qdisc, filter_added,
/// epoch.
fl_info describe(const Plan& plan, const ProgramSetup& setup, std::uint32_t program_id);

} // namespace flowlabel
