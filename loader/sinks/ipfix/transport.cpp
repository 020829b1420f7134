// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/ipfix/transport.hpp"

#include <fmt/format.h>

#include "base/host_lookup.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

Error not_found(const std::string& name, const std::string& why)
{
    return {
        fmt::format("cannot look up the host of {}: {}", name, why),
        fmt::format("records wait until it is found, as many as there is room for; it is looked up again every {} s",
                    HostLookup::interval / 1s)};
}

} // namespace flowlabel
