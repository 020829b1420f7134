// SPDX-License-Identifier: BSD-2-Clause
/// The formats of captures: each is read by a source of records.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "replay/captured_packet.hpp"
#include "replay/input.hpp"
#include "replay/problem.hpp"

namespace flowlabel {

class RecordSource {
public:
    virtual ~RecordSource() = default;

    /// Reads the next record into RECORD; false at the end.
    virtual Checked<bool> next(CaptureRecord& record) = 0;
};

/// START: the first bytes of a file. Four are enough.
bool is_pcap(std::span<const std::uint8_t> start);
bool is_pcapng(std::span<const std::uint8_t> start);

/// INPUT stands at its start, is what the name says, and lives as long as the source.
Checked<std::unique_ptr<RecordSource>> open_pcap(Input& input);
Checked<std::unique_ptr<RecordSource>> open_pcapng(Input& input);

/// What a source returns that wants a PART of INPUT and finds but LEFT bytes: the end, if there are none.
Checked<bool> stopped(const Input& input, std::size_t left, std::string_view part);

std::unexpected<Problem> damaged(std::string_view how);

} // namespace flowlabel
