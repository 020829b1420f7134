// SPDX-License-Identifier: BSD-2-Clause
#include "replay/reader.hpp"

#include <fmt/format.h>

#include "base/try.hpp"
#include "replay/compression.hpp"
#include "replay/source.hpp"

namespace flowlabel {

namespace {

constexpr std::size_t start_size = 8; ///< by which every format is known
constexpr const char* hint =
    "tcpdump -w and Wireshark make captures that can be read; Wireshark's editcap converts other formats";

/// Why what starts with START is no capture that can be read.
Problem no_capture(std::span<const std::uint8_t> start, const std::string& path)
{
    if (start.empty())
        return {.what = "is empty"};
    if (const auto compression = compression_of(start))
        return {
            .what = fmt::format("is compressed with {}", compression->name),
            .hint = fmt::format("run: {}{} | flowlabel replay -", compression->command, path == "-" ? "" : " " + path),
        };
    return {.what = "is no capture: neither pcap nor pcapng"};
}

Checked<std::unique_ptr<RecordSource>> open_source(Input& input, const std::string& path)
{
    const auto start = input.peek(start_size);

    if (!input.problem().what.empty())
        return std::unexpected(input.problem());
    if (is_pcap(start))
        return open_pcap(input);
    if (is_pcapng(start))
        return open_pcapng(input);
    return std::unexpected(no_capture(start, path));
}

} // namespace

Checked<bool> stopped(const Input& input, std::size_t left, std::string_view part)
{
    if (!input.problem().what.empty())
        return std::unexpected(input.problem());
    if (left == 0)
        return false;
    return std::unexpected(Problem{.what = fmt::format("ends early, within {}", part)});
}

std::unexpected<Problem> damaged(std::string_view how)
{
    return std::unexpected(Problem{.what = fmt::format("is damaged: {}", how)});
}

struct CaptureReader::State {
    State(std::string of, Input from) : path(std::move(of)), input(std::move(from)) {}

    std::string path;
    Input input;
    std::unique_ptr<RecordSource> source; ///< reads the input
    std::uint64_t packets = 0;
};

CaptureReader::CaptureReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
CaptureReader::CaptureReader(CaptureReader&&) noexcept = default;
CaptureReader& CaptureReader::operator=(CaptureReader&&) noexcept = default;
CaptureReader::~CaptureReader() = default;

Result<CaptureReader> CaptureReader::open(const std::string& path)
{
    auto input = TRY(Input::open(path));
    auto state = std::make_unique<State>(path, std::move(input));
    auto source = open_source(state->input, path);
    if (!source) {
        Problem& problem = source.error();

        return fail(fmt::format("'{}' {}", path, problem.what), problem.hint.empty() ? hint : problem.hint);
    }
    state->source = std::move(*source);
    return CaptureReader(std::move(state));
}

Result<bool> CaptureReader::next(CaptureRecord& record)
{
    record.packet.reset();
    const auto got = state_->source->next(record);

    if (!got)
        return std::unexpected(error(got.error()));
    if (record.packet)
        state_->packets++;
    return *got;
}

Error CaptureReader::error(const Problem& problem) const
{
    return {
        .what = fmt::format("'{}' {} (packets read: {})", state_->path, problem.what, state_->packets),
        .hint = problem.hint.empty() && state_->packets == 0 ? hint : problem.hint,
    };
}

std::uint64_t CaptureReader::packets() const
{
    return state_->packets;
}

std::optional<double> CaptureReader::progress() const
{
    return state_->input.progress();
}

FileIdentity CaptureReader::identity() const
{
    return state_->input.identity();
}

} // namespace flowlabel
