// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/result.hpp"

#include <cstring>

namespace flowlabel {

std::unexpected<Error> fail_errno(int number, const std::string& what, std::string hint)
{
    return std::unexpected(Error{.what = what + ": " + strerror(number), .hint = std::move(hint), .number = number});
}

} // namespace flowlabel
