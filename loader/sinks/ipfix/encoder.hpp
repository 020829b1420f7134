// SPDX-License-Identifier: BSD-2-Clause
/// Encodes flow records and options records as IPFIX messages (RFC 7011), with libfixbuf.
///
/// Template ids mean the same in every observation domain: 256 and 257 are ingress and egress flows, 258 and 259 the
/// names and network namespaces of ingress and egress interfaces, 260 and 261 the reliability of the metering and of
/// the exporting process (RFC 7011 sections 4.2 and 4.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "flow/record.hpp"
#include "flowlabel/counters.hpp"
#include "flowlabel/result.hpp"
#include "sinks/ipfix/flow_fields.hpp"
#include "sinks/ipfix/messages.hpp"

namespace flowlabel {

/// Bytes of the headers, and of the smallest message that holds a flow.
constexpr std::size_t message_header = 16;
constexpr std::size_t set_header = 4;
constexpr std::size_t min_message = message_header + set_header + flow_bytes;
constexpr std::size_t max_message = 65535;

/// What a process ignored or did not send, and when that happened first and last (ms since 1970 UTC; 0: never).
struct Reliability {
    std::uint64_t records = 0;
    Amount amount;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

class Encoder {
public:
    /// MAX_LENGTH: bytes of a message, min_message to max_message.
    static Result<Encoder> make(std::size_t max_length);

    Encoder(Encoder&&) noexcept;
    Encoder& operator=(Encoder&&) noexcept;
    ~Encoder();

    /// Selects the observation domain ID, whose number is NUMBER, for what follows.
    Result<void> begin(std::uint32_t id, std::size_t number);

    /// The templates of a domain that has flows of HOOK, in a message without data.
    Result<void> flow_templates(fl_hook hook);

    /// The template of exporting(), in a message without data.
    Result<void> exporting_template();

    /// The name of the interface, and its network namespace. Both are truncated to fit into a message.
    Result<void> interface_name(const ObservationPoint& point);

    /// What the metering process of the domain ID ignored: packets that were counted and are in no record.
    Result<void> metering(std::uint32_t id, const Reliability& ignored);

    /// What the exporting process did not send. PROCESS is a number other than 0.
    Result<void> exporting(std::uint32_t process, const Reliability& not_sent);

    Result<void> flows(const ObservationPoint& point, std::span<const FlowRecord> records);

    /// Completes the last message. The caller sets the sequence numbers of all messages: they count records that are
    /// sent, not records that are encoded.
    Result<void> finish();

    [[nodiscard]] Messages& messages();

    struct State;

private:
    explicit Encoder(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace flowlabel
