// SPDX-License-Identifier: BSD-2-Clause
/// The steps that a new attachment and a replacement share.
#pragma once

#include <cstdint>

#include "attach/pins.hpp"
#include "flowlabel/attachment.hpp"
#include "flowlabel/interface.hpp"
#include "maps/program.hpp"

namespace flowlabel {

constexpr std::uint64_t smallest_slots = FL_WAYS;

/// What is known before a program is loaded.
struct Plan {
    const Bpffs& bpffs;
    const AttachOptions& options;
    Interface interface;
    PinPlace place;
    unsigned cpus;
};

/// What the program is loaded with. OLD is the attachment that it replaces, or null: what OPTIONS leave open is OLD's.
/// A key or a function without stamping is an error.
Result<ProgramSetup> setup_for(const Plan& plan, std::uint32_t slots, const fl_info* old = nullptr);

/// The entry of the info map for PROGRAM_ID, without the fields that attaching sets: mode, made_qdisc, filter_added,
/// epoch.
fl_info describe(const Plan& plan, const ProgramSetup& setup, std::uint32_t program_id);

} // namespace flowlabel
