// SPDX-License-Identifier: BSD-2-Clause
#include "output/connection_text.hpp"

#include <fmt/format.h>
#include <netinet/in.h>

namespace flowlabel {

std::string protocol_name(std::uint8_t number)
{
    switch (number) {
    case IPPROTO_TCP:
        return "tcp";
    case IPPROTO_UDP:
        return "udp";
    case IPPROTO_FRAGMENT:
        return "frag";
    case IPPROTO_ICMPV6:
        return "icmp6";
    case IPPROTO_SCTP:
        return "sctp";
    default:
        return std::to_string(number);
    }
}

static std::string endpoint_text(const Address& address, bool has_port, std::uint16_t port)
{
    return has_port ? fmt::format("[{}]:{}", address.text(), port) : address.text();
}

std::string source_text(const Connection& connection)
{
    return endpoint_text(connection.src, connection.has_ports, connection.sport);
}

std::string destination_text(const Connection& connection)
{
    return endpoint_text(connection.dst, connection.has_ports, connection.dport);
}

} // namespace flowlabel
