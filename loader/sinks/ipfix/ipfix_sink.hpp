// SPDX-License-Identifier: BSD-2-Clause
/// Sends records as IPFIX (RFC 7011) to a collector or a file.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "collect/collector_watch.hpp"
#include "collect/record_sink.hpp"
#include "flow/record.hpp"
#include "sinks/ipfix/domains.hpp"
#include "sinks/ipfix/encoder.hpp"
#include "sinks/ipfix/transport.hpp"
#include "sinks/ipfix/url.hpp"

namespace flowlabel {

/// Sizes of IP packets with UDP, in bytes, with all headers (RFC 7011 section 10.3.3).
constexpr std::size_t unknown_path_mtu = 512;
constexpr std::size_t udp_headers = 48; ///< of IPv6 and UDP; those of IPv4 and UDP have 20 bytes less
constexpr std::size_t min_mtu = min_message + udp_headers;
constexpr std::size_t max_mtu = 65535;

struct IpfixSettings {
    std::size_t mtu = unknown_path_mtu;
    std::chrono::milliseconds template_interval{60'000};
    std::chrono::milliseconds connect_interval{60'000};
    bool options = true; ///< send options records
};

class IpfixSink final : public RecordSink {
public:
    /// An error: the file cannot be written. WATCH reports what was lost, for the options records.
    static Result<std::unique_ptr<IpfixSink>> open(const IpfixUrl& url, const IpfixSettings& settings,
                                                   std::shared_ptr<const CollectorWatch> watch);

    [[nodiscard]] std::string name() const override { return url_.text; }
    WriteResult write(std::span<const RecordBatch* const> batches) override;

    /// Sends templates and options records that are due.
    Result<void> tick() override;

    /// Opens a file again, which then begins with templates. Looks the host of a UDP collector up again.
    Result<void> reopen() override { return transport_->reopen(); }

    /// Sends the options records about losses once more, and ends the transport.
    Result<void> finish() override;

private:
    IpfixSink(IpfixUrl url, const IpfixSettings& settings, std::shared_ptr<const CollectorWatch> watch, Encoder encoder)
        : url_(std::move(url)), settings_(settings), watch_(std::move(watch)), encoder_(std::move(encoder))
    {
    }

    Result<void> open_transport();
    void renew_session();
    [[nodiscard]] bool due(const Domain& domain) const;
    void update_losses();
    Result<void> introduce(std::size_t number);
    Result<void> describe(std::size_t number);
    Result<void> encode(std::span<const RecordBatch* const> batches);
    WriteResult send();
    void abandon();

    IpfixUrl url_;
    IpfixSettings settings_;
    std::shared_ptr<const CollectorWatch> watch_;
    Encoder encoder_;
    std::unique_ptr<IpfixTransport> transport_;
    Domains domains_;
    std::uint64_t session_ = 0; ///< the session of the transport that domains_ describes
    Domain::Clock::time_point next_update_;
};

} // namespace flowlabel
