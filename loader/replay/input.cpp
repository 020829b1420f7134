// SPDX-License-Identifier: BSD-2-Clause
#include "replay/input.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/fd.hpp"

namespace flowlabel {

namespace {

constexpr std::size_t first_buffer_size = std::size_t{256} << 10;
constexpr unsigned gzip_buffer_size = 128u << 10;
constexpr std::array<std::uint8_t, 2> gzip_magic = {0x1F, 0x8B};

struct CloseGzip {
    void operator()(gzFile file) const { gzclose_r(file); }
};
using Gzip = std::unique_ptr<std::remove_pointer_t<gzFile>, CloseGzip>;

/// Whether to read FD through zlib: if it is gzip, or a pipe. A pipe cannot be read twice, and zlib passes through what
/// is not compressed.
bool needs_zlib(int fd)
{
    std::array<std::uint8_t, gzip_magic.size()> start{};
    const ssize_t count = pread(fd, start.data(), start.size(), 0);

    return count < 0 || start == gzip_magic;
}

} // namespace

struct Input::State {
    Fd fd;
    Gzip gzip; ///< owns a duplicate of fd
    struct stat file{};
    std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(first_buffer_size);
    std::size_t begin = 0; ///< of the bytes in the buffer that were not skipped
    std::size_t end = 0;
    bool ended = false;
    std::uint64_t consumed = 0; ///< bytes read
    CaptureError error;

    void fill(std::size_t size);
    ssize_t read(std::span<std::uint8_t> to);
    ssize_t read_gzip(std::span<std::uint8_t> to);
};

ssize_t Input::State::read_gzip(std::span<std::uint8_t> to)
{
    int status = Z_OK;
    const int count = gzread(gzip.get(), to.data(), static_cast<unsigned>(to.size()));

    if (count > 0)
        return count;
    const char* const message = gzerror(gzip.get(), &status);
    if (status == Z_BUF_ERROR)
        error = {.what = "ends early: its compressed data are not complete"};
    else if (status == Z_ERRNO)
        error = {.what = fmt::format("cannot be read: {}", std::strerror(errno))};
    else if (status != Z_OK)
        error = {.what = fmt::format("is damaged: {}", message)};
    return status == Z_OK ? 0 : -1;
}

ssize_t Input::State::read(std::span<std::uint8_t> to)
{
    if (gzip)
        return read_gzip(to);
    const ssize_t count = ::read(fd.get(), to.data(), to.size());
    if (count < 0)
        error = {.what = fmt::format("cannot be read: {}", std::strerror(errno))};
    return count;
}

/// Reads until SIZE bytes are in the buffer. It grows only with bytes that exist, so a wrong size in a damaged file
/// costs no memory.
void Input::State::fill(std::size_t size)
{
    std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(begin), buffer.begin() + static_cast<std::ptrdiff_t>(end),
              buffer.begin());
    end -= begin;
    begin = 0;
    while (end < size && !ended) {
        if (end == buffer.size())
            buffer.resize(std::min(size, 2 * buffer.size()));
        const ssize_t count = read(std::span(buffer).subspan(end));
        ended = count <= 0;
        if (!ended) {
            end += static_cast<std::size_t>(count);
            consumed += static_cast<std::uint64_t>(count);
        }
    }
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
    if (needs_zlib(state->fd.get())) {
        state->gzip.reset(gzdopen(dup(state->fd.get()), "rb"));
        if (!state->gzip)
            return fail(fmt::format("cannot open '{}': out of memory", path));
        gzbuffer(state->gzip.get(), gzip_buffer_size);
    }
    return Input(std::move(state));
}

std::span<std::uint8_t> Input::peek(std::size_t size)
{
    if (state_->end - state_->begin < size)
        state_->fill(size);
    return std::span(state_->buffer).subspan(state_->begin, std::min(size, state_->end - state_->begin));
}

void Input::skip(std::size_t size)
{
    state_->begin += size;
}

std::optional<double> Input::progress() const
{
    if (!S_ISREG(state_->file.st_mode) || state_->file.st_size <= 0)
        return std::nullopt;
    const double position =
        state_->gzip ? static_cast<double>(gzoffset(state_->gzip.get())) : static_cast<double>(state_->consumed);

    return std::clamp(position / static_cast<double>(state_->file.st_size), 0.0, 1.0);
}

const CaptureError& Input::error() const
{
    return state_->error;
}

FileIdentity Input::identity() const
{
    return {state_->file.st_dev, state_->file.st_ino};
}

} // namespace flowlabel
