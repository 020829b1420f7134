// SPDX-License-Identifier: BSD-2-Clause
#include "base/wrap.hpp"

#include <algorithm>

namespace flowlabel {

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent, std::size_t at)
{
    std::string lines;
    bool begun = false;

    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));

        if (begun && at + 1 + word.size() > width) {
            lines += "\n" + std::string(indent, ' ');
            at = indent;
        } else if (begun) {
            lines += ' ';
            at++;
        }
        lines += word;
        at += word.size();
        begun = true;
        text.remove_prefix(std::min(word.size() + 1, text.size()));
    }
    return lines + "\n";
}

} // namespace flowlabel
