// SPDX-License-Identifier: BSD-2-Clause
#include "collect_exporters.hpp"
#include "jsonl_file.hpp"

namespace flowlabel {

void add_jsonl_options(CLI::App& collect, JsonlOptions& options)
{
    collect.add_option("--jsonl", options.file, "a JSON object a line and record; - is stdout; SIGHUP opens it again")
        ->type_name("FILE|-");
}

Result<void> open_jsonl(const JsonlOptions& options, Sinks& sinks)
{
    if (options.file.empty())
        return {};
    auto file = JsonlFile::open(options.file);

    if (!file)
        return std::unexpected(file.error());
    sinks.push_back(std::move(*file));
    return {};
}

} // namespace flowlabel
