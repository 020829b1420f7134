// SPDX-License-Identifier: BSD-2-Clause
/// A shared mapping of a map, or of a part of it.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <span>
#include <utility>

#include "base/fd.hpp"

namespace flowlabel {

class Mapping {
public:
    enum class Access { read, write };

    Mapping() = default;
    Mapping(const Fd& map, std::size_t length, off_t offset = 0, Access access = Access::read)
        : length_(length), start_(mmap(nullptr, length, access == Access::read ? PROT_READ : PROT_READ | PROT_WRITE,
                                       MAP_SHARED, map.get(), offset))
    {
    }
    Mapping(Mapping&& other) noexcept : length_(other.length_), start_(std::exchange(other.start_, MAP_FAILED)) {}
    Mapping& operator=(Mapping&& other) noexcept
    {
        std::swap(length_, other.length_);
        std::swap(start_, other.start_);
        return *this;
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping()
    {
        if (start_ != MAP_FAILED)
            munmap(start_, length_);
    }

    [[nodiscard]] explicit operator bool() const { return start_ != MAP_FAILED; }

    /// The first COUNT items. Items that are not const need Access::write.
    template <class Item> [[nodiscard]] std::span<Item> items(std::size_t count) const
    {
        return {static_cast<Item*>(start_), count};
    }

private:
    std::size_t length_ = 0;
    void* start_ = MAP_FAILED;
};

} // namespace flowlabel
