# SPDX-License-Identifier: BSD-2-Clause
"""The rate of records into a ClickHouse server. It can be measured only while no other program uses the CPUs. The test
is in a file of its own, so that its being skipped does not hide the results of others.

FLOWLABEL_CLICKHOUSE_SECONDS is how many seconds it runs (default: 5).
"""

import os
import resource
import time

import pytest

from kernel import eventually
from test_clickhouse import assert_whole, needs_server, router, server  # noqa: F401

SECONDS = float(os.environ.get("FLOWLABEL_CLICKHOUSE_SECONDS", "5"))
RATE = 200_000
MOST_OF_OTHERS = 0.05  # share of all CPUs


def cpu_seconds(pid):
    """The user and system time of a process so far, in seconds."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Others:
    """The CPU time of everything but PIDS, this process and its children: other programs, and other machines on the
    same CPUs."""

    def __init__(self, *pids):
        self._pids = pids
        self._began = time.monotonic(), self._spent()

    def _spent(self):
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
        ours = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return ((user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK") - sum(map(cpu_seconds, self._pids))
                - sum(usage.ru_utime + usage.ru_stime for usage in ours))

    def share(self):
        """Their share of all CPUs since this object was created."""
        began, spent = self._began
        return (self._spent() - spent) / (time.monotonic() - began) / os.cpu_count()


def test_two_hundred_thousand_records_a_second(router, server):  # noqa: F811
    """200,000 records per second into one server, sustained, none lost, with the collector's share of a core. That
    needs the CPUs: if other programs use them, the test says so and checks only that every record that was not lost has
    arrived."""
    collector = router.collector(server.url, "--max-flows", 1_000_000, linger="1s").reads()
    others = Others(collector.pid, server.pid)
    begin, busy = time.monotonic(), cpu_seconds(collector.pid)
    for count in range(max(1, round(SECONDS * 5))):
        time.sleep(max(0.0, begin + count / 5 - time.monotonic()))
        router.generate(RATE // 5)
    made = time.monotonic() - begin
    share = (cpu_seconds(collector.pid) - busy) / made
    eventually(lambda: router.entry()["collected"]["pending"]["packets"] == 0)
    took = time.monotonic() - begin
    taken = others.share()
    collector.stop().ok()
    records = server.number("SELECT count() FROM flowlabel.records")
    lost = router.entry()["totals"]["lost"]
    print(f"{records:,} records in {made:.1f} s with {share:.2f} of a core, all there after {took:.1f} s; others had "
          f"{taken:.0%} of the CPUs")
    assert server.totals() == {unit: router.sent[unit] - lost[unit] for unit in lost}
    assert_whole(server)
    if taken > MOST_OF_OTHERS:
        pytest.skip(f"others had {taken:.0%} of the CPUs: the rate is that of a machine that does nothing else")
    assert lost["packets"] == 0
    assert records > 0.99 * RATE * SECONDS and made < 1.1 * SECONDS and took < made + 4
