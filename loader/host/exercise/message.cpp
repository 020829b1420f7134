// SPDX-License-Identifier: BSD-2-Clause
#include "host/exercise/message.hpp"

#include <arpa/inet.h>
#include <endian.h>

#include <algorithm>
#include <cstring>

namespace flowlabel {

constexpr std::uint32_t request_magic = 0x464C5131; // "FLQ1"
constexpr std::uint32_t answer_magic = 0x464C4131;  // "FLA1"
constexpr std::uint32_t no_label = 0xFFFFFFFF;

struct WireMessage {
    std::uint32_t magic_be;
    std::uint32_t size_be;
    std::uint32_t sequence_be;
    std::uint32_t seen_be;
    std::uint64_t sent_be;
};
static_assert(sizeof(WireMessage) == message_header_size);

void write_message(std::span<std::uint8_t> buffer, const ExerciseMessage& message)
{
    const WireMessage wire{
        .magic_be = htonl(message.answer ? answer_magic : request_magic),
        .size_be = htonl(message.size),
        .sequence_be = htonl(message.sequence),
        .seen_be = htonl(message.seen.value_or(no_label)),
        .sent_be = htobe64(message.sent),
    };

    memcpy(buffer.data(), &wire, sizeof(wire));
}

bool may_be_message(std::span<const std::uint8_t> buffer)
{
    const auto starts_with = [&](std::uint32_t magic) {
        const std::uint32_t magic_be = htonl(magic);

        return memcmp(buffer.data(), &magic_be, std::min(buffer.size(), sizeof(magic_be))) == 0;
    };

    return buffer.empty() || starts_with(request_magic) || starts_with(answer_magic);
}

std::optional<ExerciseMessage> read_message(std::span<const std::uint8_t> buffer)
{
    WireMessage wire{};

    if (buffer.size() < sizeof(wire))
        return std::nullopt;
    memcpy(&wire, buffer.data(), sizeof(wire));
    const std::uint32_t magic = ntohl(wire.magic_be);
    ExerciseMessage message{
        .answer = magic == answer_magic,
        .size = ntohl(wire.size_be),
        .sequence = ntohl(wire.sequence_be),
        .sent = be64toh(wire.sent_be),
    };

    if (magic != request_magic && magic != answer_magic)
        return std::nullopt;
    if (message.size < message_header_size || message.size > max_message)
        return std::nullopt;
    if (ntohl(wire.seen_be) != no_label)
        message.seen = ntohl(wire.seen_be);
    return message;
}

} // namespace flowlabel
