// SPDX-License-Identifier: BSD-2-Clause
#include "replay/reader.hpp"

#include <fmt/format.h>

#include "base/try.hpp"
#include "replay/compression.hpp"
#include "replay/source.hpp"

namespace flowlabel {

namespace {

constexpr std::size_t start_size = 8; ///< enough to recognise every format
constexpr const char* format_hint =
    "use a capture from tcpdump -w or Wireshark; Wireshark's editcap converts other formats";

/// Why a file that starts with START cannot be read.
CaptureError unknown_format(std::span<const std::uint8_t> start, const std::string& path)
{
    if (start.empty())
        return {.what = "is empty"};
    if (const auto compression = compression_of(start))
        return {
            .what = fmt::format("is compressed with {}", compression->name),
            .hint = fmt::format("run: {}{} | flowlabel replay -", compression->command, path == "-" ? "" : " " + path),
        };
    return {.what = "is not a capture: neither pcap nor pcapng"};
}

Checked<std::unique_ptr<RecordSource>> open_source(Input& input, const std::string& path)
{
    const auto start = input.peek(start_size);

    if (!input.error().what.empty())
        return std::unexpected(input.error());
    if (is_pcap(start))
        return open_pcap(input);
    if (is_pcapng(start))
        return open_pcapng(input);
    return std::unexpected(unknown_format(start, path));
}

} // namespace

Checked<bool> stopped(const Input& input, std::size_t left, std::string_view part)
{
    if (!input.error().what.empty())
        return std::unexpected(input.error());
    if (left == 0)
        return false;
    return std::unexpected(CaptureError{.what = fmt::format("ends early, within {}", part)});
}

std::unexpected<CaptureError> damaged(std::string_view how)
{
    return std::unexpected(CaptureError{.what = fmt::format("is damaged: {}", how)});
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
        const CaptureError& error = source.error();

        return fail(fmt::format("'{}' {}", path, error.what), error.hint.empty() ? format_hint : error.hint);
    }
    state->source = std::move(*source);
    return CaptureReader(std::move(state));
}

Result<bool> CaptureReader::next(CaptureRecord& record)
{
    record.packet.reset();
    const auto got = state_->source->next(record);

    if (!got)
        return std::unexpected(describe(got.error()));
    if (record.packet)
        state_->packets++;
    return *got;
}

Error CaptureReader::describe(const CaptureError& error) const
{
    return {
        .what = fmt::format("'{}' {} (packets read: {})", state_->path, error.what, state_->packets),
        .hint = error.hint.empty() && state_->packets == 0 ? format_hint : error.hint,
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
