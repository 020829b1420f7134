// SPDX-License-Identifier: BSD-2-Clause
/// A ClickHouse server that takes batches, and says whether it has them.
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
    /// CLUSTER: see has(). See HttpClient for PATIENCE, HURRIED and PROGRESSED.
    ClickHouseServer(ClickHouseUrl url, std::string cluster, Credentials credentials,
                     std::chrono::milliseconds patience, std::function<bool()> hurried,
                     std::function<void()> progressed);

    void use(Credentials credentials) { credentials_ = std::move(credentials); }

    /// The table takes all of BATCH, or nothing. After an error `doubtful` says whether it may have done so, or may do
    /// so still. ENDING: see HttpClient.
    Result<void> insert(Batch& batch, HttpClient::Ending ending);

    /// How many records of a doubtful BATCH are in the table, once no INSERT of it is on its way. It is 0 only if the
    /// server has said so twice, a second apart, so that a request that lay in a queue when the server began to answer
    /// has been seen. All servers of the cluster are asked if there is one.
    Result<std::uint64_t> has(const Batch& batch);

    /// Did the server answer the latest request, and not with what was wanted? False where no answer came, too.
    [[nodiscard]] bool refuses() const { return refuses_; }

private:
    std::expected<HttpAnswer, HttpFailure> post(const std::map<std::string, std::string>& parameters,
                                                const std::string& body, HttpClient::Ending ending);
    Result<std::string> ask(const std::string& query);
    Result<std::uint64_t> ask_number(const std::string& query);
    [[nodiscard]] std::string everywhere(const std::string& database, const std::string& table) const;
    Result<void> check_table();
    [[nodiscard]] Error told(Error error) const;
    Error refused(Error error);
    Error refused(const HttpAnswer& answer);

    const ClickHouseUrl url_;
    const std::string cluster_;
    Credentials credentials_;
    HttpClient client_;
    bool table_checked_ = false;
    bool refuses_ = false; ///< so the latest answer says
};

/// What a server said, as one line without what says nothing, and not for ever.
std::string shortened(std::string_view words);

} // namespace flowlabel
