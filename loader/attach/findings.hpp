// SPDX-License-Identifier: BSD-2-Clause
/// What is not as it should be with an attachment, in words for people and with a word for scripts.
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

/// What one look tells: whether the program is where it was attached, and who stands in front of it.
std::vector<Finding> findings_of(const Attachment& attachment);

/// For where the device counts packets and the hook does not.
std::string sees_nothing_text(const Attachment& attachment);

/// Two looks at one attachment, with some time between them: what was lost meanwhile, and whether its hook sees
/// packets.
class LongLook {
public:
    explicit LongLook(const Attachment& attachment);

    /// The next look. Wants to be called twice, or more often, at equal intervals.
    void look();

    /// What came out so far.
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
