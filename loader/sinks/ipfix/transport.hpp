// SPDX-License-Identifier: BSD-2-Clause
/// How IPFIX messages are sent: into a file, over UDP, over TCP.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "flowlabel/result.hpp"
#include "sinks/ipfix/messages.hpp"
#include "sinks/ipfix/url.hpp"

namespace flowlabel {

/// How long a transport waits for its peer or for name servers while the collector shuts down.
constexpr auto shutdown_timeout = std::chrono::milliseconds(900);

/// What became of messages, in their order: the first `sent` were sent, the next `lost` never will be, and the rest are
/// to be encoded and offered again.
struct Outcome {
    std::size_t sent = 0;
    std::size_t lost = 0;
    std::optional<Error> error;
};

class IpfixTransport {
public:
    IpfixTransport() = default;
    IpfixTransport(const IpfixTransport&) = delete;
    IpfixTransport& operator=(const IpfixTransport&) = delete;
    virtual ~IpfixTransport() = default;

    /// Opens the file or connection if it is not open and a new attempt is due. An error: nothing can be sent now.
    virtual Result<void> ready() = 0;

    /// The number of the transport session. In a new session sequence numbers begin at 0, and the peer knows no
    /// templates (RFC 7011 section 2).
    [[nodiscard]] virtual std::uint64_t session() const = 0;

    /// True if records wait while it is not ready; otherwise they are lost.
    [[nodiscard]] virtual bool waits() const { return true; }

    /// True if templates must be repeated (RFC 7011 section 8.4).
    [[nodiscard]] virtual bool repeats_templates() const { return false; }

    /// True if it is not ready and templates should be sent, to find out whether the peer is there again.
    virtual bool wants_templates() { return false; }

    /// Sends MESSAGES if it is ready. If it wants templates, the messages must hold no data.
    virtual Outcome send(const Messages& messages) = 0;

    virtual Result<void> reopen() { return {}; }

    /// Waits, for a limited time, until the peer has everything, and closes.
    virtual Result<void> finish() { return {}; }
};

/// RecordSink::shutting_down().
using ShuttingDown = std::function<bool()>;

/// The error for a collector whose host could not be looked up. NAME is the URL.
Error not_found(const std::string& name, const std::string& why);

/// IPFIX files (RFC 5655). Creates a regular file, or appends to it after removing an incomplete message at the end. A
/// file with other content is an error.
Result<std::unique_ptr<IpfixTransport>> open_ipfix_file(const IpfixUrl& url);

/// Looks the host up when there is something to send, after reopen(), and while the peer takes no messages.
std::unique_ptr<IpfixTransport> open_ipfix_udp(const IpfixUrl& url, ShuttingDown shutting_down);

/// Looks the host up for each connection. INTERVAL: the minimum time between two attempts to connect (RFC 7011 section
/// 10.4.4). Calls PROGRESSED whenever the kernel has taken something.
std::unique_ptr<IpfixTransport> open_ipfix_tcp(const IpfixUrl& url, std::chrono::milliseconds interval,
                                               ShuttingDown shutting_down, std::function<void()> progressed);

} // namespace flowlabel
