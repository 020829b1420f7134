// SPDX-License-Identifier: BSD-2-Clause
#include "replay/compression.hpp"

#include <algorithm>
#include <string_view>

namespace flowlabel {

namespace {

using namespace std::string_view_literals;

struct Magic {
    std::string_view start;
    Compression compression;
};

constexpr Magic magics[] = {
    {"\x28\xB5\x2F\xFD"sv, {.name = "zstd", .command = "zstd -dc"}},
    {"\xFD\x37zXZ\0"sv, {.name = "xz", .command = "xz -dc"}},
    {"BZh"sv, {.name = "bzip2", .command = "bzip2 -dc"}},
    {"\x04\x22\x4D\x18"sv, {.name = "lz4", .command = "lz4 -dc"}},
    {"LZIP"sv, {.name = "lzip", .command = "lzip -dc"}},
    {"\x1F\x9D"sv, {.name = "compress", .command = "gzip -dc"}},
    {"\x1F\x8B"sv, {.name = "gzip twice", .command = "gzip -dc"}}, // one layer has been decompressed
    {"PK\3\4"sv, {.name = "zip", .command = "unzip -p"}},
};

bool begins_with(std::span<const std::uint8_t> bytes, std::string_view start)
{
    return bytes.size() >= start.size() && std::equal(start.begin(), start.end(), bytes.begin(),
                                                      [](char a, auto b) { return static_cast<std::uint8_t>(a) == b; });
}

} // namespace

std::optional<Compression> compression_of(std::span<const std::uint8_t> start)
{
    for (const Magic& magic : magics)
        if (begins_with(start, magic.start))
            return magic.compression;
    return std::nullopt;
}

} // namespace flowlabel
