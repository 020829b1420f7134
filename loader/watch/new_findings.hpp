// SPDX-License-Identifier: BSD-2-Clause
/// Which findings of a watch are news.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "watch/watch_report.hpp"

namespace flowlabel {

class NewFindings {
public:
    struct News {
        std::vector<const LabelFinding*> findings; ///< of the report
        std::size_t more = 0;                      ///< not taken yet
    };

    /// Takes the findings of REPORT that no call has taken, or that have ten times as many changes since; at most MOST.
    News take(const WatchReport& report, std::size_t most);
    News take(WatchReport&&, std::size_t) = delete; // the news are parts of the report

private:
    static constexpr std::size_t max_taken = 100'000; ///< bounds the memory; then all may be taken again

    std::map<std::string, std::uint64_t> taken_; ///< by subject: their changes
};

} // namespace flowlabel
