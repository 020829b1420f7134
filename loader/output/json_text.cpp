// SPDX-License-Identifier: BSD-2-Clause
#include "output/json_text.hpp"

namespace flowlabel {

std::string json_text(const Json& document, int indent)
{
    return document.dump(indent, ' ', false, Json::error_handler_t::replace);
}

} // namespace flowlabel
