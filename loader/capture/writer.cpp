// SPDX-License-Identifier: BSD-2-Clause
#include "writer.hpp"

#include <fmt/format.h>
#include <pcap/pcap.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "output_file.hpp"

namespace flowlabel {

namespace {

constexpr std::uint64_t ns_per_second = 1'000'000'000;

struct ClosePcap {
    void operator()(pcap_t* pcap) const { pcap_close(pcap); }
};
struct CloseDumper {
    void operator()(pcap_dumper_t* dumper) const { pcap_dump_close(dumper); }
};

} // namespace

struct CaptureWriter::State {
    explicit State(OutputFile to) : file(std::move(to)) {}

    OutputFile file;
    std::unique_ptr<pcap_t, ClosePcap> pcap;
    std::unique_ptr<pcap_dumper_t, CloseDumper> dumper; // on a stream of its own
    std::uint64_t ns_per_unit = 1;

    /// Writes the head of the file; returns an errno, 0 for success.
    int start();

    [[nodiscard]] std::unexpected<Error> failure(int number) const
    {
        return fail_errno(number, fmt::format("cannot write '{}'", file.path()), "what was written is removed");
    }
};

int CaptureWriter::State::start()
{
    const int fd = dup(file.fd());
    FILE* const stream = fd < 0 ? nullptr : fdopen(fd, "wb");

    if (!stream)
        return errno;
    dumper.reset(pcap_dump_fopen(pcap.get(), stream));
    if (dumper)   // it owns the stream from here on
        return 0; // NOLINT(clang-analyzer-unix.Stream)
    const int number = errno;

    fclose(stream);
    return number;
}

CaptureWriter::CaptureWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
CaptureWriter::CaptureWriter(CaptureWriter&&) noexcept = default;
CaptureWriter& CaptureWriter::operator=(CaptureWriter&&) noexcept = default;
CaptureWriter::~CaptureWriter() = default;

Result<CaptureWriter> CaptureWriter::create(const std::string& path, const CaptureReader& reader)
{
    auto file = OutputFile::create(path, reader.identity());

    if (!file)
        return std::unexpected(file.error());
    auto state = std::make_unique<State>(std::move(*file));
    const CaptureFormat& format = reader.format();
    const bool microseconds = format.precision == Precision::microseconds;

    state->ns_per_unit = microseconds ? 1000 : 1;
    state->pcap.reset(pcap_open_dead_with_tstamp_precision(
        format.dlt, format.snap_length, microseconds ? PCAP_TSTAMP_PRECISION_MICRO : PCAP_TSTAMP_PRECISION_NANO));
    if (!state->pcap)
        return state->failure(ENOMEM);
    if (const int number = state->start(); number != 0)
        return state->failure(number);
    return CaptureWriter(std::move(state));
}

Result<void> CaptureWriter::write(const CapturedPacket& packet)
{
    pcap_pkthdr header{};

    header.ts.tv_sec = static_cast<time_t>(packet.time / ns_per_second);
    header.ts.tv_usec = static_cast<suseconds_t>(packet.time % ns_per_second / state_->ns_per_unit);
    header.caplen = static_cast<bpf_u_int32>(packet.octets.size());
    header.len = packet.original_length;
    pcap_dump(reinterpret_cast<u_char*>(state_->dumper.get()), &header, packet.octets.data());
    if (ferror(pcap_dump_file(state_->dumper.get())))
        return state_->failure(errno);
    return {};
}

Result<void> CaptureWriter::commit()
{
    if (pcap_dump_flush(state_->dumper.get()) != 0 || ferror(pcap_dump_file(state_->dumper.get())))
        return state_->failure(errno);
    state_->dumper.reset();
    return state_->file.commit();
}

} // namespace flowlabel
