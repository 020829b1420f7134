// SPDX-License-Identifier: BSD-2-Clause
/// Any file as a capture: it is read to its end or to an error, and what was counted is in the flows.
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "flowlabel/fd.hpp"
#include "input.hpp"
#include "replay.hpp"

using namespace flowlabel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const Fd file(memfd_create("capture", MFD_CLOEXEC));

    fuzz::require(file && write(file.get(), data, size) == static_cast<ssize_t>(size), "there is memory");
    auto reader = CaptureReader::open("/proc/self/fd/" + std::to_string(file.get()));
    if (!reader) {
        fuzz::require(!reader.error().what.empty(), "an error says what is wrong");
        return 0;
    }
    const ReplayOptions options{.setup = {.stamp = FL_STAMP_ZERO, .slots_shift = FL_WAYS_SHIFT + 2}};
    const auto report = replay(*reader, options, nullptr, [](const CaptureReader&) { return true; });
    if (!report)
        return 0;
    Amount amount;

    for (const Flow& flow : report->flows) {
        amount.packets += flow.packets;
        amount.octets += flow.octets;
        fuzz::require(flow.first_seen <= flow.last_seen, "a flow ends after it starts");
    }
    fuzz::require(report->counters.seen == reader->packets(), "every packet was seen");
    fuzz::require(amount == report->totals.counted, "what was counted is in the flows");
    return 0;
}
