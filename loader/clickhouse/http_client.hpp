// SPDX-License-Identifier: BSD-2-Clause
/// Requests to one HTTP server, each with an end in time.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "flowlabel/result.hpp"

namespace httplib {
class ClientImpl;
}

namespace flowlabel {

struct HttpAnswer {
    int status = 0;
    std::string body;
};

struct HttpFailure {
    Error error;
    bool sent = false; ///< the server may have the request
};

class HttpClient {
public:
    struct Place {
        bool tls = false; ///< the server's certificate is checked against the system's
        std::string host;
        std::uint16_t port = 0;
    };

    /// A connection takes a second at most, and so does what there is to wait for once HURRIED returns true, on
    /// whatever thread; a whole request takes PATIENCE at most. Where HOST is a name, the system's resolver takes its
    /// own time.
    HttpClient(const Place& place, std::chrono::milliseconds patience, std::function<bool()> hurried);
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient();

    /// POST of BODY to TARGET (a path and what follows it, encoded). An answer of more than 64 KiB is a failure.
    std::expected<HttpAnswer, HttpFailure>
    post(const std::string& target, const std::multimap<std::string, std::string>& headers, const std::string& body);

private:
    std::unique_ptr<httplib::ClientImpl> client_;
    const std::chrono::milliseconds patience_;
    const std::function<bool()> hurried_;
};

/// TEXT as the value of a query's parameter (RFC 3986 section 2.1).
std::string percent_encoded(std::string_view text);

} // namespace flowlabel
