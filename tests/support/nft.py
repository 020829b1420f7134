# SPDX-License-Identifier: BSD-2-Clause
"""Independent counts to compare with: a dynamic set of nftables with counters by source, destination and label."""

import json

_RULES = """
table netdev second_opinion {{
    set flows {{
        typeof ip6 saddr . ip6 daddr . ip6 flowlabel
        size 65535
        flags dynamic
        counter
    }}
    chain count {{
        type filter hook {hook} device "{interface}" priority 0
        update @flows {{ ip6 saddr . ip6 daddr . ip6 flowlabel }}
    }}
}}
"""


class FlowCounters:
    """Counts on INTERFACE. HOOK: ingress (after XDP and tc ingress) or egress (before tc egress).

    It counts skbs: compare only traffic without super-packets.
    """

    def __init__(self, namespace, interface, hook="ingress"):
        self._namespace = namespace
        # At egress the skb already has its Ethernet header, and nftables counts the whole skb.
        self._link_layer = 14 if hook == "egress" else 0
        namespace.run("nft", "-f", "-", input=_RULES.format(hook=hook, interface=interface))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._namespace.run("nft", "delete", "table", "netdev", "second_opinion")

    def flows(self):
        """{(source, destination, label): (packets, bytes)}"""
        text = self._namespace.run("nft", "--json", "list", "set", "netdev", "second_opinion", "flows").stdout
        counted = {}
        for entry in json.loads(text)["nftables"]:
            for element in entry.get("set", {}).get("elem", []):
                packets, octets = element["elem"]["counter"]["packets"], element["elem"]["counter"]["bytes"]
                counted[tuple(element["elem"]["val"]["concat"])] = packets, octets - packets * self._link_layer
        return counted
