// SPDX-License-Identifier: BSD-2-Clause
/// The state and functions that the subcommands share.
#pragma once

#include <CLI/CLI.hpp>
#include <concepts>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "flowlabel/result.hpp"

namespace flowlabel {

struct Context {
    std::filesystem::path bpffs = "/sys/fs/bpf";
    bool verbose = false;
    std::function<Result<void>()> run; ///< set by the selected subcommand
};

/// Makes the subcommand APP run RUN(context, OPTIONS), or RUN(OPTIONS), once the whole command line is read.
template <class Options, class Run>
void on_run(CLI::App& app, Context& context, const std::shared_ptr<Options>& options, Run run)
{
    app.callback([&context, options, run] {
        context.run = [&, options, run]() -> Result<void> {
            if constexpr (std::invocable<Run, const Context&, Options&>)
                return run(context, *options);
            else
                return run(*options);
        };
    });
}

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
