// SPDX-License-Identifier: BSD-2-Clause
/// Loading a BPF program of ours with its maps.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/gro_lists.hpp"
#include "flowlabel/abi.h"
#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"
#include "maps/map_list.hpp"

namespace flowlabel {

using Secrets = std::array<fl_secrets, FL_ENTRIES>;

struct ProgramSetup {
    fl_hook hook = FL_HOOK_XDP;
    fl_config config{}; ///< without what depends on the machine
    Secrets secrets{};
    bool preemptible = false;   ///< disable preemption even where programs cannot preempt each other
    GroListReceivers gro_lists; ///< those whose packets it would stamp
};

struct Program {
    Fd fd;
    std::uint32_t id = 0;
    Maps maps;
    bool tells_gro_lists = true; ///< from other merged packets; where it stamps on tc
};

/// log2 of the records in the ring of one CPU: 4 MiB, six million records a second for a reader that looks every 10 ms.
constexpr std::uint8_t default_ring_shift = 16;

/// Fills in what depends on the machine alone. CONFIG.fences stays where it is set.
void add_machine(fl_config& config);

/// Loads the program of SETUP.hook. With REUSE its maps are used and SETUP.secrets are written into them: the entry of
/// a program that runs must not differ from what it has.
Result<Program> load_program(ProgramSetup setup, const Maps* reuse = nullptr);

/// What NUMBER, the errno of a load, means.
std::unexpected<Error> load_error(int err);

/// The same of programs that are PREEMPTIBLE, and so need kfuncs.
std::unexpected<Error> load_error(int err, bool preemptible);

/// The number of CPUs that may ever come up.
Result<unsigned> possible_cpus();

/// The secrets of an attachment, both entries.
Result<Secrets> read_secrets(const Maps& maps);

/// Keys for fl_secrets.hash.
Result<fl_secrets> random_secrets();

} // namespace flowlabel
