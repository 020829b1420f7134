// SPDX-License-Identifier: BSD-2-Clause
/// Capture formats: a RecordSource reads each of them.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "replay/capture_error.hpp"
#include "replay/captured_packet.hpp"
#include "replay/input.hpp"

namespace flowlabel {

class RecordSource {
public:
    virtual ~RecordSource() = default;

    /// Reads the next record into RECORD; false at the end.
    virtual Checked<bool> next(CaptureRecord& record) = 0;
};

/// START is the first bytes of a file, at least four.
bool is_pcap(std::span<const std::uint8_t> start);
bool is_pcapng(std::span<const std::uint8_t> start);

/// INPUT is at its start, has the format of the function's name, and outlives the source.
Checked<std::unique_ptr<RecordSource>> open_pcap(Input& input);
Checked<std::unique_ptr<RecordSource>> open_pcapng(Input& input);

/// The result of next() when only LEFT bytes of PART could be read: false if there are none, else an error.
Checked<bool> stopped(const Input& input, std::size_t left, std::string_view part);

std::unexpected<CaptureError> damaged(std::string_view how);

} // namespace flowlabel
