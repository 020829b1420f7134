// SPDX-License-Identifier: BSD-2-Clause
#include "sink_helpers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace flowlabel::test {

RecordBatch Batches::make(const ObservationPoint& point, std::size_t count)
{
    RecordBatch batch{.point = point, .records = {}};

    for (; count > 0; count--)
        batch.records.push_back({.flow = {.label = next_++, .packets = 1, .octets = 40}, .reason = EndReason::idle});
    return batch;
}

std::unique_ptr<IpfixSink> open(const std::string& url, const IpfixSettings& settings)
{
    auto sink = IpfixSink::open(*parse_ipfix_url(url), settings, std::make_shared<CollectorWatch>());

    EXPECT_TRUE(sink) << sink.error().what;
    return std::move(*sink);
}

WriteResult write(IpfixSink& sink, const RecordBatch& batch)
{
    const RecordBatch* const batches[] = {&batch};

    return sink.write(batches);
}

std::vector<DecodedMessage> decode(Decoder& decoder, const std::vector<std::vector<std::uint8_t>>& datagrams)
{
    std::vector<DecodedMessage> messages;

    for (const auto& datagram : datagrams)
        messages.push_back(decoder.decode(datagram));
    return messages;
}

std::vector<std::uint64_t> labels(const std::vector<DecodedMessage>& messages)
{
    std::vector<std::uint64_t> all;

    for (const DecodedMessage& message : messages)
        for (const DecodedRecord& record : message.records)
            if (record.template_id == 256 || record.template_id == 257)
                all.push_back(record.number(6));
    return all;
}

std::vector<std::uint64_t> from_to(std::uint64_t from, std::uint64_t to)
{
    std::vector<std::uint64_t> all;

    for (; from <= to; from++)
        all.push_back(from);
    return all;
}

void expect_sequences(const std::vector<DecodedMessage>& messages, std::map<std::uint32_t, std::uint32_t> counts)
{
    for (const DecodedMessage& message : messages) {
        EXPECT_EQ(message.sequence, counts[message.domain]);
        counts[message.domain] += static_cast<std::uint32_t>(message.records.size());
    }
}

std::size_t templates_in(const std::vector<DecodedMessage>& messages)
{
    return static_cast<std::size_t>(
        std::ranges::count_if(messages, [](const DecodedMessage& message) { return !message.templates.empty(); }));
}

} // namespace flowlabel::test
