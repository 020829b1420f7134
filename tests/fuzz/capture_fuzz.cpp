// SPDX-License-Identifier: BSD-2-Clause
/// Reads any file as a capture, to its end or to an error. The flows must add up to what was counted, and the records
/// together must be the file.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string>

#include "base/fd.hpp"
#include "input.hpp"
#include "replay/replay.hpp"

using namespace flowlabel;

namespace {

/// The records, one after the other, are the file up to its end or to the error. A compressed file is not compared.
void compare_records(const std::string& path, std::span<const std::uint8_t> file)
{
    auto reader = CaptureReader::open(path).value();
    CaptureRecord record;
    std::size_t at = 0;
    auto more = reader.next(record);

    if (file[0] == 0x1F)
        return;
    for (; more && *more; more = reader.next(record)) {
        fuzz::require(record.bytes.size() <= file.size() - at, "a record ends within the file");
        fuzz::require(std::ranges::equal(record.bytes, file.subspan(at, record.bytes.size())),
                      "a record has the bytes of the file");
        at += record.bytes.size();
    }
    fuzz::require(!more || at == file.size(), "a file is read to its end");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const Fd file(memfd_create("capture", MFD_CLOEXEC));

    fuzz::require(file && write(file.get(), data, size) == static_cast<ssize_t>(size), "there is memory");
    const std::string path = "/proc/self/fd/" + std::to_string(file.get());
    auto reader = CaptureReader::open(path);
    if (!reader) {
        fuzz::require(!reader.error().what.empty(), "an error says what is wrong");
        return 0;
    }
    compare_records(path, {data, size});
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
    fuzz::require(report->counters.seen + report->unreadable == reader->packets(), "every packet was seen");
    fuzz::require(amount == report->totals.counted, "what was counted is in the flows");
    return 0;
}
