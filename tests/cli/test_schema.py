# SPDX-License-Identifier: BSD-2-Clause
"""The files of docs/schema. Wherever a test reads output of flowlabel, support/schema.py validates it against them."""

import json
import re

import jsonschema
import pytest

import schema
from test_usage import ROOT, run


def test_every_document_has_a_schema():
    """Each schema name in the sources has its file, and each file is a valid schema."""
    files = {path.stem: json.loads(path.read_text()) for path in schema.DIRECTORY.glob("*.json")}
    named = {name for path in (ROOT / "loader").rglob("*.cpp") for name in re.findall(r'"flowlabel\.(\w+)/1"', path.read_text())}
    assert named == files.keys() - {"common", "flow", "record", "watch_finding"} and len(named) > 3
    for content in files.values():
        assert content["$schema"].endswith("2020-12/schema") and content["title"]
        jsonschema.Draft202012Validator.check_schema(content)


def test_a_field_too_many_and_one_too_few(requirements):
    """A field that the schema does not name is an error, and so is a missing field."""
    text = run("host", "--json").ok().stdout
    document = schema.document(text)
    with pytest.raises(jsonschema.ValidationError, match="surprise"):
        schema.document(json.dumps(document | {"surprise": 1}))
    document.pop("verdicts")
    with pytest.raises(jsonschema.ValidationError, match="verdicts"):
        schema.document(json.dumps(document))


def test_json_lines():
    """A flow and a record have exactly the fields of their schemas."""
    record = {"src": "2001:db8::1", "dst": "2001:db8::2", "label": 5, "packets": 1, "bytes": 40,
              "first_seen": "2026-11-24T06:30:00.000Z", "last_seen": "2026-11-24T06:30:00.000Z", "stamped": False}
    where = {"end_reason": "idle", "interface": "v0", "ifindex": 2, "hook": "xdp", "netns": 4026531833}
    schema.lines([json.dumps(record)], "flow")
    schema.lines([json.dumps(record | where), json.dumps(record | where | {"netns_name": "blue"})], "record")
    for wrong, name in ((record | where, "flow"), (record, "record"), (record | where | {"more": 1}, "record"),
                        (record | {"label": 1 << 20}, "flow")):
        with pytest.raises(jsonschema.ValidationError):
            schema.lines([json.dumps(wrong)], name)
