// SPDX-License-Identifier: BSD-2-Clause
/// The octets of a capture: a file, a gzip-compressed file, or standard input.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// Tells whether two names are the same file.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;

    auto operator<=>(const FileIdentity&) const = default;
};

/// What is wrong with the octets of a capture. WHAT, behind its name, makes a sentence.
struct InputProblem {
    std::string what;
    std::string hint;
};

class Input {
public:
    /// PATH, or standard input for `-`. Compression is recognised by what the file holds.
    static Result<Input> open(const std::string& path);
    Input(Input&&) noexcept;
    Input& operator=(Input&&) noexcept;
    ~Input();

    /// The octets, decompressed. Whoever gets it closes it, before this object goes.
    [[nodiscard]] FILE* open_stream();

    /// The first four octets after decompression, once they were read.
    [[nodiscard]] std::array<std::uint8_t, 4> magic() const;

    /// The length on the wire of PACKET (1 is the first one), where the stream says less; see UniformInterfaces.
    [[nodiscard]] std::optional<std::uint32_t> length_of(std::uint64_t packet);

    /// How much of the file was read, 0 to 1; nothing where its size is unknown.
    [[nodiscard]] std::optional<double> progress() const;

    /// Why octets stopped before the end; empty when they did not.
    [[nodiscard]] const InputProblem& problem() const;

    [[nodiscard]] FileIdentity identity() const;

private:
    struct State;
    explicit Input(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace flowlabel
