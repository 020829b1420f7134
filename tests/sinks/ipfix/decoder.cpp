// SPDX-License-Identifier: BSD-2-Clause
#include "decoder.hpp"

#include <stdexcept>

namespace flowlabel::test {

constexpr unsigned variable = 65535;

static void require(bool condition, const char* what)
{
    if (!condition)
        throw std::runtime_error(what);
}

/// Takes bytes from the front.
class Cursor {
public:
    explicit Cursor(std::span<const std::uint8_t> octets) : octets_(octets) {}

    std::span<const std::uint8_t> take(std::size_t count)
    {
        require(count <= octets_.size(), "something ends early");
        const auto taken = octets_.first(count);

        octets_ = octets_.subspan(count);
        return taken;
    }

    unsigned number(std::size_t count)
    {
        unsigned value = 0;

        for (const std::uint8_t octet : take(count))
            value = value << 8 | octet;
        return value;
    }

    [[nodiscard]] std::size_t left() const { return octets_.size(); }

private:
    std::span<const std::uint8_t> octets_;
};

std::uint64_t DecodedRecord::number(std::size_t field) const
{
    std::uint64_t value = 0;

    for (const char octet : values.at(field))
        value = value << 8 | static_cast<std::uint8_t>(octet);
    return value;
}

static std::map<unsigned, DecodedTemplate> take_templates(Cursor set, bool options)
{
    std::map<unsigned, DecodedTemplate> templates;

    while (set.left() >= 4) {
        const unsigned id = set.number(2);
        const unsigned count = set.number(2);
        DecodedTemplate made{.fields = {}, .scope = options ? set.number(2) : 0};

        require(id >= 256 && count > 0, "a template with a reserved id, or a withdrawal");
        require(!options || (made.scope > 0 && made.scope <= count), "an options template without a scope");
        for (unsigned i = 0; i < count; i++) {
            const unsigned element = set.number(2);

            require(element < 0x8000, "an enterprise's element");
            made.fields.emplace_back(element, set.number(2));
        }
        templates[id] = made;
    }
    require(set.left() == 0, "a set of templates with something after them");
    return templates;
}

static DecodedRecord take_record(Cursor& set, unsigned id, const DecodedTemplate& fields)
{
    DecodedRecord record{.template_id = id, .values = {}};

    for (const auto& [element, octets] : fields.fields) {
        std::size_t length = octets;

        if (octets == variable && (length = set.number(1)) == 255)
            length = set.number(2);
        const auto value = set.take(length);

        record.values.emplace_back(value.begin(), value.end());
    }
    return record;
}

DecodedMessage Decoder::decode(std::span<const std::uint8_t> octets)
{
    Cursor message(octets);
    DecodedMessage decoded{.length = octets.size()};

    require(message.number(2) == 10, "another version");
    require(message.number(2) == octets.size(), "a length that is not the message's");
    require(message.number(4) > 1'600'000'000, "an export time long ago");
    decoded.sequence = message.number(4);
    decoded.domain = message.number(4);
    while (message.left() > 0) {
        const unsigned id = message.number(2);
        const unsigned length = message.number(2);

        require(length >= 4, "a set without its header");
        Cursor set(message.take(length - 4));

        decoded.sets.push_back(id);
        if (id == 2 || id == 3) {
            for (const auto& [number, fields] : take_templates(set, id == 3)) {
                decoded.templates[number] = fields;
                known_[{decoded.domain, number}] = fields;
            }
            continue;
        }
        require(known_.contains({decoded.domain, id}), "data before its template");
        while (set.left() > 0)
            decoded.records.push_back(take_record(set, id, known_[{decoded.domain, id}]));
    }
    return decoded;
}

std::vector<DecodedMessage> Decoder::decode_all(std::span<const std::uint8_t> octets)
{
    std::vector<DecodedMessage> messages;

    while (!octets.empty()) {
        require(octets.size() >= 4, "half a header");
        const std::size_t length = std::size_t{octets[2]} << 8 | octets[3];

        require(length >= 16 && length <= octets.size(), "half a message");
        messages.push_back(decode(octets.first(length)));
        octets = octets.subspan(length);
    }
    return messages;
}

} // namespace flowlabel::test
