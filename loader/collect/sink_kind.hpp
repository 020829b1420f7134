// SPDX-License-Identifier: BSD-2-Clause
/// A kind of sink, as `collect` sees it: its options, and how they become sinks. Each folder of sinks/ defines one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "collect/collector_watch.hpp"
#include "collect/record_sink.hpp"
#include "flowlabel/result.hpp"

namespace CLI {
class App;
}

namespace flowlabel {

/// The options of one kind of sink on one command line.
class SinkOptions {
public:
    SinkOptions() = default;
    SinkOptions(const SinkOptions&) = delete;
    SinkOptions& operator=(const SinkOptions&) = delete;
    virtual ~SinkOptions() = default;

    /// Adds the options to COLLECT, which writes their values into this object.
    virtual void add_to(CLI::App& collect) = 0;

    /// Finds wrong usage. Opens nothing and looks nothing up.
    [[nodiscard]] virtual Result<void> check() const = 0;

    /// Do the options ask for a sink of this kind, or for text_instead()?
    [[nodiscard]] virtual bool wanted() const = 0;

    /// Do the records go to stdout?
    [[nodiscard]] virtual bool uses_stdout() const { return false; }

    /// Text that an option asks to print instead of collecting.
    [[nodiscard]] virtual std::optional<std::string> text_instead() const { return std::nullopt; }

    /// Opens the sinks, after check(), while the process still has all its capabilities. WATCH reports to them what the
    /// collector lost.
    [[nodiscard]] virtual Result<Sinks> open(const std::shared_ptr<const CollectorWatch>& watch) const = 0;
};

struct SinkKind {
    const char* destination;     ///< the option that names one, for a hint: "--ipfix URL"
    const char* example;         ///< a command line for --help
    const char* example_meaning; ///< what it does
    std::unique_ptr<SinkOptions> (*make_options)();
};

/// A SinkKind::make_options.
template <class Options> std::unique_ptr<SinkOptions> make_sink_options()
{
    return std::make_unique<Options>();
}

} // namespace flowlabel
