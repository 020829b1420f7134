// SPDX-License-Identifier: BSD-2-Clause
// Leases: get, put and renew in the order of the kernel's own test, and who may share what.
#include <chrono>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "own_namespace.hpp"
#include "packet.hpp"

namespace flowlabel::test {
namespace {

using Clock = std::chrono::steady_clock;

const Address somewhere{Ip("fd00::1").octets};

class Leases : public OwnNamespace {
protected:
    static Result<Lease> get(const Fd& socket, std::uint32_t label, LabelShare share = LabelShare::any,
                             bool create = true)
    {
        return Lease::get(socket.get(), {.destination = somewhere, .label = label, .share = share, .create = create});
    }

    /// Leases LABEL for as long as the socket lives, as a program does that never gives its lease back.
    static bool take(const Fd& socket, std::uint32_t label, LabelShare share = LabelShare::any, bool create = true)
    {
        auto lease = get(socket, label, share, create);

        if (lease)
            lease->abandon();
        return lease.has_value();
    }
};

// LNX-2
TEST_F(Leases, TheKernelPicksRandomLabelsThatNobodyHas)
{
    const Fd socket = udp_socket();
    std::set<std::uint32_t> labels;
    std::vector<Lease> leases;

    for (int i = 0; i < 100; i++) {
        auto lease = get(socket, 0);

        ASSERT_TRUE(lease) << lease.error().what;
        EXPECT_NE(lease->label(), 0u);
        EXPECT_LE(lease->label(), 0xFFFFFu);
        labels.insert(lease->label());
        leases.push_back(std::move(*lease));
    }
    EXPECT_EQ(labels.size(), 100u);
}

// LNX-3, LNX-4, LNX-5, LNX-6: what tools/testing/selftests/net/ipv6_flowlabel_mgr.c does.
TEST_F(Leases, AreCountedAndGivenBackOnce)
{
    const Fd socket = udp_socket();

    EXPECT_FALSE(take(socket, 1, LabelShare::any, false)) << "it is not leased";
    EXPECT_FALSE(put_label(socket.get(), 1));
    EXPECT_TRUE(take(socket, 1));
    EXPECT_TRUE(take(socket, 1, LabelShare::any, false));
    EXPECT_TRUE(take(socket, 1));
    EXPECT_FALSE(Lease::get(socket.get(), {.destination = somewhere, .label = 1, .only_new = true}));
    EXPECT_TRUE(put_label(socket.get(), 1));
    EXPECT_TRUE(put_label(socket.get(), 1));
    EXPECT_TRUE(put_label(socket.get(), 1));
    EXPECT_TRUE(says(put_label(socket.get(), 1), {"0x00001", "no lease"}));
}

TEST_F(Leases, EndWithTheirOwner)
{
    const Fd socket = udp_socket();

    {
        auto lease = get(socket, 5);

        ASSERT_TRUE(lease);
        EXPECT_EQ(lease->label(), 5u);
        const Lease moved = std::move(*lease); // still one reference
    }
    EXPECT_FALSE(put_label(socket.get(), 5)) << "it was given back";
    auto lease = get(socket, 5);

    ASSERT_TRUE(lease);
    EXPECT_TRUE(lease->put());
    EXPECT_FALSE(put_label(socket.get(), 5));
}

TEST_F(Leases, AssignedOnesChangePlaces)
{
    const Fd socket = udp_socket();

    {
        auto first = get(socket, 5);
        auto second = get(socket, 6);

        ASSERT_TRUE(first && second);
        *first = std::move(*second);
        EXPECT_EQ(first->label(), 6u);
    }
    EXPECT_FALSE(put_label(socket.get(), 5));
    EXPECT_FALSE(put_label(socket.get(), 6));
}

// LNX-5
TEST_F(Leases, ExclusiveOnesAreNobodyElses)
{
    const Fd socket = udp_socket();

    EXPECT_TRUE(take(socket, 2, LabelShare::exclusive));
    EXPECT_FALSE(take(socket, 2, LabelShare::any));
    EXPECT_FALSE(take(socket, 2, LabelShare::exclusive));
    EXPECT_TRUE(put_label(socket.get(), 2));
}

// LNX-5
TEST_F(Leases, OfAUserAreTheUsersInEachProcess)
{
    const Fd socket = udp_socket();

    ASSERT_TRUE(take(socket, 3, LabelShare::user));
    EXPECT_FALSE(take(socket, 3, LabelShare::any, false));
    EXPECT_FALSE(take(socket, 3, LabelShare::exclusive, false));
    EXPECT_TRUE(take(socket, 3, LabelShare::user, false));
    EXPECT_TRUE(in_child([&] { return take(socket, 3, LabelShare::user, false); }));
    EXPECT_TRUE(in_child([&] { return !take(socket, 3, LabelShare::user, false); }, nobody));
}

// LNX-5
TEST_F(Leases, OfAProcessAreNotItsChildrens)
{
    const Fd socket = udp_socket();

    ASSERT_TRUE(take(socket, 4, LabelShare::process));
    EXPECT_TRUE(take(socket, 4, LabelShare::process, false));
    EXPECT_TRUE(in_child([&] { return !take(socket, 4, LabelShare::process, false); }));
}

/// (linger, expires) of LABEL in /proc/net/ip6_flowlabel.
std::optional<std::pair<long, long>> times_of(std::uint32_t label)
{
    std::ifstream file("/proc/thread-self/net/ip6_flowlabel");
    std::string line;

    while (std::getline(file, line)) {
        std::istringstream fields(line);
        std::uint32_t number = 0;
        long share = 0;
        long owner = 0;
        long users = 0;
        long linger = 0;
        long expires = 0;

        if (fields >> std::hex >> number >> std::dec >> share >> owner >> users >> linger >> expires && number == label)
            return std::pair(linger, expires);
    }
    return std::nullopt;
}

// LNX-6
TEST_F(Leases, RenewalsExtendAndNeverShorten)
{
    const Fd socket = udp_socket();
    const auto taken = Clock::now();
    const auto lease =
        Lease::get(socket.get(),
                   {.destination = somewhere, .label = 9, .share = LabelShare::exclusive, .expires = 40, .linger = 20});

    ASSERT_TRUE(lease);
    ASSERT_TRUE(times_of(9));
    EXPECT_EQ(times_of(9)->first, 20);
    EXPECT_TRUE(is_left(times_of(9)->second, 40, taken));
    ASSERT_TRUE(lease->renew(10, 10));
    EXPECT_EQ(times_of(9)->first, 20);
    EXPECT_TRUE(is_left(times_of(9)->second, 40, taken));
    const auto renewed = Clock::now();

    ASSERT_TRUE(lease->renew(100, 50));
    EXPECT_EQ(times_of(9)->first, 50);
    EXPECT_TRUE(is_left(times_of(9)->second, 100, renewed));
}

// LNX-7: the minimum that the kernel sets.
TEST_F(Leases, LastSixSecondsAtLeast)
{
    const Fd socket = udp_socket();

    ASSERT_TRUE(take(socket, 10));
    EXPECT_EQ(times_of(10)->first, shortest_lease);
}

// LNX-6
TEST_F(Leases, OfOthersAreRenewedByThosePrivilegedToDoSo)
{
    const Fd owner = udp_socket();
    const Fd other = udp_socket();

    EXPECT_TRUE(says(renew_label(other.get(), 11, 30, 30), {"0x0000b", "no lease"}));
    ASSERT_TRUE(take(owner, 11, LabelShare::exclusive));
    EXPECT_TRUE(renew_label(other.get(), 11, 30, 30));
    EXPECT_EQ(times_of(11)->first, 30);
    EXPECT_TRUE(in_child([&] { return says(renew_label(other.get(), 11, 30, 30), {"CAP_NET_ADMIN"}); }, nobody));
}

// LNX-7
TEST_F(Leases, StayTakenUntilTheyHaveLingered)
{
    using namespace std::chrono;
    const Fd socket = udp_socket();

    ASSERT_TRUE(take(socket, 12, LabelShare::exclusive));
    ASSERT_TRUE(put_label(socket.get(), 12));
    const auto start = steady_clock::now();

    EXPECT_FALSE(take(socket, 12));
    // A refused attempt counts as a use and extends the time, so this reads the list of leases instead.
    while (times_of(12)) {
        ASSERT_LT(steady_clock::now() - start, seconds(30));
        std::this_thread::sleep_for(milliseconds(100));
    }
    EXPECT_GE(steady_clock::now() - start, seconds(5));
    EXPECT_TRUE(take(socket, 12));
}

} // namespace
} // namespace flowlabel::test
