// SPDX-License-Identifier: BSD-2-Clause
/// Requests to one HTTP server, each bounded in time, and its answer in memory.
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
        bool tls = false; ///< the server's certificate is checked against the system's, or those in SSL_CERT_FILE
        std::string host;
        std::uint16_t port = 0;
    };

    /// What a request is given once HURRIED returns true.
    enum class Ending {
        one_second,
        while_moving ///< until no byte of it has moved for a second, or, once the other end has all of it, for ten
                     ///< seconds; 35 seconds at most for all such requests together
    };

    /// To look the host up and to connect takes ten seconds at most, a whole request PATIENCE. HURRIED is asked as long
    /// as it goes on, and may change its answer on whatever thread. PROGRESSED is called when bytes of a request or of
    /// its answer have moved, and as long as the other end has the whole request and has not answered.
    HttpClient(const Place& place, std::chrono::milliseconds patience, std::function<bool()> hurried,
               std::function<void()> progressed);
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient();

    /// POST of BODY to TARGET (a path and what follows it, encoded). An answer whose head has more than 16 KiB or whose
    /// body has more than 64 KiB is a failure.
    std::expected<HttpAnswer, HttpFailure> post(const std::string& target,
                                                const std::multimap<std::string, std::string>& headers,
                                                const std::string& body, Ending ending);

private:
    using Clock = std::chrono::steady_clock;
    class Wait;

    struct Connections; // of the library
    std::unique_ptr<Connections> connections_;
    std::string base_; ///< of every URL
    const std::chrono::milliseconds patience_;
    const std::function<bool()> hurried_;
    const std::function<void()> progressed_;
    std::optional<Clock::time_point> last_moment_; ///< once there is a hurry
};

/// TEXT as the value of a query's parameter (RFC 3986 section 2.1).
std::string percent_encoded(std::string_view text);

} // namespace flowlabel
