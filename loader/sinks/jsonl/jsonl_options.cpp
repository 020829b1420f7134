// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>

#include "arguments/arguments.hpp"
#include "base/try.hpp"
#include "collect/sink_kind.hpp"
#include "sinks/jsonl/jsonl_file.hpp"

namespace flowlabel {

namespace {

constexpr std::uint64_t min_rotate = 1'000'000; // more than what is written at once

class JsonlOptions final : public SinkOptions {
public:
    void add_to(CLI::App& collect) override
    {
        collect
            .add_option("--jsonl", file_,
                        "write each record as a line with a JSON object; - is stdout; SIGHUP opens the file again")
            ->type_name("FILE|-");
        add_parsed(
            collect, "--rotate", rotate_, parse_size,
            fmt::format("rename the file of --jsonl to FILE.1 before it grows beyond SIZE (16M, 1Gi), and FILE.1 "
                        "to FILE.2, up to FILE.{}",
                        JsonlFile::kept))
            ->type_name("SIZE");
    }

    [[nodiscard]] Result<void> check() const override
    {
        if (!rotate_)
            return {};
        if (file_.empty())
            return fail("--rotate needs --jsonl", "add --jsonl FILE", Failure::usage);
        if (uses_stdout())
            return fail("--rotate makes no sense with --jsonl -: stdout has no size to limit",
                        "name a file, or leave --rotate out", Failure::usage);
        if (*rotate_ < min_rotate)
            return fail(fmt::format("--rotate {} is too small", *rotate_), "1M or more", Failure::usage);
        return {};
    }

    [[nodiscard]] bool wanted() const override { return !file_.empty(); }
    [[nodiscard]] bool uses_stdout() const override { return file_ == "-"; }

    [[nodiscard]] Result<Sinks> open(const std::shared_ptr<const CollectorWatch>& /*watch*/) const override
    {
        Sinks sinks;

        sinks.push_back(TRY(JsonlFile::open(file_, rotate_)));
        return sinks;
    }

private:
    std::string file_;                    ///< - is stdout; empty: none
    std::optional<std::uint64_t> rotate_; ///< bytes
};

} // namespace

SinkKind jsonl_sink()
{
    return {.destination = "--jsonl FILE (- for stdout)",
            .example = "flowlabel collect --jsonl /var/log/flows.jsonl",
            .example_meaning = "every attachment, into a file",
            .make_options = make_sink_options<JsonlOptions>};
}

} // namespace flowlabel
