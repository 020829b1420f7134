// SPDX-License-Identifier: BSD-2-Clause
/// A ClickHouse server: inserts batches, and finds out whether a batch is there.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <string>

#include "sinks/clickhouse/batch.hpp"
#include "sinks/clickhouse/clickhouse_url.hpp"
#include "sinks/clickhouse/credentials.hpp"
#include "sinks/clickhouse/http_client.hpp"

namespace flowlabel {

class ClickHouseServer {
public:
    /// CLUSTER: see has(). See HttpClient for TIMEOUT, SHUTTING_DOWN and PROGRESSED.
    ClickHouseServer(ClickHouseUrl url, std::string cluster, Credentials credentials, std::chrono::milliseconds timeout,
                     std::function<bool()> shutting_down, std::function<void()> progressed);

    void use(Credentials credentials) { credentials_ = std::move(credentials); }

    /// Inserts all of BATCH, or nothing. After an error `doubtful` is set if the server may have inserted it, or may
    /// still do so. ENDING: see HttpClient.
    Result<void> insert(Batch& batch, HttpClient::Ending ending);

    /// How many records of a doubtful BATCH are in the table, once no INSERT of it is running. It is 0 only if the
    /// server has answered 0 twice, a second apart, so that an INSERT that waited in a queue during the first answer is
    /// seen. With a cluster, asks all its servers.
    Result<std::uint64_t> has(const Batch& batch);

    /// True if the server answered the latest request with an error. False if no answer came.
    [[nodiscard]] bool refuses() const { return refuses_; }

private:
    std::expected<HttpAnswer, HttpFailure> post(const std::map<std::string, std::string>& parameters,
                                                const std::string& body, HttpClient::Ending ending);
    Result<std::string> ask(const std::string& query);
    Result<std::uint64_t> ask_number(const std::string& query);
    [[nodiscard]] std::string everywhere(const std::string& database, const std::string& table) const;
    Result<void> check_table();
    [[nodiscard]] Error named(Error error) const;
    Error refused(Error error);
    Error refused(const HttpAnswer& answer);

    const ClickHouseUrl url_;
    const std::string cluster_;
    Credentials credentials_;
    HttpClient client_;
    bool table_checked_ = false;
    bool refuses_ = false; ///< the latest answer was an error
};

/// The message of a server as one line, without its boilerplate, and shortened to a readable length.
std::string shortened(std::string_view message);

} // namespace flowlabel
