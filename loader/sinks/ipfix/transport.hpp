// SPDX-License-Identifier: BSD-2-Clause
/// The ways on which IPFIX messages leave.
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

/// What became of messages, in their order: the first `sent` have left, the next `lost` never will, and the others want
/// to be made and given again.
struct Outcome {
    std::size_t sent = 0;
    std::size_t lost = 0;
    std::optional<Error> error;
};

class Transport {
public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport() = default;

    /// Opens what is not open, where its time has come. An error: nothing can be sent now.
    virtual Result<void> ready() = 0;

    /// The number of the transport session: another one when the sequence begins again and the other end knows nothing
    /// (RFC 7011 section 2).
    [[nodiscard]] virtual std::uint64_t session() const = 0;

    /// Do records wait while it is not ready? Else they are lost.
    [[nodiscard]] virtual bool waits() const { return true; }

    /// Is the other end to be reminded of the templates? (RFC 7011 section 8.4)
    [[nodiscard]] virtual bool forgetful() const { return false; }

    /// It is not ready, and templates would show whether the other end is there again.
    virtual bool wants_templates() { return false; }

    /// Where it is ready; or messages without data, where it wants templates.
    virtual Outcome send(const Messages& messages) = 0;

    virtual Result<void> reopen() { return {}; }

    /// Waits a while for the other end to have everything, and ends.
    virtual Result<void> finish() { return {}; }
};

/// Is there a hurry?
using Hurried = std::function<bool()>;

/// The host of a collector, which is called NAME, could not be looked up, and WHY.
Error not_found(const std::string& name, const std::string& why);

/// IPFIX files (RFC 5655). A regular file is made or appended to, where half a message at its end is cut off; one with
/// something else in it is an error.
Result<std::unique_ptr<Transport>> open_ipfix_file(const IpfixUrl& url);

/// The host is looked up when there is something to send, after reopen(), and while nobody takes messages there.
std::unique_ptr<Transport> open_ipfix_udp(const IpfixUrl& url, Hurried hurried);

/// The host is looked up for each connection. INTERVAL: the least time from one attempt to connect to the next (RFC
/// 7011 section 10.4.4). PROGRESSED is called whenever the other end has made room for more.
std::unique_ptr<Transport> open_ipfix_tcp(const IpfixUrl& url, std::chrono::milliseconds interval, Hurried hurried,
                                          std::function<void()> progressed);

} // namespace flowlabel
