// SPDX-License-Identifier: BSD-2-Clause
/// The options of `flowlabel exercise client`, and the checks of their combinations.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "base/word_table.hpp"
#include "host/exercise/client.hpp"
#include "host/exercise/generator.hpp"

namespace flowlabel {

/// The value of --label.
struct LabelWord {
    enum class Kind { automatic, none, random, value } kind = Kind::automatic;
    std::uint32_t value = 0; ///< 1 to 0xFFFFF
};

/// The value of --lease.
enum class LeaseKind { create, join, only_new };

template <>
inline constexpr WordTable<LeaseKind> word_table<LeaseKind> = {
    {LeaseKind::create, "create"},
    {LeaseKind::join, "join"},
    {LeaseKind::only_new, "new"},
};

struct ClientCommand {
    std::string host;
    bool tcp = false;
    bool udp = false;
    bool json = false;
    std::optional<std::uint64_t> port;
    std::optional<LabelWord> label;
    std::optional<LabelPattern> generate;
    std::optional<std::string> text;
    std::optional<std::uint64_t> count;
    std::optional<std::chrono::nanoseconds> interval;
    std::optional<std::chrono::nanoseconds> timeout;
    std::optional<std::uint64_t> size;
    std::optional<std::uint64_t> flows;
    std::optional<std::uint64_t> change_every;
    std::optional<LeaseKind> lease;
    std::optional<LabelShare> share;
    std::optional<std::chrono::seconds> expires;
    std::optional<std::chrono::seconds> linger;
    std::optional<std::chrono::nanoseconds> renew;
    std::optional<std::string> raw; ///< the interface of raw packets
    bool real_nic = false;          ///< allow any interface for raw packets

    void add_to(CLI::App& app);

    /// Both resolve the host. Usage errors: options that exclude each other, and a raw interface that may be a physical
    /// link.
    [[nodiscard]] Result<ClientOptions> options() const;
    [[nodiscard]] Result<GeneratorOptions> generator_options() const;

private:
    [[nodiscard]] bool has_lease_options() const { return lease || share || expires || linger || renew; }
    [[nodiscard]] Result<void> check_generator(const GeneratorOptions& options) const;
    [[nodiscard]] Result<LabelOptions> labels() const;
    [[nodiscard]] Result<void> check(const ClientOptions& options) const;
    [[nodiscard]] LeaseOptions lease_options() const;
};

} // namespace flowlabel
