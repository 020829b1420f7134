// SPDX-License-Identifier: BSD-2-Clause
#include "collect/batch_progress.hpp"

#include <algorithm>

namespace flowlabel {

BatchProgress::Part BatchProgress::next(std::size_t size)
{
    if (written_ + lost_ == 0)
        return {};
    Part part{.begin = offset_};

    part.written_end = std::min(part.begin + written_, size);
    part.lost_end = std::min(part.written_end + lost_, size);
    written_ -= part.written_end - part.begin;
    lost_ -= part.lost_end - part.written_end;
    offset_ = part.lost_end;
    if (part.lost_end == size) {
        offset_ = 0;
        done_++;
    }
    return part;
}

} // namespace flowlabel
