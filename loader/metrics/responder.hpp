// SPDX-License-Identifier: BSD-2-Clause
/// Turns an HTTP request into a response, both as text. cpp-httplib parses and formats; it never sees a socket.
#pragma once

#include <httplib.h>

#include <functional>
#include <string>
#include <string_view>

#include "metrics/format.hpp"

namespace flowlabel {

class Responder : private httplib::Server {
public:
    /// PAGE returns the page of metrics.
    explicit Responder(std::function<std::string(MetricsFormat)> page);

    /// REQUEST ends with the empty line after its fields; a body is ignored. The response announces that the connection
    /// closes; it is empty if cpp-httplib writes none.
    std::string respond(std::string_view request);
};

} // namespace flowlabel
