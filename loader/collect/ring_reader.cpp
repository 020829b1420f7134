// SPDX-License-Identifier: BSD-2-Clause
#include "ring_reader.hpp"

#include <linux/bpf.h>
#include <unistd.h>

#include <cerrno>

namespace flowlabel {

/// What stands before a record: its length with two flags, and four octets of the kernel's (kernel/bpf/ringbuf.c).
constexpr std::size_t header_size = BPF_RINGBUF_HDR_SZ;
constexpr std::uint32_t length_mask = ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

Result<RingReader> RingReader::open(const Fd& ring, std::uint32_t bytes)
{
    RingReader reader;

    reader.page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    reader.mask_ = bytes - 1;
    reader.reader_ = Mapping(ring, reader.page_, 0, Mapping::Access::write);
    reader.writers_ = Mapping(ring, reader.page_ + 2 * std::size_t{bytes}, static_cast<off_t>(reader.page_));
    if (!reader.reader_ || !reader.writers_)
        return fail_errno(errno, "cannot map the ring of finished flows");
    return reader;
}

std::uint64_t RingReader::position() const
{
    return __atomic_load_n(reader_.items<const std::uint64_t>(1).data(), __ATOMIC_RELAXED);
}

void RingReader::set_position(std::uint64_t position)
{
    __atomic_store_n(reader_.items<std::uint64_t>(1).data(), position, __ATOMIC_RELEASE);
}

std::uint64_t RingReader::waiting() const
{
    return __atomic_load_n(writers_.items<const std::uint64_t>(1).data(), __ATOMIC_ACQUIRE) - position();
}

std::uint64_t RingReader::read(std::size_t most, const std::function<bool(const fl_record&)>& visit) const
{
    const auto* const data = writers_.items<const std::uint8_t>(page_ + 1).data() + page_;
    const std::uint64_t end = __atomic_load_n(writers_.items<const std::uint64_t>(1).data(), __ATOMIC_ACQUIRE);
    std::uint64_t at = position();

    while (at < end && most > 0) {
        const std::uint8_t* const header = data + (at & mask_);
        const std::uint32_t word = __atomic_load_n(reinterpret_cast<const std::uint32_t*>(header), __ATOMIC_ACQUIRE);
        const std::uint32_t length = word & length_mask;

        if (word & BPF_RINGBUF_BUSY_BIT) // a CPU is still writing it
            break;
        if (!(word & BPF_RINGBUF_DISCARD_BIT)) {
            if (!visit(*reinterpret_cast<const fl_record*>(header + header_size)))
                break;
            most--;
        }
        at += (length + header_size + 7) / 8 * 8;
    }
    return at;
}

} // namespace flowlabel
