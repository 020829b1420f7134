// SPDX-License-Identifier: BSD-2-Clause
#include "watch/new_findings.hpp"

#include "watch/watch_output.hpp"

namespace flowlabel {

NewFindings::News NewFindings::take(const WatchReport& report, std::size_t most)
{
    News news;

    for (const LabelFinding& finding : report.findings) {
        const std::string subject = finding_subject(finding);
        const auto known = taken_.find(subject);

        if (known != taken_.end() && finding.changes < 10 * known->second)
            continue;
        if (news.findings.size() == most) {
            news.more++;
            continue;
        }
        if (taken_.size() >= max_taken)
            taken_.clear();
        taken_[subject] = finding.changes;
        news.findings.push_back(&finding);
    }
    return news;
}

} // namespace flowlabel
