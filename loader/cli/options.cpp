// SPDX-License-Identifier: BSD-2-Clause
#include "cli/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "base/interface.hpp"
#include "base/try.hpp"
#include "cli/context.hpp"
#include "output/check.hpp"

namespace flowlabel {

/// Rows of a table without --limit.
constexpr std::size_t table_rows = 20;

void SelectionOptions::add_to(CLI::App& app)
{
    app.add_option("IFACE", interface, "the interface")->type_name("");
    add_choice(app, "--hook", hook, "only this hook");
    app.add_flag("--all-netns", all_netns, all_netns_text);
}

Selection SelectionOptions::selection() const
{
    Selection selection{.hook = hook, .all_netns = all_netns};

    if (!interface.empty())
        selection.interface = primary_name(interface);
    return selection;
}

void FlowOptions::add_to(CLI::App& app)
{
    add_choice(app, "--by", by,
               "a row for each flow, or for each connection, which attachments with --track count; default: label");
    add_choice(app, "--sort", query.sort, "largest or latest first; default: bytes");
    add_number(app, "--limit", limit_, 0, "at most N flows; default: 20 in a table, all in the other forms");
    add_parsed(app, "--src", query.src, parse_prefix, "only sources in this prefix")->type_name("PREFIX");
    add_parsed(app, "--dst", query.dst, parse_prefix, "only destinations in this prefix")->type_name("PREFIX");
    add_parsed(
        app, "--label", query.label, parse_label_filter,
        "only flows with this label, with LABEL in the bits of MASK, with a label from FIRST to LAST, that came with "
        "label 0, that came with another label, or that came with 0 and are stamped")
        ->type_name("LABEL|LABEL/MASK|FIRST-LAST|zero|nonzero|stamped");

    CLI::Option* const json =
        app.add_flag_callback("--json", [this] { format = FlowFormat::json; }, "one JSON document");
    CLI::Option* const jsonl = app.add_flag_callback(
        "--jsonl", [this] { format = FlowFormat::jsonl; }, "a JSON object for each flow, one on each line");

    jsonl->excludes(json);
    app.add_flag_callback(
           "--csv", [this] { format = FlowFormat::csv; }, "a header line, and a line for each flow")
        ->excludes(json)
        ->excludes(jsonl);
}

void FlowOptions::select(FlowsDocument& document) const
{
    FlowQuery bounded = query;

    if (limit_)
        bounded.limit = limit_;
    else if (format == FlowFormat::table)
        bounded.limit = table_rows;
    document.filtered = query.filters();
    if (auto* const flows = std::get_if<Flows>(&document.rows))
        document.rows = select_flows(std::move(*flows), bounded, &document.matched);
    else
        document.rows = select_connections(std::get<Connections>(std::move(document.rows)), bounded, &document.matched);
}

void FlowOptions::write(const FlowsDocument& document, const TextWriter& write) const
{
    switch (format) {
    case FlowFormat::json:
        return write_flows_json(document, write);
    case FlowFormat::jsonl:
        return write_flows_jsonl(document, write);
    case FlowFormat::csv:
        return write_flows_csv(document, write);
    case FlowFormat::table:
        return write_flows_table(document, write);
    }
}

void StampOptions::add_to(CLI::App& app)
{
    add_choice(app, "--stamp", mode, "label packets that come with label 0 (RFC 6437 section 3); default: off");
    app.add_option("--key-file", key_file_, "the label function's key, 32 hexadecimal digits; default: a random one")
        ->type_name("FILE");
    add_choice(app, "--prf", prf, "the label function; default: siphash-2-4");
}

Result<std::optional<Key>> StampOptions::key(bool kept) const
{
    const bool off = mode.value_or(FL_STAMP_OFF) == FL_STAMP_OFF && (mode || !kept);

    if (off && (key_file_ || prf))
        return fail(fmt::format("{} makes no sense without stamping", key_file_ ? "--key-file" : "--prf"),
                    "add --stamp zero or --stamp dry-run", Failure::usage);
    if (!key_file_)
        return std::nullopt;
    return TRY(read_key_file(*key_file_));
}

Result<Bpffs> open_bpffs(const std::filesystem::path& root, const Selection& selection)
{
    auto bpffs = Bpffs::open(root);

    if (!bpffs && selection.interface)
        TRY(find_interface(*selection.interface));
    return bpffs;
}

Error nothing_attached(const Selection& selection)
{
    const std::string hook = selection.hook ? fmt::format(" {}", name_of(*selection.hook)) : "";

    if (!selection.interface)
        return {"nothing is attached" + (hook.empty() ? "" : " to" + hook), "see 'flowlabel attach --help'",
                Failure::not_attached};
    if (const auto interface = find_interface(*selection.interface); !interface)
        return interface.error();
    return {fmt::format("nothing is attached to {}{}", *selection.interface, hook),
            fmt::format("'flowlabel attach {}' attaches{}", *selection.interface,
                        selection.all_netns ? "" : "; --all-netns includes the other network namespaces"),
            Failure::not_attached};
}

static std::string candidates(const std::vector<Attachment>& attachments)
{
    const std::uint64_t here = current_netns().value_or(0);
    std::string text;

    for (const Attachment& attachment : attachments) {
        const std::uint64_t netns = attachment.info().netns_inode;

        text +=
            fmt::format("{}{} --hook {}{}", text.empty() ? "" : ", ", attachment.interface(),
                        name_of(attachment.hook()), netns == here ? "" : fmt::format(" (network namespace {})", netns));
    }
    return text;
}

/// Removes attachments whose interface was deleted or moved away, unless there are no others.
static void prefer_live(std::vector<Attachment>& attachments)
{
    const auto gone = [](const Attachment& attachment) {
        return attachment.liveness() == Liveness::interface_gone ||
               (attachment.liveness() == Liveness::moved && !attachment.is_here());
    };

    if (!std::ranges::all_of(attachments, gone))
        std::erase_if(attachments, gone);
}

Result<void> unreadable_result(const std::vector<Error>& unreadable)
{
    if (unreadable.empty())
        return {};
    for (const Error& error : unreadable | std::views::drop(1))
        print_warning(fmt::format("{}; {}", error.what, error.hint));
    return std::unexpected(unreadable.front());
}

void warn_of_findings(const Attachment& attachment, std::string& last_warnings)
{
    std::string all;

    for (const Finding& finding : findings_of(attachment))
        all += (all.empty() ? "" : "; ") + finding.text;
    if (!all.empty() && all != last_warnings)
        print_warning(fmt::format("{} {}: {}", attachment.interface(), name_of(attachment.hook()), all));
    last_warnings = all;
}

Result<FoundOne> find_one(const std::filesystem::path& bpffs, const Selection& selection)
{
    const auto root = TRY(open_bpffs(bpffs, selection));
    std::vector<Error> unreadable;
    auto attachments = find_attachments(root, selection, &unreadable);

    if (!attachments)
        return std::unexpected(attachments.error());
    if (attachments->empty())
        return std::unexpected(unreadable.empty() ? nothing_attached(selection) : unreadable.front());
    prefer_live(*attachments);
    if (attachments->size() > 1)
        return fail("several attachments match", "choose one: " + candidates(*attachments), Failure::usage);
    return FoundOne{.attachment = std::move(attachments->front()), .unreadable = std::move(unreadable)};
}

} // namespace flowlabel
