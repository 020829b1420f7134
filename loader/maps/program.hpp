// SPDX-License-Identifier: BSD-2-Clause
/// Loads the BPF programs of an attachment with their maps.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.hpp"
#include "base/gro_lists.hpp"
#include "flowlabel/abi.h"
#include "flowlabel/result.hpp"
#include "maps/map_list.hpp"

namespace flowlabel {

using Secrets = std::array<fl_secrets, FL_ENTRIES>;

struct ProgramSetup {
    fl_hook hook = FL_HOOK_XDP;
    fl_config config{}; ///< without the fields that add_machine() sets
    Secrets secrets{};
    bool preemptible = false;   ///< disable preemption, even if programs cannot preempt each other
    GroListReceivers gro_lists; ///< those whose packets the program would stamp
};

struct Program {
    Fd fd;
    std::uint32_t id = 0;
    Maps maps;
    bool tells_gro_lists = true; ///< from other merged packets; matters if it stamps on tc
};

/// log2 of the records in the ring of one CPU: 4 MiB. This is enough for six million records a second if they are read
/// every 10 ms.
constexpr std::uint8_t default_ring_shift = 16;

/// Sets the fields that depend on the machine. CONFIG.fences stays set if it is set.
void add_machine(fl_config& config);

/// Loads the program of SETUP.hook. With REUSE it uses these maps, and SETUP.secrets are written into them: a running
/// program must find its entry unchanged.
Result<Program> load_program(ProgramSetup setup, const Maps* reuse = nullptr);

/// The error for a load that failed with ERR.
std::unexpected<Error> load_error(int err);

/// The same for programs that are PREEMPTIBLE and so need kfuncs.
std::unexpected<Error> load_error(int err, bool preemptible);

/// The number of CPUs that may ever come up.
Result<unsigned> possible_cpus();

/// The secrets of an attachment, both entries.
Result<Secrets> read_secrets(const Maps& maps);

/// Keys for fl_secrets.hash.
Result<fl_secrets> random_secrets();

} // namespace flowlabel
