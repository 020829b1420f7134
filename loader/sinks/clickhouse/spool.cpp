// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/clickhouse/spool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/std.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <expected>
#include <system_error>
#include <utility>

#include "base/number.hpp"
#include "base/ownership.hpp"
#include "base/safe_open.hpp"
#include "base/try.hpp"

namespace flowlabel {

static_assert(std::endian::native == std::endian::little, "numbers in a spool are little-endian");

namespace {

/// The header of a file. The first two fields are the same in every version.
struct Header {
    std::array<char, 8> magic;
    std::uint32_t version;
    std::uint32_t records;
    std::array<std::uint8_t, 16> id;
    std::uint64_t packets;
    std::uint64_t bytes;
    std::uint64_t block_size;
    std::uint32_t block_crc;
    std::uint32_t written; ///< see Batch
    std::uint32_t reserved;
    std::uint32_t header_crc; ///< of all bytes before it
};

static_assert(sizeof(Header) == 72, "the header has no holes");

/// Why a file is not a batch that can be read.
struct Refusal {
    const char* suffix; ///< of its new name
    std::string why;
};

} // namespace

constexpr std::array<char, 8> magic = {'F', 'L', 'S', 'P', 'O', 'O', 'L', '\n'};
constexpr std::uint32_t version = 1;
constexpr std::size_t digits = 20;
constexpr std::string_view new_suffix = ".new";
constexpr std::string_view batch_suffix = ".batch";
constexpr std::string_view sent_suffix = ".sent";
constexpr std::uint64_t max_block = 512U << 20; // a batch has 500,000 records of some 650 bytes at most
constexpr std::uint64_t numbers_end = 1ULL << 63;
constexpr const char* damaged = "is damaged: its records are lost, and their number is not known";
constexpr const char* use_hint = "name a directory that only this collector uses, on a writable disk";

static std::uint32_t crc(const void* data, std::size_t size)
{
    return static_cast<std::uint32_t>(crc32_z(0, static_cast<const Bytef*>(data), size));
}

static Header header_of(const Batch& batch)
{
    Header header{.magic = magic,
                  .version = version,
                  .records = batch.records,
                  .id = batch.id.octets,
                  .packets = batch.amount.packets,
                  .bytes = batch.amount.octets,
                  .block_size = batch.block.size(),
                  .block_crc = crc(batch.block.data(), batch.block.size()),
                  .written = batch.written,
                  .reserved = 0,
                  .header_crc = 0};

    header.header_crc = crc(&header, offsetof(Header, header_crc));
    return header;
}

static std::string name_of(std::uint64_t number, std::string_view suffix)
{
    return fmt::format("{:0{}}{}", number, digits, suffix);
}

std::unexpected<Error> Spool::failed(int err, const std::string& what) const
{
    return fail_errno(err, fmt::format("spool '{}': {}", directory_.string(), what), use_hint);
}

/// Only root or the user may write in a spool: its files go to the server as records.
static Result<void> check_owner(const Fd& fd, const std::filesystem::path& directory)
{
    const std::string name = directory.string();
    struct stat status{};

    if (fstat(fd.get(), &status) != 0)
        return fail_errno(errno, fmt::format("spool '{}': cannot be opened", name), use_hint);
    if (!is_ours(status))
        return fail(fmt::format("spool '{}': the directory belongs to user {}", name, status.st_uid),
                    fmt::format("name another directory, or 'chown {} {}'", geteuid(), name));
    if (is_writable_by_others(status))
        return fail(fmt::format("spool '{}': the directory has mode {:04o}: other users could put records into it",
                                name, status.st_mode & 07777),
                    "chmod 0700 " + name);
    return {};
}

Result<Spool> Spool::open(const std::filesystem::path& directory, std::uint64_t limit)
{
    const auto failed = [&](const char* what) {
        return fail_errno(errno, fmt::format("spool '{}': {}", directory.string(), what), use_hint);
    };

    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        return failed("cannot be created");
    auto opened = TRY(safe_open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));

    if (!opened)
        return failed("cannot be opened");
    TRY(check_owner(opened, directory));
    Fd fd = std::move(opened);
    Fd lock(openat(fd.get(), "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));

    if (!lock)
        return failed("cannot be written");
    if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? fail(fmt::format("spool '{}': another collector uses it", directory.string()),
                                           "give each collector a directory of its own, or stop the other one first")
                                    : failed("cannot be locked");
    Spool spool(directory, std::move(fd), std::move(lock), limit);

    TRY(spool.scan());
    return spool;
}

/// The bytes that a file takes on disk. A file with holes takes fewer than its size.
static std::uint64_t size_on_disk(const struct stat& status)
{
    constexpr std::uint64_t block = 512; // for every file system: stat(2)

    if (!S_ISREG(status.st_mode))
        return 0;
    return std::min(static_cast<std::uint64_t>(status.st_size), static_cast<std::uint64_t>(status.st_blocks) * block);
}

/// Finds the batches that an earlier process left.
Result<void> Spool::scan()
{
    std::error_code error;

    for (std::filesystem::directory_iterator entry(directory_, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        const auto number = number_of<std::uint64_t>(name.substr(0, std::min(digits, name.size())));
        const auto suffix = std::string_view(name).substr(std::min(digits, name.size()));
        struct stat status{};

        if (!number || *number >= numbers_end || name.size() < digits ||
            fstatat(fd_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (suffix == new_suffix &&
            unlinkat(fd_.get(), name.c_str(), 0) == 0) // write() never reported its records as written
            continue;
        used_ += size_on_disk(status);
        next_ = std::max(next_, *number + 1);
        if (suffix == batch_suffix)
            waiting_.emplace(*number, Waiting{Kind::batch, size_on_disk(status)});
        if (suffix == sent_suffix)
            waiting_.insert_or_assign(*number, Waiting{Kind::sent, size_on_disk(status)});
    }
    if (error)
        return failed(error.value(), "cannot be read");
    return {};
}

Result<void> Spool::sync() const
{
    if (fsync(fd_.get()) != 0)
        return failed(errno, "cannot be written");
    return {};
}

static bool write_all(int fd, const void* data, std::size_t size)
{
    for (const auto* at = static_cast<const char*>(data); size > 0;) {
        const ssize_t written = ::write(fd, at, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        at += written;
        size -= static_cast<std::size_t>(written);
    }
    return true;
}

Result<void> Spool::write_file(const std::string& name, const Batch& batch) const
{
    const Header header = header_of(batch);
    const Fd file(openat(fd_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));

    if (!file || !write_all(file.get(), &header, sizeof(header)) ||
        !write_all(file.get(), batch.block.data(), batch.block.size()) || fsync(file.get()) != 0)
        return failed(errno, "cannot be written");
    return {};
}

Result<void> Spool::append(const Batch& batch)
{
    const std::uint64_t size = sizeof(Header) + batch.block.size();
    const std::string temporary = name_of(next_, new_suffix);
    const std::string name = name_of(next_, batch.doubtful ? sent_suffix : batch_suffix);

    if (size > limit_ || used_ > limit_ - size)
        return fail(fmt::format("spool '{}' is full: --spool-limit is {} bytes", directory_.string(), limit_),
                    "raise --spool-limit, or repair the server; until then records wait in memory, at most --max-flows "
                    "of them");
    if (auto written = write_file(temporary, batch); !written) {
        unlinkat(fd_.get(), temporary.c_str(), 0);
        return written;
    }
    if (renameat(fd_.get(), temporary.c_str(), fd_.get(), name.c_str()) != 0) {
        const int err = errno;

        unlinkat(fd_.get(), temporary.c_str(), 0);
        return failed(err, "cannot be written");
    }
    if (auto synced = sync(); !synced) {
        unlinkat(fd_.get(), name.c_str(), 0);
        return synced;
    }
    waiting_.emplace(next_++, Waiting{batch.doubtful ? Kind::sent : Kind::batch, size});
    used_ += size;
    return {};
}

std::string Spool::first_name() const
{
    const auto& [number, waiting] = *waiting_.begin();

    return name_of(number, waiting.kind == Kind::sent ? sent_suffix : batch_suffix);
}

/// Renames the first file, so that it is not read again. If it cannot be renamed, it is skipped until the next start.
Error Spool::set_aside(const char* suffix, const std::string& why)
{
    const std::string name = first_name();
    const std::string aside = name_of(waiting_.begin()->first, suffix);

    if (renameat(fd_.get(), name.c_str(), fd_.get(), aside.c_str()) != 0 && errno == ENOENT)
        used_ -= std::min(used_, waiting_.begin()->second.size);
    waiting_.erase(waiting_.begin());
    return {.what = fmt::format("spool '{}': {} {}; set aside as {}", directory_.string(), name, why, aside),
            .hint = "the batches after it are sent; inspect the file, then remove it"};
}

static bool read_all(int fd, void* data, std::size_t size)
{
    for (auto* at = static_cast<char*>(data); size > 0;) {
        const ssize_t length = ::read(fd, at, size);

        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0)
            return false;
        at += length;
        size -= static_cast<std::size_t>(length);
    }
    return true;
}

/// Reads the header of a FILE of SIZE bytes. An error says why it cannot be read, and has the suffix of its new name.
static std::expected<Header, Refusal> read_header(const Fd& file, std::uint64_t size)
{
    Header header{};

    if (size < sizeof(header) || !read_all(file.get(), &header, sizeof(header)) || header.magic != magic)
        return std::unexpected(Refusal{".damaged", damaged});
    if (header.version != version)
        return std::unexpected(
            Refusal{".foreign", fmt::format("has version {} of the format, and this program reads version {}: only "
                                            "the flowlabel that wrote it can send it",
                                            header.version, version)});
    if (header.header_crc != crc(&header, offsetof(Header, header_crc)))
        return std::unexpected(Refusal{".damaged", damaged});
    return header;
}

/// Reads the block after the HEADER of a FILE of SIZE bytes. Uses no more memory than a batch can have, even if the
/// file or its header is damaged.
static std::expected<std::string, Refusal> read_block(const Fd& file, std::uint64_t size, const Header& header)
{
    const Refusal refusal{".damaged", fmt::format("is damaged: {} records with {} packets {} bytes are lost",
                                                  header.records, header.packets, header.bytes)};

    if (header.block_size > max_block || header.block_size != size - sizeof(header))
        return std::unexpected(refusal);
    std::string block(header.block_size, '\0');

    if (!read_all(file.get(), block.data(), block.size()) || header.block_crc != crc(block.data(), block.size()))
        return std::unexpected(refusal);
    return block;
}

/// Opens NAME in DIRECTORY without following a symbolic link and without waiting at a FIFO, since others may have put
/// it there. Returns an errno on failure.
static std::expected<Fd, int> open_batch(const Fd& directory, const std::string& name)
{
    Fd file(openat(directory.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));

    if (!file)
        return std::unexpected(errno);
    return file;
}

Result<Batch> Spool::first()
{
    struct stat status{};
    const auto refuse = [this](const Refusal& refusal) {
        return std::unexpected(set_aside(refusal.suffix, refusal.why));
    };
    const auto file = open_batch(fd_, first_name());

    if (!file &&
        (file.error() == EMFILE || file.error() == ENFILE || file.error() == ENOMEM)) // not a fault of the file
        return failed(file.error(), "cannot be read");
    if (!file && file.error() == ENOENT)
        return refuse({".damaged", "was removed: its records are lost"});
    if (!file)
        return refuse({".damaged", fmt::format("cannot be read ({}): its records are not sent",
                                               std::generic_category().message(file.error()))});
    if (fstat(file->get(), &status) != 0 || !S_ISREG(status.st_mode))
        return refuse({".damaged", "is not a regular file"});
    const auto size = static_cast<std::uint64_t>(status.st_size);
    const auto header = read_header(*file, size);

    if (!header)
        return refuse(header.error());
    auto block = read_block(*file, size, *header);

    if (!block)
        return refuse(block.error());
    return Batch{.id = {header->id},
                 .written = header->written,
                 .records = header->records,
                 .amount = {.packets = header->packets, .octets = header->bytes},
                 .block = std::move(*block),
                 .doubtful = waiting_.begin()->second.kind == Kind::sent};
}

Result<void> Spool::mark_sent()
{
    auto& [number, waiting] = *waiting_.begin();

    if (waiting.kind == Kind::sent)
        return {};
    // If the file was removed after the batch was read, the batch is sent nevertheless.
    if (renameat(fd_.get(), name_of(number, batch_suffix).c_str(), fd_.get(), name_of(number, sent_suffix).c_str()) !=
            0 &&
        errno != ENOENT)
        return failed(errno, "cannot be written");
    waiting.kind = Kind::sent;
    return sync();
}

Result<void> Spool::remove_first()
{
    const std::string name = first_name();

    if (unlinkat(fd_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
        return failed(errno, fmt::format("cannot remove {}", name));
    used_ -= std::min(used_, waiting_.begin()->second.size);
    waiting_.erase(waiting_.begin());
    return {};
}

} // namespace flowlabel
