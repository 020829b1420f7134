// SPDX-License-Identifier: BSD-2-Clause
/// Reading captures: pcap and pcapng, plain or gzip-compressed, of a file or of standard input.
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
    /// PATH, or standard input for `-`. Fails when it is no capture, or when it is clear from its head that none of its
    /// packets can be taken apart.
    static Result<CaptureReader> open(const std::string& path);
    CaptureReader(CaptureReader&&) noexcept;
    CaptureReader& operator=(CaptureReader&&) noexcept;
    ~CaptureReader();

    /// Reads the next record into RECORD; false at the end. After a failure nothing more can be read.
    Result<bool> next(CaptureRecord& record);

    /// The Error of this capture's PROBLEM.
    [[nodiscard]] Error error(const Problem& problem) const;

    /// Packets read until now.
    [[nodiscard]] std::uint64_t packets() const;

    /// How much of the file was read, 0 to 1; nothing where its size is unknown.
    [[nodiscard]] std::optional<double> progress() const;

    [[nodiscard]] FileIdentity identity() const;

private:
    struct State;
    explicit CaptureReader(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace flowlabel
