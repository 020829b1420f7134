// SPDX-License-Identifier: BSD-2-Clause
/// Flow records, and what else a collector wants to know, as IPFIX messages (RFC 7011), by libfixbuf.
///
/// Template ids mean the same in every observation domain: 256 and 257 are flows that came in and went out, 258 and 259
/// the names and network namespaces of such interfaces, 260 and 261 the reliability of the metering and of the
/// exporting process (RFC 7011 sections 4.2 and 4.3).
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

/// Octets of the headers, and of the smallest message that holds a flow.
constexpr std::size_t message_header = 16;
constexpr std::size_t set_header = 4;
constexpr std::size_t least_message = message_header + set_header + flow_octets;
constexpr std::size_t largest_message = 65535;

/// What a process did not handle, and when it began and went on doing so (ms since 1970 UTC; 0: it never did).
struct Reliability {
    std::uint64_t records = 0;
    Amount amount;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

class Encoder {
public:
    /// LARGEST: octets of a message, least_message to largest_message.
    static Result<Encoder> make(std::size_t largest);

    Encoder(Encoder&&) noexcept;
    Encoder& operator=(Encoder&&) noexcept;
    ~Encoder();

    /// What comes next is of the observation domain ID, which the caller knows as NUMBER.
    Result<void> begin(std::uint32_t id, std::size_t number);

    /// The templates of a domain that has flows of HOOK, in a message without data.
    Result<void> flow_templates(fl_hook hook);

    /// The template of exporting(), likewise.
    Result<void> exporting_template();

    /// The name of the interface, and its network namespace; cut where a message has no room for all of it.
    Result<void> interface_name(const ObservationPoint& point);

    /// What the domain's metering process ignored: packets that were counted and are in no record. ID is the domain's.
    Result<void> metering(std::uint32_t id, const Reliability& ignored);

    /// What PROCESS, a number other than 0, did not export.
    Result<void> exporting(std::uint32_t process, const Reliability& not_sent);

    Result<void> flows(const ObservationPoint& point, std::span<const FlowRecord> records);

    /// Ends the message that is being made. From then on the messages are whole; their sequence numbers are the
    /// caller's to set, since records count that leave, not those that are encoded.
    Result<void> finish();

    [[nodiscard]] Messages& messages();

    struct State;

private:
    explicit Encoder(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace flowlabel
