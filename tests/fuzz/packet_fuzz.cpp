// SPDX-License-Identifier: BSD-2-Clause
/// Any frame through the observer: it passes unchanged, it is counted once with one outcome, and nothing is lost.
#include "input.hpp"

using namespace flowlabel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const fuzz::Input input({data, size});
    NativeEngine engine(fuzz::setup_for(input, FL_STAMP_OFF));
    std::vector<std::uint8_t> octets = input.octets();
    const auto verdict = engine.run(input.frame(octets));
    const Counters counters = engine.counters();
    const TableView::Sum live = engine.table().sum();

    fuzz::require(verdict && *verdict == Verdict::pass, "the packet passes");
    fuzz::require(octets == input.octets(), "an observer changes nothing");
    fuzz::require(counters.seen == 1, "every frame has one outcome");
    fuzz::require(live.flows == counters.counted, "what is counted is in the table");
    fuzz::require(live.amount.octets == counters.counted_bytes, "with its bytes");
    fuzz::require(counters.counted_bytes <= octets.size() + 255, "no more bytes are counted than there were");
    return 0;
}
