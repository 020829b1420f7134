// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/result.hpp"

#include <cstring>

namespace flowlabel {

std::unexpected<Error> fail_errno(int err, const std::string& what, std::string hint)
{
    return std::unexpected(Error{.what = what + ": " + strerror(err), .hint = std::move(hint), .err = err});
}

} // namespace flowlabel
