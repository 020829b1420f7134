// SPDX-License-Identifier: BSD-2-Clause
// A second implementation of RFC 7011, without libfixbuf: it reads messages, sets, templates and data records.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace flowlabel::test {

struct DecodedTemplate {
    std::vector<std::pair<unsigned, unsigned>> fields; // element, length in bytes (65535: variable)
    unsigned scope = 0;

    bool operator==(const DecodedTemplate&) const = default;
};

struct DecodedRecord {
    unsigned template_id = 0;
    std::vector<std::string> values; // bytes as they came, in the order of the template's fields

    [[nodiscard]] std::uint64_t number(std::size_t field) const;
};

struct DecodedMessage {
    std::size_t length = 0;
    std::uint32_t sequence = 0;
    std::uint32_t domain = 0;
    std::vector<unsigned> sets; // their ids
    std::map<unsigned, DecodedTemplate> templates;
    std::vector<DecodedRecord> records;
};

/// Remembers templates by domain. Throws std::runtime_error for a message that breaks the rules of the RFC.
class Decoder {
public:
    DecodedMessage decode(std::span<const std::uint8_t> octets);

    /// Messages, one after the other.
    std::vector<DecodedMessage> decode_all(std::span<const std::uint8_t> octets);

private:
    std::map<std::pair<std::uint32_t, unsigned>, DecodedTemplate> known_;
};

} // namespace flowlabel::test
