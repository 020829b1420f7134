// SPDX-License-Identifier: BSD-2-Clause
/// Memory for large arrays.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace flowlabel {

/// An allocator that asks for huge pages if an array fills several. A million flows fill 18,000 small pages, and the
/// page faults take longer than reading the flows. If the kernel has no huge pages, it gives small ones.
template <class T> struct HugePages {
    using value_type = T;

    HugePages() = default;
    template <class U> HugePages(const HugePages<U>&) {} // NOLINT(google-explicit-constructor): as allocators convert

    [[nodiscard]] T* allocate(std::size_t count)
    {
        const std::size_t size = count * sizeof(T);

        if (size < smallest)
            return static_cast<T*>(::operator new(size));
        void* const memory = std::aligned_alloc(page, (size + page - 1) / page * page);

        if (!memory)
            throw std::bad_alloc();
        (void)madvise(memory, size, MADV_HUGEPAGE);
        return static_cast<T*>(memory);
    }

    void deallocate(T* memory, std::size_t count)
    {
        if (count * sizeof(T) < smallest)
            ::operator delete(memory);
        else
            std::free(memory); // NOLINT(cppcoreguidelines-no-malloc): from aligned_alloc()
    }

    friend bool operator==(const HugePages&, const HugePages&) { return true; }

private:
    static constexpr std::size_t page = std::size_t{2} << 20;
    static constexpr std::size_t smallest = 2 * page;
};

} // namespace flowlabel
