// SPDX-License-Identifier: BSD-2-Clause
/// JSON documents and their text.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace flowlabel {

using Json = nlohmann::ordered_json;

/// DOCUMENT as text, with INDENT spaces for each level, or on one line. Names of interfaces and files may be any bytes:
/// those that are not UTF-8 become U+FFFD.
std::string json_text(const Json& document, int indent = -1);

} // namespace flowlabel
