# SPDX-License-Identifier: BSD-2-Clause
"""UDP at a high rate, with an exact count of the datagrams that arrive."""

import json
import threading
import time

from traffic import UdpSender

PORT = 9
_SEGMENT = 200
_SEGMENTS = 32
_RULES = """
table netdev sink {{
    counter arrived {{ }}
    chain drop_flood {{
        type filter hook ingress device "{interface}" priority 0
        udp dport {port} counter name arrived drop
    }}
}}
"""


class Sink:
    """Counts the datagrams of the flood where they arrive and drops them, so that no socket buffer overflows."""

    def __init__(self, namespace, interface):
        self._namespace = namespace
        namespace.run("nft", "-f", "-", input=_RULES.format(interface=interface, port=PORT))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._namespace.run("nft", "delete", "table", "netdev", "sink")

    def arrived(self):
        """The number of datagrams so far."""
        text = self._namespace.run("nft", "--json", "list", "counter", "netdev", "sink", "arrived").stdout
        (counter,) = [entry["counter"] for entry in json.loads(text)["nftables"] if "counter" in entry]
        return counter["packets"]


class Flood:
    """Sends datagrams from SOURCE in NAMESPACE to ADDRESS until the `with` block ends; `sent` is their number.

    The kernel segments the bytes of each call into many datagrams. After each call a pause leaves CPU time to the rest
    of the machine, so that no queue overflows.
    """

    def __init__(self, namespace, source, address, pause=0.0001):
        self.sent = 0
        self._address = address
        self._pause = pause
        self._sender = UdpSender(namespace, source)
        self._sender.segment(_SEGMENT)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._ending.set()
        self._thread.join()
        self._sender.__exit__()

    def _run(self):
        payload = bytes(_SEGMENT * _SEGMENTS)
        while not self._ending.is_set():
            self._sender.send(self._address, PORT, payload)
            self.sent += _SEGMENTS
            time.sleep(self._pause)
