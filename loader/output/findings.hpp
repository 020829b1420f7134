// SPDX-License-Identifier: BSD-2-Clause
/// What is not as it should be with an attachment, in words for people and with a word for scripts.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attach/blindness.hpp"
#include "flowlabel/attachment.hpp"
#include "output/export.hpp"

namespace flowlabel {

struct Finding {
    std::string kind; ///< docs/man/flowlabel.8 has the list
    std::string text;
};

/// What one look tells: whether the program is where it was attached, and who stands in front of it.
std::vector<Finding> findings_of(const Attachment& attachment);

/// One of a check's.
struct CheckFinding {
    std::optional<Source> source; ///< nothing: an attachment that cannot be read
    Finding finding;
};

/// The document of `status` with the FINDINGS of a check that looked for TIME.
Json check_json(const StatusDocument& document, std::chrono::milliseconds time,
                const std::vector<CheckFinding>& findings);

/// A line for each; of no findings one that says so of COUNT attachments.
void write_check_text(std::size_t count, const std::vector<CheckFinding>& findings, const Sink& sink);

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
