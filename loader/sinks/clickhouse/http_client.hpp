// SPDX-License-Identifier: BSD-2-Clause
/// Requests to one HTTP server. Each is bounded in time, and its answer in size.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "flowlabel/result.hpp"

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
        bool tls = false; ///< the certificate is checked with the CAs of the system, or of SSL_CERT_FILE
        std::string host;
        std::uint16_t port = 0;
    };

    /// How long a request may go on once SHUTTING_DOWN returns true.
    enum class Ending {
        one_second,
        while_moving ///< until no byte has moved for a second, or for ten seconds once the server has the whole
                     ///< request; at most 35 seconds for all such requests together
    };

    /// Name lookup and connecting take at most ten seconds, a whole request at most TIMEOUT. SHUTTING_DOWN is called
    /// during a request; another thread may change its answer. PROGRESSED is called when bytes of a request or of its
    /// answer have moved, and while the server has the whole request and has not answered.
    HttpClient(const Place& place, std::chrono::milliseconds timeout, std::function<bool()> shutting_down,
               std::function<void()> progressed);
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient();

    /// Posts BODY to TARGET, an encoded path with its query. An answer with a header of more than 16 KiB or a body of
    /// more than 64 KiB is a failure.
    std::expected<HttpAnswer, HttpFailure> post(const std::string& target,
                                                const std::multimap<std::string, std::string>& headers,
                                                const std::string& body, Ending ending);

private:
    using Clock = std::chrono::steady_clock;
    class Wait;

    struct Connections; // of libcurl
    std::unique_ptr<Connections> connections_;
    std::string base_; ///< the beginning of every URL
    const std::chrono::milliseconds timeout_;
    const std::function<bool()> shutting_down_;
    const std::function<void()> progressed_;
    std::optional<Clock::time_point> deadline_; ///< once it is shutting down
};

/// TEXT as the value of a query's parameter (RFC 3986 section 2.1).
std::string percent_encoded(std::string_view text);

} // namespace flowlabel
