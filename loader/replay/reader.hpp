// SPDX-License-Identifier: BSD-2-Clause
/// Reads captures: pcap and pcapng, plain or gzip-compressed, from a file or standard input.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "flowlabel/result.hpp"
#include "replay/captured_packet.hpp"
#include "replay/input.hpp"

namespace flowlabel {

class CaptureReader {
public:
    /// PATH, or standard input for `-`. Fails if it is not a capture, or if its file header has a link type that cannot
    /// be read.
    static Result<CaptureReader> open(const std::string& path);
    CaptureReader(CaptureReader&&) noexcept;
    CaptureReader& operator=(CaptureReader&&) noexcept;
    ~CaptureReader();

    /// Reads the next record into RECORD; false at the end. After a failure nothing more can be read.
    Result<bool> next(CaptureRecord& record);

    /// ERROR with the name of this capture and the number of packets read.
    [[nodiscard]] Error describe(const CaptureError& error) const;

    /// Packets read so far.
    [[nodiscard]] std::uint64_t packets() const;

    /// How much of the file has been read, 0 to 1; empty if its size is unknown.
    [[nodiscard]] std::optional<double> progress() const;

    [[nodiscard]] FileIdentity identity() const;

private:
    struct State;
    explicit CaptureReader(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace flowlabel
