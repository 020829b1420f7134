// SPDX-License-Identifier: BSD-2-Clause
// Each test causes a refusal of the kernel. The error must say why, and what to do (LNX-3 to LNX-9).
#include "own_namespace.hpp"
#include "packet.hpp"

namespace flowlabel::test {
namespace {

const Address somewhere{Ip("fd00::1").octets};

class Refusals : public OwnNamespace {
protected:
    void SetUp() override
    {
        OwnNamespace::SetUp();
        socket_ = udp_socket();
    }

    Result<Lease> get(const LeaseRequest& request) const { return Lease::get(socket_.get(), request); }

    Fd socket_;
};

// LNX-3
TEST_F(Refusals, MoreThanTwentyBits)
{
    EXPECT_TRUE(says(get({.destination = somewhere, .label = 0x1FFFFF}), {"0x1fffff", "20 bits", "0xfffff"}));
}

// LNX-3, LNX-22
TEST_F(Refusals, LabelsLeftToAutomaticOnes)
{
    EXPECT_TRUE(get({.destination = somewhere, .label = 0x80001}));
    sysctl("flowlabel_state_ranges", 1);
    EXPECT_TRUE(
        says(get({.destination = somewhere, .label = 0x80001}), {"0x80001", "net.ipv6.flowlabel_state_ranges"}));
    EXPECT_TRUE(get({.destination = somewhere, .label = 0x7FFFF}));
}

// LNX-4
TEST_F(Refusals, AnUnknownLabel)
{
    EXPECT_TRUE(says(get({.destination = somewhere, .label = 1, .create = false}), {"is not leased", "0x00001"}));
    EXPECT_TRUE(says(get({.destination = somewhere, .create = false}), {"may create"}));
}

// LNX-5
TEST_F(Refusals, AKnownLabel)
{
    const auto lease = get({.destination = somewhere, .label = 1});

    ASSERT_TRUE(lease);
    EXPECT_TRUE(says(get({.destination = somewhere, .label = 1, .only_new = true}), {"0x00001", "already", "host"}));
}

// LNX-5
TEST_F(Refusals, AnotherShare)
{
    const auto any = get({.destination = somewhere, .label = 1});
    const auto exclusive = get({.destination = somewhere, .label = 2, .share = LabelShare::exclusive});
    const auto user = get({.destination = somewhere, .label = 3, .share = LabelShare::user});
    const auto process = get({.destination = somewhere, .label = 4, .share = LabelShare::process});

    ASSERT_TRUE(any && exclusive && user && process);
    EXPECT_TRUE(says(get({.destination = somewhere, .label = 2}), {"0x00002", "share than any", "flowlabel host"}));
    for (const std::uint32_t label : {1, 2, 3, 4})
        EXPECT_TRUE(says(get({.destination = somewhere, .label = label, .share = LabelShare::exclusive}),
                         {"cannot become exclusive", "flowlabel host"}));
    EXPECT_TRUE(in_child(
        [&] { return says(get({.destination = somewhere, .label = 3, .share = LabelShare::user}), {"another user"}); },
        nobody));
    EXPECT_TRUE(in_child([&] {
        return says(get({.destination = somewhere, .label = 4, .share = LabelShare::process}), {"another process"});
    }));
}

// LNX-8
TEST_F(Refusals, NoDestination)
{
    EXPECT_TRUE(says(get({.label = 1}), {"::", "destination"}));
    EXPECT_TRUE(says(get({.destination = {Ip("::ffff:192.0.2.1").octets}, .label = 1}), {"192.0.2.1", "IPv4"}));
}

// LNX-8
TEST_F(Refusals, AnUnknownShare)
{
    EXPECT_TRUE(says(get({.destination = somewhere, .label = 1, .share = static_cast<LabelShare>(7)}), {"mode 7"}));
}

// LNX-8
TEST_F(Refusals, TooLongWithoutPrivilege)
{
    const LeaseRequest lingers{.destination = somewhere, .label = 1, .linger = 151};
    const LeaseRequest expires{.destination = somewhere, .label = 1, .expires = 151};

    EXPECT_TRUE(in_child([&] { return says(get(lingers), {"150 s", "CAP_NET_ADMIN"}); }, nobody));
    EXPECT_TRUE(in_child([&] { return says(get(expires), {"150 s", "CAP_NET_ADMIN"}); }, nobody));
    EXPECT_TRUE(get(lingers));
    const auto lease = get({.destination = somewhere, .label = 2});

    ASSERT_TRUE(lease);
    EXPECT_TRUE(in_child([&] { return says(lease->renew(151, 0), {"150 s", "CAP_NET_ADMIN"}); }, nobody));
}

// LNX-8: the error of a user who may take long leases must not blame the length.
TEST_F(Refusals, TakenThoughItIsLong)
{
    const auto lease = get({.destination = somewhere, .label = 1, .share = LabelShare::exclusive});

    ASSERT_TRUE(lease);
    EXPECT_TRUE(
        says(get({.destination = somewhere, .label = 1, .expires = 200}), {"0x00001 is leased", "flowlabel host"}));
}

// LNX-8: without CAP_NET_ADMIN a socket may lease 32 labels at most, or fewer once the host has leased many
// (`mem_check()`).
TEST_F(Refusals, TooMany)
{
    const auto lease_many = [&] {
        std::vector<Lease> leases;

        for (std::uint32_t label = 1; label <= 40; label++) {
            auto lease = get({.destination = somewhere, .label = label});

            if (!lease)
                return leases.size() == 32 && says(lease, {"no room", "4096", "CAP_NET_ADMIN"});
            leases.push_back(std::move(*lease));
        }
        return false;
    };

    EXPECT_TRUE(in_child(lease_many, nobody));
}

// LNX-9
TEST_F(Refusals, Reflection)
{
    const Fd tcp = tcp_socket();

    sysctl("flowlabel_consistency", 1);
    EXPECT_TRUE(says(reflect_labels(tcp.get(), true), {"net.ipv6.flowlabel_consistency is 1", "flowlabel_reflect"}));
    sysctl("flowlabel_consistency", 0);
    EXPECT_TRUE(says(reflect_labels(socket_.get(), true), {"TCP"}));
    EXPECT_TRUE(says(reflect_labels(socket_.get(), false), {"TCP"}));
    EXPECT_TRUE(says(reflect_labels(tcp.get(), false), {"does not reflect"}));
    EXPECT_TRUE(reflect_labels(tcp.get(), true));
    EXPECT_TRUE(reflect_labels(tcp.get(), false));
    EXPECT_TRUE(says(reflect_labels(tcp.get(), false), {"does not reflect"}));
}

TEST_F(Refusals, WhatIsNoSocket)
{
    EXPECT_TRUE(says(Lease::get(-1, {.destination = somewhere, .label = 1}), {"Bad file descriptor"}));
    EXPECT_TRUE(says(put_label(-1, 1), {"Bad file descriptor"}));
    EXPECT_TRUE(says(renew_label(-1, 1, 0, 0), {"Bad file descriptor"}));
    EXPECT_TRUE(says(reflect_labels(-1, true), {"Bad file descriptor"}));
    EXPECT_TRUE(says(remote_label(-1), {"Bad file descriptor"}));
    EXPECT_TRUE(says(syn_label(-1), {"Bad file descriptor"}));
    EXPECT_TRUE(says(keep_syns(-1), {"Bad file descriptor"}));
    EXPECT_TRUE(says(current_lease(-1), {"Bad file descriptor"}));
    EXPECT_TRUE(says(send_labels(-1, true), {"Bad file descriptor"}));
    EXPECT_TRUE(says(receive_labels(-1, true), {"Bad file descriptor"}));
    EXPECT_TRUE(says(automatic_labels(-1, true), {"Bad file descriptor"}));
}

// LNX-14
TEST_F(Refusals, ALabelWithoutALeaseBesideAnExclusiveOne)
{
    const Endpoint to{.address = {Ip("::1").octets}, .port = 9};
    const std::uint8_t payload[] = {1};
    const Fd other = udp_socket();

    ASSERT_TRUE(send_labels(socket_.get(), true));
    EXPECT_TRUE(send_datagram(socket_.get(), to, payload, 20));
    EXPECT_TRUE(send_datagram(socket_.get(), to, payload, 20, LabelBy::ancillary));
    const auto exclusive =
        Lease::get(other.get(), {.destination = somewhere, .label = 21, .share = LabelShare::exclusive});

    ASSERT_TRUE(exclusive);
    EXPECT_TRUE(says(send_datagram(socket_.get(), to, payload, 20), {"0x00014", "exclusive", "lease the label"}));
    EXPECT_TRUE(says(send_datagram(socket_.get(), to, payload, 20, LabelBy::ancillary), {"0x00014", "exclusive"}));
    EXPECT_TRUE(says(connect_labelled(socket_.get(), to, 20), {"0x00014", "exclusive", "lease the label"}));
    EXPECT_TRUE(send_datagram(socket_.get(), to, payload, 0)) << "a datagram without a label is sent";
    const auto own = get({.destination = to.address, .label = 20});

    ASSERT_TRUE(own);
    EXPECT_TRUE(send_datagram(socket_.get(), to, payload, 20)) << "with a lease of its own it may use the label";
}

TEST_F(Refusals, NobodyThere)
{
    const Fd tcp = tcp_socket();

    EXPECT_TRUE(says(connect_labelled(tcp.get(), {.address = {Ip("::1").octets}, .port = 9}, 0),
                     {"no program listens on [::1]:9", "server"}));
    EXPECT_TRUE(says(connect_labelled(tcp.get(), {.address = somewhere, .port = 9}, 0), {"fd00::1 is unreachable"}));
}

} // namespace
} // namespace flowlabel::test
