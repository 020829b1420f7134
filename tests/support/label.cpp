// SPDX-License-Identifier: BSD-2-Clause
#include "label.hpp"

#include <bit>

namespace flowlabel::test {

namespace {

std::uint64_t little_endian(std::span<const std::uint8_t> octets)
{
    std::uint64_t number = 0;

    for (std::size_t i = octets.size(); i-- > 0;)
        number = number * 256 + octets[i];
    return number;
}

/// Figure 2.1 of the paper.
void round(std::array<std::uint64_t, 4>& v)
{
    const auto half = [&v](int a, int b, int left_b, int c, int d, int left_d) {
        v[a] += v[b];
        v[c] += v[d];
        v[b] = std::rotl(v[b], left_b) ^ v[a];
        v[d] = std::rotl(v[d], left_d) ^ v[c];
        v[a] = std::rotl(v[a], 32);
    };

    half(0, 1, 13, 2, 3, 16);
    half(2, 1, 17, 0, 3, 21);
}

} // namespace

std::uint64_t siphash(const LabelKey& key, std::span<const std::uint8_t> input, SipRounds rounds)
{
    constexpr char constant[] = "somepseudorandomlygeneratedbytes";
    const std::uint64_t k[2] = {little_endian({key.data(), 8}), little_endian({key.data() + 8, 8})};
    std::array<std::uint64_t, 4> v{};

    for (int i = 0; i < 4; i++) { // the constant is read big-endian
        for (int j = 0; j < 8; j++)
            v[i] = v[i] << 8 | static_cast<std::uint8_t>(constant[i * 8 + j]);
        v[i] ^= k[i % 2];
    }
    Octets padded(input.begin(), input.end());
    padded.resize(input.size() / 8 * 8 + 7);
    padded.push_back(static_cast<std::uint8_t>(input.size()));
    for (std::size_t at = 0; at < padded.size(); at += 8) {
        const std::uint64_t word = little_endian(std::span(padded).subspan(at, 8));

        v[3] ^= word;
        for (int i = 0; i < rounds.compression; i++)
            round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xFF;
    for (int i = 0; i < rounds.finalization; i++)
        round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

Octets flow_id(const Ip& src, const Ip& dst, const std::optional<UpperLayer>& upper_layer)
{
    Octets id(src.octets.begin(), src.octets.end());

    id.insert(id.end(), dst.octets.begin(), dst.octets.end());
    if (upper_layer) {
        id.push_back(upper_layer->protocol);
        for (const std::uint16_t port : {upper_layer->source, upper_layer->destination}) {
            id.push_back(static_cast<std::uint8_t>(port >> 8));
            id.push_back(static_cast<std::uint8_t>(port));
        }
    }
    return id;
}

std::uint32_t label_of(const LabelKey& key, std::span<const std::uint8_t> flow_id, SipRounds rounds)
{
    using Wide = unsigned __int128;

    // Scale 44 bits of the hash to 1..0xFFFFF.
    const Wide scaled = Wide{siphash(key, flow_id, rounds) >> 20} * 0xFFFFF;
    return static_cast<std::uint32_t>(1 + scaled / (Wide{1} << 44));
}

} // namespace flowlabel::test
