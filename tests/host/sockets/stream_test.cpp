// SPDX-License-Identifier: BSD-2-Clause
// Labels of TCP connections (LNX-1, LNX-9, LNX-10, LNX-15).
#include <sys/socket.h>

#include "own_namespace.hpp"
#include "packet.hpp"

namespace flowlabel::test {
namespace {

class Streams : public OwnNamespace {
protected:
    void SetUp() override
    {
        OwnNamespace::SetUp();
        listener_ = tcp_socket();
        client_ = tcp_socket();
        ASSERT_EQ(listen(listener_.get(), 1), 0); // the kernel chooses a port
        port_ = local_endpoint(listener_.get())->port;
        ASSERT_TRUE(keep_syns(listener_.get()));
        ASSERT_TRUE(receive_labels(listener_.get(), true));
    }

    /// Leases LABEL as a program does, and connects the client with it.
    Fd connect(std::uint32_t label)
    {
        auto lease = Lease::get(client_.get(), {.destination = loopback, .label = label});

        EXPECT_TRUE(lease);
        lease->abandon();
        EXPECT_TRUE(send_labels(client_.get(), true));
        EXPECT_TRUE(receive_labels(client_.get(), true));
        EXPECT_TRUE(connect_labelled(client_.get(), {.address = loopback, .port = port_}, label));
        return Fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }

    /// Sends one byte FROM one socket TO the other. Returns its label.
    static std::uint32_t label_of_an_octet(const Fd& from, const Fd& to)
    {
        char octet = 1;

        EXPECT_EQ(send(from.get(), &octet, 1, 0), 1);
        EXPECT_EQ(recv(to.get(), &octet, 1, 0), 1);
        return remote_label(to.get()).value();
    }

    const Address loopback{Ip("::1").octets};
    Fd listener_;
    Fd client_;
    std::uint16_t port_ = 0;
};

// LNX-1, LNX-10
TEST_F(Streams, TheServerReadsTheClientsLabel)
{
    const Fd server = connect(7);

    EXPECT_EQ(remote_label(server.get()), 7u);
    EXPECT_EQ(syn_label(server.get()), 7u);
    EXPECT_EQ(label_of_an_octet(client_, server), 7u);
    EXPECT_EQ((*current_lease(client_.get()))->label, 7u);
    EXPECT_TRUE(says(syn_label(server.get()), {"SYN"})) << "the kernel returns the SYN only once";
}

TEST_F(Streams, WhoKeepsNoSynHasNoLabelOfIt)
{
    const Fd listener = tcp_socket();

    ASSERT_EQ(listen(listener.get(), 1), 0);
    ASSERT_TRUE(
        connect_labelled(client_.get(), {.address = loopback, .port = local_endpoint(listener.get())->port}, 0));
    const Fd server(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));

    EXPECT_TRUE(says(syn_label(server.get()), {"no SYN", "keep_syns"}));
}

// LNX-15
TEST_F(Streams, TheServersLabelIsNotTheClientsByItself)
{
    const Fd server = connect(7);

    EXPECT_EQ(label_of_an_octet(server, client_), 0u);
}

// LNX-9, LNX-15
TEST_F(Streams, AListenerThatReflectsAnswersWithTheClientsLabel)
{
    sysctl("flowlabel_consistency", 0);
    ASSERT_TRUE(reflect_labels(listener_.get(), true));
    const Fd server = connect(7);

    EXPECT_EQ(label_of_an_octet(server, client_), 7u);
    ASSERT_TRUE(reflect_labels(server.get(), false));
    EXPECT_EQ(label_of_an_octet(server, client_), 0u) << "LNX-9: without the option reflection ends";
}

// LNX-23
TEST_F(Streams, TheSysctlReflectsWithoutAnOption)
{
    sysctl("flowlabel_reflect", 1);
    const Fd listener = tcp_socket();

    ASSERT_EQ(listen(listener.get(), 1), 0);
    listener_ = Fd(dup(listener.get()));
    port_ = local_endpoint(listener.get())->port;
    const Fd server = connect(7);

    EXPECT_EQ(label_of_an_octet(server, client_), 7u);
}

TEST_F(Streams, ALeaseGivenBackIsNoLongerSent)
{
    const Fd server = connect(7);

    EXPECT_EQ(label_of_an_octet(client_, server), 7u);
    ASSERT_TRUE(put_label(client_.get(), 7));
    EXPECT_EQ(label_of_an_octet(client_, server), 0u);
}

} // namespace
} // namespace flowlabel::test
