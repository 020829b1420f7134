// SPDX-License-Identifier: BSD-2-Clause
/// Options of several subcommands, and errors about what they select.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "arguments/arguments.hpp"
#include "base/word_table.hpp"
#include "flowlabel/attachment.hpp"
#include "flowlabel/flow.hpp"
#include "output/flows_document.hpp"

namespace flowlabel {

constexpr auto all_netns_text = "IFACE means the interfaces of that name in other network namespaces, too";

/// IFACE, --hook and --all-netns.
struct SelectionOptions {
    std::string interface;
    std::optional<fl_hook> hook;
    bool all_netns = false;

    void add_to(CLI::App& app);
    [[nodiscard]] Selection selection() const;
};

enum class FlowFormat { table, json, jsonl, csv };

/// What a row is.
enum class Grouping { label, connection };

template <>
inline constexpr WordTable<Grouping> word_table<Grouping> = {
    {Grouping::label, "label"},
    {Grouping::connection, "connection"},
};

/// The selection and output options of `flows` and `replay`.
struct FlowOptions {
    Grouping by = Grouping::label;
    FlowQuery query;
    FlowFormat format = FlowFormat::table;

    void add_to(CLI::App& app);

    /// Sorts, filters and limits the flows of DOCUMENT.
    void select(FlowsDocument& document) const;
    void write(const FlowsDocument& document, const TextWriter& write) const;

private:
    std::optional<std::uint64_t> limit_;
};

/// The options of stamping.
struct StampOptions {
    std::optional<fl_stamp_mode> mode; ///< as it was given
    std::optional<fl_prf> prf;

    void add_to(CLI::App& app);

    /// The key of --key-file, if there is one. Wrong usage: a key or a PRF without stamping. With KEPT the mode may
    /// come from the attachment that is replaced.
    [[nodiscard]] Result<std::optional<Key>> key(bool kept = false) const;

private:
    std::optional<std::string> key_file_;
};

/// The bpffs at ROOT. An error: SELECTION names an unknown interface, or there is no bpffs.
Result<Bpffs> open_bpffs(const std::filesystem::path& root, const Selection& selection);

/// An error for a selection that matches nothing: an unknown interface, or nothing attached there.
Error nothing_attached(const Selection& selection);

/// The result of a command that could not read some attachments: returns the first error and prints the others as
/// warnings.
Result<void> unreadable_result(const std::vector<Error>& unreadable);

/// The one attachment that SELECTION names.
struct FoundOne {
    Attachment attachment;
    std::vector<Error> unreadable; ///< about others that match and cannot be read
};
Result<FoundOne> find_one(const std::filesystem::path& bpffs, const Selection& selection);

/// Prints the findings of ATTACHMENT as one warning, for example that another program runs before it.
/// \param[in,out] last_warnings the text that was printed last, which is not printed again
void warn_of_findings(const Attachment& attachment, std::string& last_warnings);

} // namespace flowlabel
