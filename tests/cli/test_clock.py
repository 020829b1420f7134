# SPDX-License-Identifier: BSD-2-Clause
"""The collector on a machine whose clock is set: only for tools/vmtest, whose machines have clocks of their own."""

import datetime
import os
import time

import pytest

from collector import Collector, by_flow
from feed import Sender, cable
from kernel import eventually


@pytest.fixture
def link(lab):
    """v0 and w0, which carry only the test's packets."""
    made = lab.namespace("host")
    cable(made)
    return made


@pytest.mark.skipif(not os.environ.get("FLOWLABEL_OWN_CLOCK"), reason="sets the clock: tools/vmtest runs it")
def test_the_clock_is_set(lab, link, tmp_path):
    """The clock steps forward and back by an hour: flows end as if it had not, records have the time at which they are
    written, and no record begins after its end."""
    lab.flowlabel(link, "attach", "v0").ok()
    collector = Collector(lab, link, tmp_path / "records", "--idle", "2s").reads()
    with Sender(link) as sender:
        for number, step in enumerate((3600, -3600), 1):
            sent_at = time.monotonic()
            sender.send(label=number)
            time.sleep(0.5)
            sender.send(label=number)
            set_at = time.monotonic()
            time.clock_settime(time.CLOCK_REALTIME, time.time() + step)
            eventually(lambda count=number: len(collector.records()) == count)
            assert time.monotonic() - set_at > 1, "the flow must not end at once or an hour later"
            record = collector.records()[-1]
            first, last = (datetime.datetime.fromisoformat(record[name]).timestamp()
                           for name in ("first_seen", "last_seen"))
            assert 0.3 < last - first < set_at - sent_at + 1
            assert 1 < time.time() - last < time.monotonic() - sent_at + 1
        collector.stop().ok()
        assert by_flow(collector.records()) == sender.sent
