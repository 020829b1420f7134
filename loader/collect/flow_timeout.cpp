// SPDX-License-Identifier: BSD-2-Clause
#include "collect/flow_timeout.hpp"

#include "base/units.hpp"

namespace flowlabel {

Result<std::chrono::nanoseconds> parse_flow_timeout(std::string_view text)
{
    if (text == "rfc3697")
        return std::chrono::seconds(120);
    if (text == "rfc1883")
        return std::chrono::seconds(6);
    auto time = parse_duration(text);

    if (!time)
        time.error().hint += ", or rfc3697 or rfc1883";
    return time;
}

} // namespace flowlabel
