// SPDX-License-Identifier: BSD-2-Clause
/// What `collect` can export to: the sinks of sinks.def, with their options.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/help.hpp"
#include "collect/sink_kind.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

class SinkTable {
public:
    SinkTable();

    void add_options(CLI::App& collect);

    /// An example of the command line for each kind.
    [[nodiscard]] std::vector<Example> examples() const;

    /// Wrong usage: an option is wrong, or no option says where the records go.
    [[nodiscard]] Result<void> check() const;

    /// Do records go to stdout?
    [[nodiscard]] bool use_stdout() const;

    /// Text that an option asks to print instead of collecting.
    [[nodiscard]] std::optional<std::string> text_instead() const;

    /// WATCH reports to the sinks what the collector lost.
    [[nodiscard]] Result<Sinks> open(const std::shared_ptr<const CollectorWatch>& watch) const;

private:
    struct Entry {
        SinkKind kind;
        std::unique_ptr<SinkOptions> options;
    };

    [[nodiscard]] std::string destinations() const;

    std::vector<Entry> entries_;
};

} // namespace flowlabel
