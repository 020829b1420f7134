// SPDX-License-Identifier: BSD-2-Clause
/// From a request as text to its answer as text. cpp-httplib reads the one and writes the other; it never sees a
/// socket.
#pragma once

#include <httplib.h>

#include <functional>
#include <string>
#include <string_view>

#include "metrics/format.hpp"

namespace flowlabel {

class Responder : private httplib::Server {
public:
    /// PAGE gives the page of metrics.
    explicit Responder(std::function<std::string(MetricsFormat)> page);

    /// REQUEST ends with the empty line behind its fields; what the client sends as a body is not looked at. The answer
    /// is empty where there is none, and says that the connection closes.
    std::string answer(std::string_view request);
};

} // namespace flowlabel
