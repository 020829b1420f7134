// SPDX-License-Identifier: BSD-2-Clause
/// The bytes of a capture: a file, a gzip-compressed file, or standard input.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "flowlabel/result.hpp"
#include "replay/problem.hpp"

namespace flowlabel {

/// Tells whether two names are the same file.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;

    auto operator<=>(const FileIdentity&) const = default;
};

class Input {
public:
    /// PATH, or standard input for `-`. gzip is recognised by what the file holds.
    static Result<Input> open(const std::string& path);
    Input(Input&&) noexcept;
    Input& operator=(Input&&) noexcept;
    ~Input();

    /// The next SIZE bytes, decompressed; fewer where the file ends and where there is a problem(). They may be changed
    /// and stay where they are until the next call.
    std::span<std::uint8_t> peek(std::size_t size);

    /// Passes SIZE bytes that peek() showed.
    void skip(std::size_t size);

    /// How much of the file was read, 0 to 1; nothing where its size is unknown.
    [[nodiscard]] std::optional<double> progress() const;

    /// Why bytes stopped before the end; empty when they did not.
    [[nodiscard]] const Problem& problem() const;

    [[nodiscard]] FileIdentity identity() const;

private:
    struct State;
    explicit Input(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace flowlabel
