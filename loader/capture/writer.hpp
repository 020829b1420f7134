// SPDX-License-Identifier: BSD-2-Clause
/// Writing captures, as pcap.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "flowlabel/result.hpp"
#include "reader.hpp"

namespace flowlabel {

class CaptureWriter {
public:
    /// A capture PATH like READER's: the same link type, snap length and precision of stamps. PATH must not be what
    /// READER reads. Nothing is there under PATH until commit().
    static Result<CaptureWriter> create(const std::string& path, const CaptureReader& reader);
    CaptureWriter(CaptureWriter&&) noexcept;
    CaptureWriter& operator=(CaptureWriter&&) noexcept;
    ~CaptureWriter();

    Result<void> write(const CapturedPacket& packet);

    /// Puts the capture in its place.
    Result<void> commit();

private:
    struct State;
    explicit CaptureWriter(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace flowlabel
