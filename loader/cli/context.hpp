// SPDX-License-Identifier: BSD-2-Clause
/// The state and functions that the subcommands share.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "flowlabel/result.hpp"

namespace flowlabel {

struct Context {
    std::filesystem::path bpffs = "/sys/fs/bpf";
    bool verbose = false;
    std::function<Result<void>()> run; ///< set by the selected subcommand
};

/// Each adds its subcommand to APP.
void add_attach(CLI::App& app, Context& context);
void add_detach(CLI::App& app, Context& context);
void add_status(CLI::App& app, Context& context);
void add_flows(CLI::App& app, Context& context);
void add_stats(CLI::App& app, Context& context);
void add_collect(CLI::App& app, Context& context);
void add_replay(CLI::App& app, Context& context);
void add_host(CLI::App& app, Context& context);
void add_exercise(CLI::App& app, Context& context);
void add_key(CLI::App& app, Context& context);

/// Each prints one line on stderr, such as `flowlabel: error: …`. In the journal the line has a priority instead of
/// these words. The text is passed through printable().
void print_error(const Error& error);
void print_warning(const std::string& text);
void print_note(const std::string& text);

/// Prints TEXT only if stderr is the journal.
void print_journal(const std::string& text);

/// Prints TEXT on stderr, unchanged.
void print_text(std::string_view text);

} // namespace flowlabel
