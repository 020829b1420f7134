// SPDX-License-Identifier: BSD-2-Clause
/// Reading captures: pcap and pcapng, plain or gzip-compressed, of a file or of standard input.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "flowlabel/result.hpp"
#include "input.hpp"
#include "link_type.hpp"

struct pcap;

namespace flowlabel {

/// What the stamps of a capture count.
enum class Precision { microseconds, nanoseconds };

struct CapturedPacket {
    std::span<std::uint8_t> octets; ///< what was captured; may be changed, and is gone with the next packet
    std::uint32_t original_length = 0;
    std::uint64_t time = 0; ///< ns since 1970 UTC
};

/// How a capture is written down.
struct CaptureFormat {
    int dlt = 0; ///< libpcap's DLT_ number
    int snap_length = 0;
    Precision precision = Precision::microseconds;
};

class CaptureReader {
public:
    /// PATH, or standard input for `-`. Fails when it is no capture, or of a link type that cannot be taken apart.
    static Result<CaptureReader> open(const std::string& path);
    CaptureReader(CaptureReader&&) noexcept;
    CaptureReader& operator=(CaptureReader&&) noexcept;
    ~CaptureReader();

    /// Reads the next packet into PACKET; false at the end. After a failure nothing more can be read.
    Result<bool> next(CapturedPacket& packet);

    [[nodiscard]] const CaptureFormat& format() const;
    [[nodiscard]] const LinkType& link_type() const;

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
