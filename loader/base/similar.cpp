// SPDX-License-Identifier: BSD-2-Clause
#include "base/similar.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace flowlabel {

/// How many letters must be changed, added, removed, or swapped with their neighbour to turn A into B.
static std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> before(b.size() + 1); // the row of the matrix before the previous one
    std::vector<std::size_t> previous(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);

    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 1; i <= a.size(); i++) {
        before = std::exchange(previous, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); j++) {
            row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row.back();
}

static std::string_view without_dashes(std::string_view text)
{
    return text.substr(std::min(text.find_first_not_of('-'), text.size()));
}

std::optional<std::string> most_similar(std::string_view text, std::span<const std::string> words)
{
    constexpr std::size_t max_length = 64; // no word is that long, and the time grows with the length
    const std::string_view wanted = without_dashes(text);
    std::size_t nearest = wanted.size() / 3 + 1;
    std::optional<std::string> best;

    if (wanted.size() > max_length)
        return best;
    for (const std::string& word : words) {
        const std::size_t differs = distance(wanted, without_dashes(word));

        if (differs >= nearest)
            continue;
        nearest = differs;
        best = word;
    }
    return best;
}

} // namespace flowlabel
