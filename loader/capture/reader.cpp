// SPDX-License-Identifier: BSD-2-Clause
#include "reader.hpp"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace flowlabel {

namespace {

constexpr std::uint64_t ns_per_second = 1'000'000'000;
constexpr std::uint32_t microsecond_magic = 0xA1B2C3D4;
constexpr std::uint32_t kuznetzov_magic = 0xA1B2CD34; // pcap with more fields for each packet, microseconds too

struct ClosePcap {
    void operator()(pcap_t* pcap) const { pcap_close(pcap); }
};
using Pcap = std::unique_ptr<pcap_t, ClosePcap>;

/// pcapng can hold nanoseconds whatever its own magic says.
Precision precision_of(std::array<std::uint8_t, 4> magic)
{
    std::uint32_t number = 0;

    for (const std::uint8_t octet : magic)
        number = number << 8 | octet;
    for (const std::uint32_t one : {number, __builtin_bswap32(number)})
        if (one == microsecond_magic || one == kuznetzov_magic)
            return Precision::microseconds;
    return Precision::nanoseconds;
}

/// STAMP in ns since 1970 UTC. The seconds of pcap are 32 bits without a sign, until 2106; libpcap (1.10.3) reads them
/// as a signed number, so that from 2038 on they come out below 0.
std::uint64_t time_of(const timeval& stamp)
{
    const auto seconds =
        stamp.tv_sec < 0 ? static_cast<std::uint32_t>(stamp.tv_sec) : static_cast<std::uint64_t>(stamp.tv_sec);

    return seconds * ns_per_second + static_cast<std::uint64_t>(stamp.tv_usec);
}

} // namespace

struct CaptureReader::State {
    State(std::string of, Input from, LinkType type) : path(std::move(of)), input(std::move(from)), link_type(type) {}

    std::string path;
    Input input;
    Pcap pcap; // closed before its input goes
    LinkType link_type;
    CaptureFormat format;
    std::uint64_t packets = 0;

    [[nodiscard]] std::unexpected<Error> read_failure() const;
};

namespace {

/// Why PATH cannot be taken as a capture: WORDS of libpcap, or a PROBLEM with its octets.
std::unexpected<Error> open_failure(const std::string& path, const InputProblem& problem, std::string_view words)
{
    constexpr const char* hint = "tcpdump -w and Wireshark make captures that can be read";

    if (!problem.what.empty())
        return fail(fmt::format("'{}' {}", path, problem.what), problem.hint.empty() ? hint : problem.hint);
    if (words.contains("only got 0") || words.empty())
        return fail(fmt::format("'{}' is empty", path), hint);
    if (words.contains("unknown file format"))
        return fail(fmt::format("'{}' is no capture: neither pcap nor pcapng", path), hint);
    return fail(fmt::format("'{}' is no capture that can be read: {}", path, words), hint);
}

Result<Pcap> open_pcap(Input& input, const std::string& path)
{
    std::array<char, PCAP_ERRBUF_SIZE> words{};
    FILE* const stream = input.open_stream();

    if (!stream)
        return fail_errno(errno, fmt::format("cannot read '{}'", path));
    Pcap pcap(pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, words.data()));
    if (!pcap) {
        fclose(stream);
        return open_failure(path, input.problem(), words.data());
    }
    return pcap;
}

} // namespace

std::unexpected<Error> CaptureReader::State::read_failure() const
{
    const std::string_view words = pcap_geterr(pcap.get());
    InputProblem problem = input.problem();

    if (problem.what.empty())
        problem.what = fmt::format("{}: {}", words.starts_with("truncated") ? "ends early" : "is damaged", words);
    return fail(fmt::format("'{}' {} (packets read: {})", path, problem.what, packets), problem.hint);
}

CaptureReader::CaptureReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
CaptureReader::CaptureReader(CaptureReader&&) noexcept = default;
CaptureReader& CaptureReader::operator=(CaptureReader&&) noexcept = default;
CaptureReader::~CaptureReader() = default;

Result<CaptureReader> CaptureReader::open(const std::string& path)
{
    auto input = Input::open(path);

    if (!input)
        return std::unexpected(input.error());
    auto pcap = open_pcap(*input, path);
    if (!pcap)
        return std::unexpected(pcap.error());
    const int dlt = pcap_datalink(pcap->get());
    const auto link_type = LinkType::of(dlt);
    if (!link_type)
        return fail(fmt::format("'{}': {}", path, link_type.error().what), link_type.error().hint);
    auto state = std::make_unique<State>(path, std::move(*input), *link_type);

    state->pcap = std::move(*pcap);
    state->format = {
        .dlt = dlt,
        .snap_length = pcap_snapshot(state->pcap.get()),
        .precision = precision_of(state->input.magic()),
    };
    return CaptureReader(std::move(state));
}

Result<bool> CaptureReader::next(CapturedPacket& packet)
{
    pcap_pkthdr* header = nullptr;
    const u_char* octets = nullptr;
    const int got = pcap_next_ex(state_->pcap.get(), &header, &octets);

    if (got == PCAP_ERROR_BREAK && state_->input.problem().what.empty())
        return false;
    if (got != 1)
        return state_->read_failure();
    // libpcap fills a buffer of its own for each packet and never looks at it again.
    packet.octets = {const_cast<u_char*>(octets), header->caplen};
    packet.time = time_of(header->ts);
    state_->packets++;
    packet.original_length = state_->input.length_of(state_->packets).value_or(header->len);
    return true;
}

const CaptureFormat& CaptureReader::format() const
{
    return state_->format;
}

const LinkType& CaptureReader::link_type() const
{
    return state_->link_type;
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
