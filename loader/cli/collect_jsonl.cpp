// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "base/try.hpp"
#include "base/units.hpp"
#include "cli/collect_exporters.hpp"
#include "cli/options.hpp"
#include "sinks/jsonl/jsonl_file.hpp"

namespace flowlabel {

constexpr std::uint64_t least_size = 1'000'000; // more than what is written at once

void add_jsonl_options(CLI::App& collect, JsonlOptions& options)
{
    collect.add_option("--jsonl", options.file, "a JSON object a line and record; - is stdout; SIGHUP opens it again")
        ->type_name("FILE|-");
    add_parsed(collect, "--rotate", options.rotate, parse_size,
               fmt::format("the file of --jsonl has at most SIZE bytes (16M, 1Gi): then it becomes FILE.1, that one "
                           "FILE.2, up to FILE.{}",
                           JsonlFile::kept))
        ->type_name("SIZE");
}

Result<void> check_jsonl(const JsonlOptions& options)
{
    if (!options.rotate)
        return {};
    if (options.file.empty())
        return fail("--rotate says something about --jsonl, which is not given", "add --jsonl FILE", Failure::usage);
    if (options.file == "-")
        return fail("--rotate makes no sense with --jsonl -: stdout has no size to limit",
                    "name a file, or leave --rotate out", Failure::usage);
    if (*options.rotate < least_size)
        return fail(fmt::format("--rotate {} is too small", *options.rotate), "1M or more", Failure::usage);
    return {};
}

Result<void> open_jsonl(const JsonlOptions& options, Sinks& sinks)
{
    if (options.file.empty())
        return {};
    sinks.push_back(TRY(JsonlFile::open(options.file, options.rotate)));
    return {};
}

} // namespace flowlabel
