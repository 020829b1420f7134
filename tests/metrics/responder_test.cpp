// SPDX-License-Identifier: BSD-2-Clause
#include "metrics/responder.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <stdexcept>

namespace flowlabel::test {
namespace {

using namespace std::string_literals;

std::string answer_to(const std::string& request)
{
    Responder responder(
        [](MetricsFormat format) { return std::string(format == MetricsFormat::text ? "text\n" : "open\n"); });

    return responder.respond(request);
}

/// The status of an answer; 0: there is none.
int status_of(const std::string& answer)
{
    return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9)) : 0;
}

std::string body_of(const std::string& answer)
{
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

TEST(Responder, ThePage)
{
    const std::string answer = answer_to("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");

    EXPECT_EQ(status_of(answer), 200);
    EXPECT_EQ(body_of(answer), "text\n");
    EXPECT_TRUE(answer.contains("\r\nConnection: close\r\n")) << answer;
    EXPECT_TRUE(answer.contains("\r\nContent-Length: 5\r\n")) << answer;
    EXPECT_EQ(body_of(answer_to("GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\n\r\n")), "open\n");
    EXPECT_EQ(body_of(answer_to("HEAD /metrics HTTP/1.1\r\n\r\n")), "");
}

/// Runs on a thread with a small stack: a regular expression takes 2 to 4 MiB of it to read 8,000 bytes of ranges.
void* ask_for_ranges(void*)
{
    std::string ranges = "bytes=0-0";

    while (ranges.size() < 8000)
        ranges += ",0-0";
    for (const std::string name : {"Range: ", "range:", "RANGE:\t"})
        EXPECT_EQ(body_of(answer_to("GET /metrics HTTP/1.1\r\n" + name + ranges + "\r\n\r\n")), "text\n") << name;
    EXPECT_EQ(body_of(answer_to("GET /metrics HTTP/1.1\r\nRange: bytes=0-1\r\n\r\n")), "text\n");
    return nullptr;
}

TEST(Responder, RangesAreIgnored)
{
    constexpr std::size_t small_stack = 1 << 20;
    pthread_attr_t attributes;
    pthread_t thread;

    ASSERT_EQ(pthread_attr_init(&attributes), 0);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, small_stack), 0);
    ASSERT_EQ(pthread_create(&thread, &attributes, ask_for_ranges, nullptr), 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
}

TEST(Responder, NothingIsCompressed)
{
    EXPECT_EQ(body_of(answer_to("GET /metrics HTTP/1.1\r\nAccept-Encoding: gzip, br\r\n\r\n")), "text\n");
}

TEST(Responder, OtherPathsAndMethods)
{
    EXPECT_EQ(status_of(answer_to("GET / HTTP/1.0\r\n\r\n")), 200);
    EXPECT_EQ(status_of(answer_to("GET /metric HTTP/1.1\r\n\r\n")), 404);
    EXPECT_EQ(status_of(answer_to("GET /metrics/ HTTP/1.1\r\n\r\n")), 404);
    EXPECT_EQ(status_of(answer_to("POST /metrics HTTP/1.1\r\nContent-Length: 1000000000000\r\n\r\n")), 405);
    EXPECT_EQ(status_of(answer_to("PUT /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")), 405);
    EXPECT_EQ(status_of(answer_to("TRACE / HTTP/1.1\r\n\r\n")), 405);
}

TEST(Responder, WhatIsNoRequest)
{
    for (const std::string request :
         {"\r\n\r\n", "GET\r\n\r\n", "GET /metrics\r\n\r\n", "GET /metrics HTTP/2.0\r\n\r\n", "BREW / HTTP/1.1\r\n\r\n",
          "GET / HTTP/1.1 x\r\n\r\n"})
        EXPECT_EQ(status_of(answer_to(request)), 400) << request;
    EXPECT_EQ(answer_to(""), "");
    EXPECT_EQ(status_of(answer_to("GET /\0metrics HTTP/1.1\r\n\r\n"s)), 400);
    EXPECT_EQ(status_of(answer_to("GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n")), 414);
}

TEST(Responder, APageThatCannotBeMadeIsAnError)
{
    Responder responder([](MetricsFormat) -> std::string { throw std::bad_alloc(); });

    EXPECT_EQ(status_of(responder.respond("GET /metrics HTTP/1.1\r\n\r\n")), 500);
}

} // namespace
} // namespace flowlabel::test
