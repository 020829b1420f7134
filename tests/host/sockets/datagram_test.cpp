// SPDX-License-Identifier: BSD-2-Clause
// Labels of datagrams, sent and received (LNX-1, LNX-11 to LNX-14, LNX-16).
#include <netinet/in.h>
#include <sys/socket.h>

#include "own_namespace.hpp"
#include "packet.hpp"

namespace flowlabel::test {
namespace {

class Datagrams : public OwnNamespace {
protected:
    void SetUp() override
    {
        OwnNamespace::SetUp();
        sender_ = udp_socket();
        receiver_ = udp_socket();
        ASSERT_TRUE(bind_endpoint(receiver_.get(), {.address = loopback}));
        to_ = *local_endpoint(receiver_.get());
        ASSERT_TRUE(receive_labels(receiver_.get(), true));
    }

    /// The datagram that the receiver got, without its payload.
    Datagram receive() const
    {
        std::uint8_t buffer[64];
        const auto datagram = receive_datagram(receiver_.get(), buffer);

        EXPECT_TRUE(datagram && *datagram);
        return **datagram;
    }

    const Address loopback{Ip("::1").octets};
    const std::uint8_t payload_[5] = {1, 2, 3, 4, 5};
    Fd sender_;
    Fd receiver_;
    Endpoint to_;
};

// LNX-12, LNX-13
TEST_F(Datagrams, CarryLabelsByAddressAndByAncillaryData)
{
    ASSERT_TRUE(send_datagram(sender_.get(), to_, payload_, 77));
    EXPECT_EQ(receive().label, 0u) << "IPV6_FLOWINFO_SEND was not set";
    ASSERT_TRUE(send_datagram(sender_.get(), to_, payload_, 78, LabelBy::ancillary));
    EXPECT_EQ(receive().label, 78u);
    ASSERT_TRUE(send_labels(sender_.get(), true));
    ASSERT_TRUE(send_datagram(sender_.get(), to_, payload_, 0xFFFFF));
    const Datagram datagram = receive();

    EXPECT_EQ(datagram.label, 0xFFFFFu);
    EXPECT_EQ(datagram.traffic_class, 0);
    EXPECT_EQ(datagram.octets, sizeof(payload_));
    EXPECT_EQ(datagram.from, (Endpoint{.address = loopback, .port = local_endpoint(sender_.get())->port}));
}

// LNX-12
TEST_F(Datagrams, TellTheTrafficClassApartFromTheLabel)
{
    const int traffic_class = 0xB9;

    ASSERT_EQ(setsockopt(sender_.get(), IPPROTO_IPV6, IPV6_TCLASS, &traffic_class, sizeof(traffic_class)), 0);
    ASSERT_TRUE(send_datagram(sender_.get(), to_, payload_, 0));
    Datagram datagram = receive();
    EXPECT_EQ(datagram.label, 0u);
    EXPECT_EQ(datagram.traffic_class, 0xB9);
    ASSERT_TRUE(send_labels(sender_.get(), true));
    ASSERT_TRUE(send_datagram(sender_.get(), to_, payload_, 0x12345));
    datagram = receive();
    EXPECT_EQ(datagram.label, 0x12345u);
    EXPECT_EQ(datagram.traffic_class, 0xB9);
}

// LNX-12
TEST_F(Datagrams, HaveNoLabelForWhoDoesNotAsk)
{
    ASSERT_TRUE(receive_labels(receiver_.get(), false));
    ASSERT_TRUE(send_datagram(sender_.get(), to_, payload_, 78, LabelBy::ancillary));
    EXPECT_EQ(receive().label, 0u);
}

// LNX-1, LNX-11
TEST_F(Datagrams, OfAConnectedSocketCarryItsLease)
{
    const auto taken = std::chrono::steady_clock::now();
    const auto lease = Lease::get(
        sender_.get(), {.destination = loopback, .label = 255, .share = LabelShare::user, .expires = 30, .linger = 10});

    ASSERT_TRUE(lease);
    EXPECT_FALSE(*current_lease(sender_.get())) << "the socket does not use it yet";
    ASSERT_TRUE(send_labels(sender_.get(), true));
    ASSERT_TRUE(connect_labelled(sender_.get(), to_, 255));
    ASSERT_EQ(send(sender_.get(), payload_, sizeof(payload_), 0), static_cast<ssize_t>(sizeof(payload_)));
    EXPECT_EQ(receive().label, 255u);
    const auto state = current_lease(sender_.get());

    ASSERT_TRUE(state && *state);
    EXPECT_EQ((*state)->label, 255u);
    EXPECT_EQ((*state)->destination, loopback);
    EXPECT_EQ((*state)->share, LabelShare::user);
    EXPECT_TRUE(is_left((*state)->expires, 30, taken));
    EXPECT_EQ((*state)->linger, 10);
}

// LNX-16
TEST_F(Datagrams, OfAConnectedSocketMayChangeTheirLabel)
{
    ASSERT_TRUE(send_labels(sender_.get(), true));
    ASSERT_TRUE(connect_labelled(sender_.get(), to_, 255));
    for (const std::uint32_t label : {255, 254, 0}) {
        ASSERT_TRUE(send_datagram(sender_.get(), to_, payload_, label));
        EXPECT_EQ(receive().label, label);
    }
}

// LNX-21
TEST_F(Datagrams, AreLabelledByTheKernelAsTheSysctlSays)
{
    struct {
        int sysctl;
        bool by_default, wanted, unwanted;
    } constexpr cases[] = {
        {0, false, false, false}, {1, true, true, false}, {2, false, true, false}, {3, true, true, true}};
    const auto labelled = [&](const Fd& socket) {
        EXPECT_TRUE(send_datagram(socket.get(), to_, payload_, 0));
        return receive().label != 0;
    };

    for (const auto& expected : cases) {
        sysctl("auto_flowlabels", expected.sysctl);
        const Fd socket = udp_socket();

        EXPECT_EQ(labelled(socket), expected.by_default) << expected.sysctl;
        ASSERT_TRUE(automatic_labels(socket.get(), true));
        EXPECT_EQ(labelled(socket), expected.wanted) << expected.sysctl;
        ASSERT_TRUE(automatic_labels(socket.get(), false));
        EXPECT_EQ(labelled(socket), expected.unwanted) << expected.sysctl;
    }
}

// LNX-14
TEST_F(Datagrams, ComeBackWithTheirLabel)
{
    ASSERT_TRUE(receive_labels(sender_.get(), true));
    ASSERT_TRUE(send_labels(receiver_.get(), true));
    for (const LabelBy by : {LabelBy::address, LabelBy::ancillary}) {
        std::uint8_t buffer[64];

        ASSERT_TRUE(send_datagram(sender_.get(), to_, payload_, 0xABCDE, LabelBy::ancillary));
        const Datagram request = receive();
        ASSERT_TRUE(send_datagram(receiver_.get(), request.from, payload_, request.label, by));
        const auto answer = receive_datagram(sender_.get(), buffer);

        ASSERT_TRUE(answer && *answer);
        EXPECT_EQ((*answer)->label, 0xABCDEu);
    }
}

} // namespace
} // namespace flowlabel::test
