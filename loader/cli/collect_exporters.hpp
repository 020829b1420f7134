// SPDX-License-Identifier: BSD-2-Clause
/// What `collect` can export to: for each the options, and how they become sinks. Sinks are opened before the collector
/// gives up its capabilities.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "flowlabel/record.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

using Sinks = std::vector<std::unique_ptr<RecordSink>>;

struct JsonlOptions {
    std::string file; ///< - is stdout; empty: none
};

void add_jsonl_options(CLI::App& collect, JsonlOptions& options);
Result<void> open_jsonl(const JsonlOptions& options, Sinks& sinks);

} // namespace flowlabel
