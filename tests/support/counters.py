# SPDX-License-Identifier: BSD-2-Clause
"""The names of the datapath's counters."""

import pathlib
import re

_PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "counters.md"
_ROW = re.compile(r"^\| `(\w+)` \| (\w+) \|", re.MULTILINE)


def counter_names(kind=None):
    """The names in the table of docs/counters.md, in its order: all of them, or those of KIND (outcome, stored or
    derived). A unit test compares the table with the list from which the programs are built."""
    return [name for name, its_kind in _ROW.findall(_PAGE.read_text()) if kind in (None, its_kind)]
