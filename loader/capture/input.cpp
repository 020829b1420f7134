// SPDX-License-Identifier: BSD-2-Clause
#include "input.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pcap/pcap.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

#include "flowlabel/fd.hpp"
#include "interfaces.hpp"

namespace flowlabel {

namespace {

constexpr std::size_t stream_buffer_size = std::size_t{256} << 10;
constexpr unsigned gzip_buffer_size = 128u << 10;
constexpr std::array<std::uint8_t, 2> gzip_magic = {0x1F, 0x8B};

struct CloseGzip {
    void operator()(gzFile file) const { gzclose_r(file); }
};
using Gzip = std::unique_ptr<std::remove_pointer_t<gzFile>, CloseGzip>;

/// May zlib have to look at what FD holds? A pipe cannot be read twice, and zlib hands on what is not compressed.
bool wants_zlib(int fd)
{
    std::array<std::uint8_t, gzip_magic.size()> start{};
    const ssize_t count = pread(fd, start.data(), start.size(), 0);

    return count < 0 || start == gzip_magic;
}

/// The name of a LINKTYPE_ number; most are libpcap's DLT_ numbers too.
std::string link_name(int link_type)
{
    const char* const name = pcap_datalink_val_to_name(link_type);

    return name ? name : fmt::format("link type {}", link_type);
}

} // namespace

struct Input::State {
    Fd fd;
    Gzip gzip; ///< owns a duplicate of fd
    struct stat file{};
    std::uint64_t consumed = 0; ///< octets of the stream
    std::array<std::uint8_t, 4> magic{};
    UniformInterfaces interfaces;
    std::vector<char> held; ///< read, and not handed on before more is there
    InputProblem problem;
    std::vector<char> stream_buffer = std::vector<char>(stream_buffer_size);

    ssize_t read(char* to, std::size_t size);
    ssize_t read_octets(char* to, std::size_t size);
    ssize_t read_gzip(char* to, std::size_t size);
    void note(std::span<const char> octets);
};

ssize_t Input::State::read_gzip(char* to, std::size_t size)
{
    int error = Z_OK;
    const int count = gzread(gzip.get(), to, static_cast<unsigned>(size));

    if (count > 0)
        return count;
    const char* const words = gzerror(gzip.get(), &error);
    if (error == Z_BUF_ERROR)
        problem = {.what = "ends early: its compressed data are not complete"};
    else if (error == Z_ERRNO)
        problem = {.what = fmt::format("cannot be read: {}", std::strerror(errno))};
    else if (error != Z_OK)
        problem = {.what = fmt::format("is damaged: {}", words)};
    return error == Z_OK ? 0 : -1;
}

ssize_t Input::State::read_octets(char* to, std::size_t size)
{
    if (gzip)
        return read_gzip(to, size);
    const ssize_t count = ::read(fd.get(), to, size);
    if (count < 0)
        problem = {.what = fmt::format("cannot be read: {}", std::strerror(errno))};
    return count;
}

/// SIZE is that of the stream's buffer or more, and so beyond what is held.
ssize_t Input::State::read(char* to, std::size_t size)
{
    std::size_t passed = 0;

    while (passed == 0 && !interfaces.mixed()) {
        std::ranges::copy(held, to);
        const ssize_t count = read_octets(to + held.size(), size - held.size());
        if (count < 0)
            return count;
        const std::span octets(to, held.size() + static_cast<std::size_t>(count));
        if (count == 0) { // the end, even in the middle of something
            held.clear();
            return static_cast<ssize_t>(octets.size());
        }
        note(octets.subspan(held.size()));
        passed = interfaces.pass(octets);
        held.assign(octets.begin() + static_cast<std::ptrdiff_t>(passed), octets.end());
    }
    if (const auto& mixed = interfaces.mixed(); mixed && problem.what.empty())
        problem = {
            .what = fmt::format("mixes link types: {} behind {}", link_name(mixed->link_type), link_name(mixed->first)),
            .hint = "libpcap reads one link type a file: capture the interfaces into files of their own",
        };
    return static_cast<ssize_t>(passed);
}

/// OCTETS are the next ones of the stream.
void Input::State::note(std::span<const char> octets)
{
    for (std::size_t i = consumed; i < magic.size() && i - consumed < octets.size(); i++)
        magic[i] = static_cast<std::uint8_t>(octets[i - consumed]);
    consumed += octets.size();
}

Input::Input(std::unique_ptr<State> state) : state_(std::move(state)) {}
Input::Input(Input&&) noexcept = default;
Input& Input::operator=(Input&&) noexcept = default;
Input::~Input() = default;

Result<Input> Input::open(const std::string& path)
{
    auto state = std::make_unique<State>();
    const bool standard = path == "-";

    state->fd = Fd(standard ? dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!state->fd || fstat(state->fd.get(), &state->file) != 0)
        return fail_errno(errno, fmt::format("cannot open '{}'", path), "give the name of a capture, or - for stdin");
    if (S_ISDIR(state->file.st_mode))
        return fail(fmt::format("'{}' is a directory", path), "give the name of a capture, or - for stdin");
    if (wants_zlib(state->fd.get())) {
        state->gzip.reset(gzdopen(dup(state->fd.get()), "rb"));
        if (!state->gzip)
            return fail(fmt::format("cannot open '{}': out of memory", path));
        gzbuffer(state->gzip.get(), gzip_buffer_size);
    }
    return Input(std::move(state));
}

FILE* Input::open_stream()
{
    cookie_io_functions_t functions{};

    functions.read = [](void* cookie, char* to, std::size_t size) {
        return static_cast<State*>(cookie)->read(to, size);
    };
    FILE* const stream = fopencookie(state_.get(), "rb", functions);
    if (stream)
        setvbuf(stream, state_->stream_buffer.data(), _IOFBF, state_->stream_buffer.size());
    return stream;
}

std::array<std::uint8_t, 4> Input::magic() const
{
    return state_->magic;
}

std::optional<std::uint32_t> Input::length_of(std::uint64_t packet)
{
    return state_->interfaces.length_of(packet);
}

std::optional<double> Input::progress() const
{
    if (!S_ISREG(state_->file.st_mode) || state_->file.st_size <= 0)
        return std::nullopt;
    const double position =
        state_->gzip ? static_cast<double>(gzoffset(state_->gzip.get())) : static_cast<double>(state_->consumed);

    return std::clamp(position / static_cast<double>(state_->file.st_size), 0.0, 1.0);
}

const InputProblem& Input::problem() const
{
    return state_->problem;
}

FileIdentity Input::identity() const
{
    return {state_->file.st_dev, state_->file.st_ino};
}

} // namespace flowlabel
