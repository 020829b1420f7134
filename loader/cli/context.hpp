// SPDX-License-Identifier: BSD-2-Clause
/// What the subcommands share.
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
    std::function<Result<void>()> run; ///< set by the subcommand that was given
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

/// `flowlabel: error: …` and the like, one line each, on stderr; for the journal without names, and with a priority.
/// What is in them is made printable().
void print_error(const Error& error);
void print_warning(const std::string& text);
void print_note(const std::string& text);

/// What a service tells the journal and a terminal need not hear.
void print_journal(const std::string& text);

/// TEXT as it is, on stderr.
void print_text(std::string_view text);

} // namespace flowlabel
