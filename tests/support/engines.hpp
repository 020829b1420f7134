// SPDX-License-Identifier: BSD-2-Clause
/// The four engines that run every test's frames, with known secrets.
#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <vector>

#include "engine/engine.hpp"
#include "label.hpp"

namespace flowlabel::test {

enum class Kind { native, xdp, tc_ingress, tc_egress };

constexpr Kind all_kinds[] = {Kind::native, Kind::xdp, Kind::tc_ingress, Kind::tc_egress};
constexpr Kind kernel_kinds[] = {Kind::xdp, Kind::tc_ingress, Kind::tc_egress};
constexpr Kind tc_kinds[] = {Kind::tc_ingress, Kind::tc_egress};
constexpr fl_stamp_mode all_modes[] = {FL_STAMP_OFF, FL_STAMP_DRY_RUN, FL_STAMP_ZERO};

/// Names of the instances of parameterized tests.
const char* name_of(Kind kind);
void PrintTo(Kind kind, std::ostream* out);

/// The key of every label in these tests: bytes 00 to 0f.
LabelKey stamp_key();

struct Choice {
    fl_stamp_mode stamp = FL_STAMP_OFF;
    fl_prf prf = FL_PRF_SIPHASH_2_4;
    fl_link_layer link_layer = FL_LINK_ETHERNET;
    bool track = false;
    unsigned slots_shift = 10;
    unsigned ring_shift = 17; ///< log2 of the number of records in the ring of each CPU
    bool fences = false;      ///< as on machines with weakly ordered stores
    bool preemptible = false; ///< as on kernels where programs on one CPU preempt each other
};

EngineSetup setup_for(const Choice& choice);

/// What left the table: the flow of a record, its end reason, and the connection, if the engine tracks.
struct Ended {
    TableFlow flow;
    fl_end_reason reason;
    std::optional<TableConnection> connection;
};

/// Drains ENGINE.
std::vector<Ended> ended_flows(Engine& engine);

/// Creates an engine. Throws a text if it cannot (no privilege, no BPF), which fails the test with that text.
std::unique_ptr<Engine> make_engine(Kind kind, const Choice& choice);

/// The engine of KIND and MODE: created once, and emptied for each use.
Engine& shared_engine(Kind kind, fl_stamp_mode mode);

/// Pins this thread to one CPU, so that the kernel's engines use one part of the table.
class PinnedToCpu {
public:
    explicit PinnedToCpu(unsigned cpu);
    PinnedToCpu(const PinnedToCpu&) = delete;
    PinnedToCpu& operator=(const PinnedToCpu&) = delete;
    ~PinnedToCpu();

private:
    struct Before;
    std::unique_ptr<Before> before_;
};

} // namespace flowlabel::test
