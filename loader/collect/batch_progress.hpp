// SPDX-License-Identifier: BSD-2-Clause
/// What one write() means for each of its batches.
#pragma once

#include <cstddef>

#include "collect/record_sink.hpp"

namespace flowlabel {

/// A WriteResult counts records over all batches of a write. This divides it into a part of each batch.
class BatchProgress {
public:
    /// The write began after the first OFFSET records of the first batch.
    BatchProgress(std::size_t offset, const WriteResult& result)
        : offset_(offset), written_(result.written), lost_(result.lost)
    {
    }

    /// Records of a batch: written from `begin` to before `written_end`, lost from there to before `lost_end`.
    struct Part {
        std::size_t begin = 0;
        std::size_t written_end = 0;
        std::size_t lost_end = 0;
    };

    /// The part of the next batch, which has SIZE records. Call it for each batch, in their order.
    Part next(std::size_t size);

    /// How many batches are done: all their records are written or lost.
    [[nodiscard]] std::size_t done() const { return done_; }

    /// How many records are done of the first batch that is not.
    [[nodiscard]] std::size_t offset() const { return offset_; }

private:
    std::size_t offset_;
    std::size_t written_; ///< records of the batches that are still to come
    std::size_t lost_;
    std::size_t done_ = 0;
};

} // namespace flowlabel
