# SPDX-License-Identifier: BSD-2-Clause
"""The network of most tests: client - ingress router - server, all with static addresses and neighbours.

    client  eth0 --- lan  router  wan --- eth0  server
    2001:db8:1::2        ::1    ::1        2001:db8:2::2

No host labels its packets by default, and only the test's packets have global addresses.
"""

CLIENT = "2001:db8:1::2"
ROUTER_LAN = "2001:db8:1::1"
ROUTER_WAN = "2001:db8:2::1"
SERVER = "2001:db8:2::2"

CLIENT4 = "10.11.1.2"
ROUTER_LAN4 = "10.11.1.1"
ROUTER_WAN4 = "10.11.2.1"
SERVER4 = "10.11.2.2"


class Topology:
    """The client, router and server of a lab."""

    def __init__(self, lab):
        self.lab = lab
        self.client = lab.namespace("client")
        self.router = lab.namespace("router")
        self.server = lab.namespace("server")
        lab.veth(self.client, "eth0", self.router, "lan")
        lab.veth(self.router, "wan", self.server, "eth0")
        self.client.address("eth0", CLIENT + "/64", CLIENT4 + "/24")
        self.router.address("lan", ROUTER_LAN + "/64", ROUTER_LAN4 + "/24")
        self.router.address("wan", ROUTER_WAN + "/64", ROUTER_WAN4 + "/24")
        self.server.address("eth0", SERVER + "/64", SERVER4 + "/24")
        for host, gateway, gateway4 in ((self.client, ROUTER_LAN, ROUTER_LAN4), (self.server, ROUTER_WAN, ROUTER_WAN4)):
            host.ip("-6", "route", "add", "default", "via", gateway)
            host.ip("route", "add", "default", "via", gateway4)
        self.router.sysctl("net.ipv6.conf.all.forwarding", 1)
        self.router.sysctl("net.ipv4.ip_forward", 1)
        for host in (self.client, self.router, self.server):
            host.sysctl("net.ipv6.auto_flowlabels", 0)
        permanent_neighbours(self.client, "eth0", CLIENT, self.router, "lan", ROUTER_LAN)
        permanent_neighbours(self.router, "wan", ROUTER_WAN, self.server, "eth0", SERVER)

    def segment_everywhere(self):
        """Makes every packet cross every device as one frame, with the checksums that it has on the wire."""
        for host, interface in ((self.client, "eth0"), (self.router, "lan"), (self.router, "wan"),
                                (self.server, "eth0")):
            host.ethtool(interface, tx="off", tso="off", gso="off", gro="off")


def permanent_neighbours(one, one_interface, one_address, other, other_interface, other_address):
    """Adds permanent neighbour entries to two hosts, so that no neighbour discovery is needed."""
    for host, interface, peer, peer_interface, address in ((one, one_interface, other, other_interface, other_address),
                                                           (other, other_interface, one, one_interface, one_address)):
        mac = ":".join(f"{octet:02x}" for octet in peer.mac(peer_interface))
        host.ip("neighbour", "replace", address, "lladdr", mac, "dev", interface, "nud", "permanent")
