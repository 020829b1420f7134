// SPDX-License-Identifier: BSD-2-Clause
/// What the tests of whole sinks share: records to write, and what a collector makes of the messages.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "decoder.hpp"
#include "sinks/ipfix/ipfix_sink.hpp"

namespace flowlabel::test {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

inline const ObservationPoint first{.interface = "eth0", .ifindex = 2, .hook = FL_HOOK_XDP};
inline const ObservationPoint second{.interface = "eth0", .ifindex = 2, .hook = FL_HOOK_TC_EGRESS};

/// Makes records of flows whose labels count up from 1 within a test.
class Batches {
public:
    RecordBatch make(const ObservationPoint& point, std::size_t count);

private:
    std::uint32_t next_ = 1;
};

std::unique_ptr<IpfixSink> open(const std::string& url, const IpfixSettings& settings = {});

WriteResult write(IpfixSink& sink, const RecordBatch& batch);

std::vector<DecodedMessage> decode(Decoder& decoder, const std::vector<std::vector<std::uint8_t>>& datagrams);

/// The labels of all flows, in their order.
std::vector<std::uint64_t> labels(const std::vector<DecodedMessage>& messages);

std::vector<std::uint64_t> from_to(std::uint64_t from, std::uint64_t to);

/// IPFIX-2: the sequence number is the number of data records of the domain before the message.
void expect_sequences(const std::vector<DecodedMessage>& messages, std::map<std::uint32_t, std::uint32_t> counts = {});

std::size_t templates_in(const std::vector<DecodedMessage>& messages);

} // namespace flowlabel::test
