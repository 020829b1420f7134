// SPDX-License-Identifier: BSD-2-Clause
/// What is wrong with an attachment: a sentence for people and a word for scripts.
#pragma once

#include <string>
#include <vector>

#include "attach/blindness.hpp"
#include "flowlabel/attachment.hpp"

namespace flowlabel {

struct Finding {
    std::string kind; ///< docs/man/flowlabel.8 has the list
    std::string text;
};

/// The findings at this moment: whether the program is where it was attached, and which programs run before it.
std::vector<Finding> findings_of(const Attachment& attachment);

/// The sentence for a device that counts packets while the hook sees none.
std::string sees_nothing_text(const Attachment& attachment);

/// Observes an attachment for some time: what was lost meanwhile, and whether its hook sees packets.
class Observation {
public:
    explicit Observation(const Attachment& attachment);

    /// Observes it once more. Call it twice or more, at equal intervals.
    void observe();

    /// The findings so far.
    [[nodiscard]] std::vector<Finding> findings() const;

    [[nodiscard]] const Attachment& attachment() const { return *attachment_; }

private:
    const Attachment* attachment_;
    Blindness blindness_;
    bool blind_ = false;
    Amount lost_before_;
    Amount lost_;
    bool ring_fills_ = false;
};

} // namespace flowlabel
