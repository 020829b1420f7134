// SPDX-License-Identifier: BSD-2-Clause
/// Reads the bytes of a capture from a file or standard input, and decompresses gzip.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "flowlabel/result.hpp"
#include "replay/capture_error.hpp"

namespace flowlabel {

/// Identifies a file: two names of the same file have equal identities.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;

    auto operator<=>(const FileIdentity&) const = default;
};

class Input {
public:
    /// PATH, or standard input for `-`. gzip is recognised by its magic number, not by the name.
    static Result<Input> open(const std::string& path);
    Input(Input&&) noexcept;
    Input& operator=(Input&&) noexcept;
    ~Input();

    /// The next SIZE bytes, decompressed; fewer at the end of the file or after an error(). They are writable, and
    /// valid until the next call.
    std::span<std::uint8_t> peek(std::size_t size);

    /// Skips SIZE bytes that peek() returned.
    void skip(std::size_t size);

    /// How much of the file has been read, 0 to 1; empty if its size is unknown.
    [[nodiscard]] std::optional<double> progress() const;

    /// Why reading stopped before the end of the file; empty if it did not.
    [[nodiscard]] const CaptureError& error() const;

    [[nodiscard]] FileIdentity identity() const;

private:
    struct State;
    explicit Input(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace flowlabel
