// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "engine/native.h"
#include "label.hpp"

namespace flowlabel {
namespace {

/// Key 00 01 .. 0f, input 00 01 .. of LENGTH bytes: the vectors of the SipHash authors (2-4) and those of the Linux
/// kernel's siphash tests (1-3), at the lengths that a flow id can have.
struct Vector {
    std::size_t length;
    std::uint64_t siphash_2_4;
    std::uint64_t siphash_1_3;
};

constexpr Vector vectors[] = {
    {32, 0x7127512F72F27CCE, 0x81157B6C16A7B60D}, {33, 0xA7F32346F95978E3, 0x4D54B9E57A8FF9BF},
    {34, 0x12E0B01ABB051238, 0x759F12781F2A753E}, {35, 0x15E034D40FA197AE, 0xCEA1A3BEBF186B91},
    {36, 0x314DFFBE0815A3B4, 0x2CF508D3ADA26206}, {37, 0x027990F029623981, 0xB6101C2DA3C33057},
    {38, 0xCADCD4E59EF40C4D, 0xB3F47496AE3A36A1}, {39, 0x9ABFD8766A33735C, 0x626B57547B108392},
};

test::Octets counting(std::size_t size)
{
    test::Octets octets(size);

    std::iota(octets.begin(), octets.end(), std::uint8_t{0});
    return octets;
}

std::uint64_t datapath_siphash(const test::Octets& input, fl_prf prf)
{
    const __u64 key[2] = {0x0706050403020100, 0x0F0E0D0C0B0A0908};
    __u64 addresses[4];
    __u64 tail = static_cast<__u64>(input.size()) << 56;

    std::memcpy(addresses, input.data(), sizeof(addresses));
    for (std::size_t i = sizeof(addresses); i < input.size(); i++)
        tail |= static_cast<__u64>(input[i]) << 8 * (i - sizeof(addresses));
    return fl_native_siphash(key, addresses, addresses + 2, tail, prf);
}

TEST(SipHash, DatapathGivesThePublishedVectors)
{
    for (const Vector& vector : vectors) {
        EXPECT_EQ(datapath_siphash(counting(vector.length), FL_PRF_SIPHASH_2_4), vector.siphash_2_4) << vector.length;
        EXPECT_EQ(datapath_siphash(counting(vector.length), FL_PRF_SIPHASH_1_3), vector.siphash_1_3) << vector.length;
    }
}

TEST(SipHash, TheTestsOwnGivesThemToo)
{
    test::LabelKey key;

    std::iota(key.begin(), key.end(), std::uint8_t{0});
    for (const Vector& vector : vectors) {
        const test::Octets input = counting(vector.length);

        EXPECT_EQ(test::siphash(key, input), vector.siphash_2_4) << vector.length;
        EXPECT_EQ(test::siphash(key, input, {1, 3}), vector.siphash_1_3) << vector.length;
    }
    EXPECT_EQ(test::siphash(key, counting(15)), 0xA129CA6149BE45E5) << "the example of the paper's appendix A";
}

} // namespace
} // namespace flowlabel
