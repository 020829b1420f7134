// SPDX-License-Identifier: BSD-2-Clause
#include "http_client.hpp"

#include <fmt/format.h>
#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace flowlabel {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto connecting = 1s;
constexpr auto hurry = 1s;
constexpr auto look_interval = 50ms;
constexpr std::size_t longest_answer = 65536;

std::string percent_encoded(std::string_view text)
{
    std::string encoded;

    for (const char character : text) {
        const bool plain = (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
                           (character >= '0' && character <= '9') || character == '_' || character == '-' ||
                           character == '.';

        encoded += plain ? std::string(1, character) : fmt::format("%{:02X}", static_cast<unsigned char>(character));
    }
    return encoded;
}

HttpClient::HttpClient(const Place& place, std::chrono::milliseconds patience, std::function<bool()> hurried)
    : client_(place.tls ? std::make_unique<httplib::SSLClient>(place.host, place.port)
                        : std::make_unique<httplib::ClientImpl>(place.host, place.port)),
      patience_(patience), hurried_(std::move(hurried))
{
    client_->set_keep_alive(true);
    client_->set_tcp_nodelay(true);
    client_->set_url_encode(false);
    client_->set_decompress(false);
    client_->set_connection_timeout(connecting);
    client_->set_read_timeout(patience);
    client_->set_write_timeout(patience);
    // What was not sent when we give up is not sent later: the connection is reset.
    client_->set_socket_options([](int socket) {
        const linger at_once{.l_onoff = 1, .l_linger = 0};

        setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    });
}

HttpClient::~HttpClient() = default;

/// Ends what CLIENT waits for at END, or a second after HURRIED.
static std::jthread guard(httplib::ClientImpl& client, Clock::time_point end, const std::function<bool()>& hurried)
{
    return std::jthread([&client, end, &hurried](const std::stop_token& stop) {
        std::mutex unused;
        std::condition_variable_any told;
        std::unique_lock lock(unused);
        Clock::time_point last = end;
        bool hurrying = false;

        while (!told.wait_for(lock, stop, look_interval, [&] { return stop.stop_requested(); })) {
            if (hurried() && !std::exchange(hurrying, true))
                last = std::min(end, Clock::now() + hurry);
            if (Clock::now() >= last)
                client.stop();
        }
    });
}

static HttpFailure failure(httplib::Error error, bool late)
{
    using enum httplib::Error;

    if (late)
        return {.error = {.what = "no whole answer in time", .hint = {}}, .sent = true};
    switch (error) {
    case Connection:
        return {.error = {.what = "cannot connect", .hint = "is the server up, and the name, address and port right?"}};
    case SSLConnection:
        return {.error = {.what = "cannot connect by TLS", .hint = "does the server speak TLS on this port?"}};
    case SSLServerVerification:
        return {.error = {.what = "the server's certificate is not valid for it",
                          .hint = "add its authority to the system's, /usr/local/share/ca-certificates"}};
    case Canceled:
        return {.error = {.what = "the answer is not that of a ClickHouse server", .hint = {}}, .sent = true};
    case Write:
        return {.error = {.what = "the connection broke while a request was sent", .hint = {}}, .sent = true};
    default:
        return {.error = {.what = "the connection broke, or the answer is no HTTP", .hint = {}}, .sent = true};
    }
}

std::expected<HttpAnswer, HttpFailure> HttpClient::post(const std::string& target,
                                                        const std::multimap<std::string, std::string>& headers,
                                                        const std::string& body)
{
    httplib::Request request;
    httplib::Response response;
    HttpAnswer answer;
    auto error = httplib::Error::Success;
    const auto end = Clock::now() + (hurried_() ? std::min<std::chrono::milliseconds>(patience_, hurry) : patience_);

    request.method = "POST";
    request.path = target;
    request.headers.insert(headers.begin(), headers.end());
    request.body = body;
    request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
        answer.body.append(data, std::min(size, longest_answer + 1 - answer.body.size()));
        return answer.body.size() <= longest_answer;
    };
    bool done = false;
    {
        const std::jthread guarding = guard(*client_, end, hurried_);

        done = client_->send(request, response, error);
    }
    if (!done)
        return std::unexpected(failure(error, Clock::now() >= end));
    answer.status = response.status;
    return answer;
}

} // namespace flowlabel
