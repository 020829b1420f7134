// SPDX-License-Identifier: BSD-2-Clause
#include "metrics/responder.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace flowlabel {

namespace {

constexpr auto start_page = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>flowlabel</title></head>
<body><h1>flowlabel</h1><p><a href="/metrics">Metrics</a></p></body></html>
)";

/// Reads from a string and writes to another one.
class TextStream final : public httplib::Stream {
public:
    explicit TextStream(std::string_view input) : input_(input) {}

    [[nodiscard]] std::string take_output() { return std::move(output_); }

    [[nodiscard]] bool is_readable() const override { return true; }
    [[nodiscard]] bool is_writable() const override { return true; }
    ssize_t read(char* to, std::size_t size) override
    {
        const std::size_t taken = input_.copy(to, size);

        input_.remove_prefix(taken);
        return static_cast<ssize_t>(taken);
    }
    ssize_t write(const char* from, std::size_t size) override
    {
        output_.append(from, size);
        return static_cast<ssize_t>(size);
    }
    void get_remote_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
    void get_local_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
    [[nodiscard]] socket_t socket() const override { return INVALID_SOCKET; }

private:
    std::string_view input_;
    std::string output_;
};

} // namespace

/// REQUEST without its Range fields, which a server may ignore (RFC 9110 section 14.2). The library parses them with a
/// regular expression that uses half a KiB of stack for each byte.
static std::string without_ranges(std::string_view request)
{
    constexpr std::string_view name = "range:";
    const auto same = [](char one, char other) { return (one | 0x20) == (other | 0x20); };
    std::string rest;

    while (!request.empty()) {
        const std::string_view line = request.substr(0, std::min(request.find('\n'), request.size() - 1) + 1);

        if (!std::ranges::equal(line.substr(0, name.size()), name, same))
            rest += line;
        request.remove_prefix(line.size());
    }
    return rest;
}

static void reject(httplib::Response& response, int status, const char* text)
{
    response.status = status;
    response.set_content(text, "text/plain; charset=utf-8");
}

static void route(const httplib::Request& request, httplib::Response& response,
                  const std::function<std::string(MetricsFormat)>& page)
{
    response.set_header("Accept-Ranges", "none");
    if (request.method != "GET" && request.method != "HEAD") {
        response.set_header("Allow", "GET, HEAD");
        return reject(response, 405, "only GET and HEAD\n");
    }
    if (request.path == "/")
        return response.set_content(start_page, "text/html; charset=utf-8");
    if (request.path != "/metrics")
        return reject(response, 404, "not found; the metrics are at /metrics\n");
    const MetricsFormat format = preferred_format(request.get_header_value("Accept"));

    response.set_header("Vary", "Accept");
    response.set_content(page(format), content_type(format));
}

Responder::Responder(std::function<std::string(MetricsFormat)> page)
{
    set_pre_routing_handler([page = std::move(page)](const httplib::Request& request, httplib::Response& response) {
        route(request, response, page);
        return HandlerResponse::Handled;
    });
}

std::string Responder::respond(std::string_view request)
{
    const std::string accepted = without_ranges(request);
    TextStream stream(accepted);
    bool closed = false;

    // Compressing a page takes longer than making it; with Brotli it takes a hundred times as long.
    process_request(stream, true, closed, [](httplib::Request& parsed) { parsed.headers.erase("Accept-Encoding"); });
    return stream.take_output();
}

} // namespace flowlabel
