// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/clickhouse/http_client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace flowlabel {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds connecting = 10s; // the resolver spends five of them on a dead name server
constexpr auto stall_timeout = 1s;                    // while shutting down, if no byte moves
constexpr auto last_answer = 10s;                     // while shutting down, for the answer to a request that was sent
constexpr auto max_shutdown = 35s;                    // however slowly bytes move; systemd kills the unit after 120 s
constexpr auto poll_interval = 50ms;                  // between two checks for a shutdown
constexpr auto max_step = 100ms; // the most that counts between two checks: this machine may have paused
constexpr std::size_t max_head = 16384;
constexpr std::size_t max_body = 65536;

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

struct HttpClient::Connections {
    std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> handle{curl_multi_init(), curl_multi_cleanup};
};

namespace {

using Request = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

/// What was received of an answer.
struct Received {
    std::size_t head = 0; ///< bytes, including "100 Continue" and trailers
    std::string body;
};

std::size_t take_head(char* /*data*/, std::size_t /*one*/, std::size_t size, void* to)
{
    auto& received = *static_cast<Received*>(to);

    received.head += size;
    return received.head <= max_head ? size : 0; // 0 ends the request with CURLE_WRITE_ERROR
}

std::size_t take_body(char* data, std::size_t /*one*/, std::size_t size, void* to)
{
    auto& received = *static_cast<Received*>(to);

    if (size > max_body - received.body.size())
        return 0;
    received.body.append(data, size);
    return size;
}

/// Resets a connection that is given up, so that the kernel does not send the rest later.
int reset_when_closed(void* /*unused*/, curl_socket_t socket, curlsocktype /*purpose*/)
{
    const linger at_once{.l_onoff = 1, .l_linger = 0};

    setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    return CURL_SOCKOPT_OK;
}

} // namespace

static std::string base_of(const HttpClient::Place& place)
{
    std::string host = place.host;

    if (host.contains(':')) { // an IPv6 address; RFC 6874: the % before its zone is encoded
        if (const auto zone = host.find('%'); zone != std::string::npos)
            host.replace(zone, 1, "%25");
        host = fmt::format("[{}]", host);
    }
    return fmt::format("{}://{}:{}", place.tls ? "https" : "http", host, place.port);
}

HttpClient::HttpClient(const Place& place, std::chrono::milliseconds timeout, std::function<bool()> shutting_down,
                       std::function<void()> progressed)
    : connections_(std::make_unique<Connections>()), base_(base_of(place)), timeout_(timeout),
      shutting_down_(std::move(shutting_down)), progressed_(std::move(progressed))
{
}

HttpClient::~HttpClient() = default;

/// Each request has its own connection. libcurl would repeat a request on a reused connection that the server has
/// closed meanwhile, and an INSERT must not be repeated before the server was asked for it.
static void set_connection(CURL* request)
{
    curl_easy_setopt(request, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(request, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(request, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(request, CURLOPT_QUICK_EXIT, 1L); // do not wait for a lookup that takes too long
    curl_easy_setopt(request, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(request, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connecting.count()));
    curl_easy_setopt(request, CURLOPT_SOCKOPTFUNCTION, reset_when_closed);
    curl_easy_setopt(request, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(request, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(request, CURLOPT_PROXY, "");              // ignore the environment
    if (const char* const file = std::getenv("SSL_CERT_FILE")) // NOLINT(concurrency-mt-unsafe): nothing sets variables
        curl_easy_setopt(request, CURLOPT_CAINFO, file);
}

static Headers header_list(const std::multimap<std::string, std::string>& headers)
{
    Headers list(nullptr, curl_slist_free_all);
    const auto add = [&list](const std::string& line) {
        if (curl_slist* const longer = curl_slist_append(list.get(), line.c_str())) {
            (void)list.release();
            list.reset(longer);
        }
    };

    add("Content-Type: application/octet-stream");
    add("Expect:"); // "100 Continue" would take a round trip
    for (const auto& [name, value] : headers)
        add(fmt::format("{}: {}", name, value));
    return list;
}

/// Decides how long one request may go on.
class HttpClient::Wait {
public:
    Wait(HttpClient& client, CURL* request, std::size_t body, Ending ending)
        : client_(client), request_(request), body_(static_cast<curl_off_t>(body)), ending_(ending),
          end_(Clock::now() + client.timeout_)
    {
    }

    /// True while the request may go on.
    [[nodiscard]] bool goes_on();

private:
    void update(Clock::time_point now);
    [[nodiscard]] bool goes_on_while_shutting_down(Clock::time_point now);

    HttpClient& client_;
    CURL* request_;
    curl_off_t body_; ///< bytes
    Ending ending_;
    Clock::time_point end_;
    std::optional<Clock::time_point> shutting_down_; ///< since
    Clock::time_point checked_ = Clock::now();
    Clock::duration still_{}; ///< since bytes moved, or since the shutdown began
    curl_off_t moved_ = 0;    ///< bytes of the request body and of the answer
    bool taken_ = false;      ///< the server has the whole body
};

void HttpClient::Wait::update(Clock::time_point now)
{
    curl_off_t sent = 0;
    curl_off_t received = 0;
    long head = 0;

    curl_easy_getinfo(request_, CURLINFO_SIZE_UPLOAD_T, &sent);
    curl_easy_getinfo(request_, CURLINFO_SIZE_DOWNLOAD_T, &received);
    curl_easy_getinfo(request_, CURLINFO_HEADER_SIZE, &head);
    taken_ = sent >= body_;
    const curl_off_t now_moved = sent + received + head;
    const bool moved = std::exchange(moved_, now_moved) != now_moved;

    still_ = moved ? Clock::duration() : still_ + std::min<Clock::duration>(now - checked_, max_step);
    checked_ = now;
    if (moved || taken_)
        client_.progressed_();
}

bool HttpClient::Wait::goes_on_while_shutting_down(Clock::time_point now)
{
    if (!shutting_down_) {
        shutting_down_ = now;
        still_ = {};
    }
    client_.deadline_ = client_.deadline_.value_or(now + max_shutdown);
    if (ending_ == Ending::one_second)
        return now < *shutting_down_ + stall_timeout;
    return now < *client_.deadline_ && still_ < (taken_ ? last_answer : stall_timeout);
}

bool HttpClient::Wait::goes_on()
{
    const auto now = Clock::now();

    update(now);
    return now < end_ && (!client_.shutting_down_() || goes_on_while_shutting_down(now));
}

/// Runs REQUEST to its end, or until GOES_ON returns false.
static CURLcode perform(CURLM* connections, CURL* request, const std::function<bool()>& goes_on)
{
    CURLcode result = CURLE_OPERATION_TIMEDOUT;
    int running = 0;

    if (curl_multi_add_handle(connections, request) != CURLM_OK)
        return CURLE_OUT_OF_MEMORY;
    while (curl_multi_perform(connections, &running) == CURLM_OK && running > 0 && goes_on())
        curl_multi_poll(connections, nullptr, 0, poll_interval / 1ms, nullptr);
    if (const CURLMsg* const message = curl_multi_info_read(connections, &running))
        result = message->data.result;
    curl_multi_remove_handle(connections, request);
    return result;
}

/// The error for a request that ended with CODE.
static Error error_for(CURL* request, CURLcode code, bool sent)
{
    long err = 0;

    curl_easy_getinfo(request, CURLINFO_OS_ERRNO, &err);
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return {.what = "cannot look up the host",
                .hint = "check the name of the host, and that a name server answers"};
    case CURLE_COULDNT_CONNECT:
        return {.what = err == 0
                            ? "cannot connect"
                            : fmt::format("cannot connect: {}", std::generic_category().message(static_cast<int>(err))),
                .hint = "check that the server is up, and that the name, address and port are right"};
    case CURLE_SSL_CONNECT_ERROR:
        return {.what = "cannot set up TLS", .hint = "check that the server speaks TLS on this port"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return {.what = "the certificate of the server is not valid",
                .hint = "check that it is for this host name and has not expired; for a CA of your own set "
                        "SSL_CERT_FILE, or add it to the system's CAs"};
    case CURLE_WRITE_ERROR: // take_head() and take_body()
        return {.what = "the answer is not that of a ClickHouse server: it is too long", .hint = {}};
    case CURLE_SEND_ERROR:
        return {.what = "the connection broke while a request was sent", .hint = {}};
    case CURLE_OPERATION_TIMEDOUT:
        if (sent)
            return {.what = "no complete answer in time", .hint = {}};
        return {.what = "cannot connect in time",
                .hint = "check that the server is up, and that the name, address and port are right"};
    default:
        return {.what = "the connection broke, or the answer is not HTTP", .hint = {}};
    }
}

std::expected<HttpAnswer, HttpFailure> HttpClient::post(const std::string& target,
                                                        const std::multimap<std::string, std::string>& headers,
                                                        const std::string& body, Ending ending)
{
    const Request request(curl_easy_init(), curl_easy_cleanup);
    const Headers list = header_list(headers);
    Received received;

    if (!request || !connections_->handle)
        return std::unexpected(HttpFailure{.error = {.what = "out of memory", .hint = {}}});
    set_connection(request.get());
    curl_easy_setopt(request.get(), CURLOPT_URL, (base_ + target).c_str());
    curl_easy_setopt(request.get(), CURLOPT_HTTPHEADER, list.get());
    curl_easy_setopt(request.get(), CURLOPT_POSTFIELDS, body.data()); // not copied
    curl_easy_setopt(request.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(request.get(), CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(request.get(), CURLOPT_HEADERDATA, &received);
    curl_easy_setopt(request.get(), CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(request.get(), CURLOPT_WRITEDATA, &received);
    Wait wait(*this, request.get(), body.size(), ending);
    const CURLcode code = perform(connections_->handle.get(), request.get(), [&wait] { return wait.goes_on(); });
    long bytes_sent = 0;
    long status = 0;

    curl_easy_getinfo(request.get(), CURLINFO_REQUEST_SIZE, &bytes_sent);
    curl_easy_getinfo(request.get(), CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK)
        return std::unexpected(
            HttpFailure{.error = error_for(request.get(), code, bytes_sent > 0), .sent = bytes_sent > 0});
    return HttpAnswer{.status = static_cast<int>(status), .body = std::move(received.body)};
}

} // namespace flowlabel
