# SPDX-License-Identifier: BSD-2-Clause
"""Validates the output of flowlabel against docs/schema.

    schema.document(text)                      # a document, which names its schema
    schema.lines(text.splitlines(), "record")  # JSON lines, which name none

With FLOWLABEL_SCHEMA=off they only parse: the emulated machines have no jsonschema, and run the same program.
"""

import functools
import json
import os
import pathlib

DIRECTORY = pathlib.Path(__file__).resolve().parents[2] / "docs/schema"
MOST = 50  # flows or lines: to validate a million takes minutes, and the same code writes all of them


@functools.cache
def validator(name):
    """The validator for docs/schema/NAME.json. References between the files are relative to the directory."""
    import jsonschema

    schemas = {path.name: json.loads(path.read_text()) for path in DIRECTORY.glob("*.json")}
    store = {(DIRECTORY / file).as_uri(): schema for file, schema in schemas.items()}
    schema = schemas[f"{name}.json"]
    resolver = jsonschema.RefResolver((DIRECTORY / f"{name}.json").as_uri(), schema, store=store)
    return jsonschema.Draft202012Validator(schema, resolver=resolver)


def validate(name, value):
    """Fails where VALUE differs from docs/schema/NAME.json, and shows where."""
    if os.environ.get("FLOWLABEL_SCHEMA") != "off":
        validator(name).validate(value)


def document(text):
    """Parses TEXT and validates it. The error shows where it differs from its schema."""
    whole = json.loads(text)
    name, version = whole["schema"].removeprefix("flowlabel.").split("/")
    assert version == "1"
    shown = whole | {"flows": whole["flows"][:MOST]} if "flows" in whole else whole
    validate(name, shown)
    return whole


def lines(texts, name):
    """Parses the lines TEXTS and validates each object against the schema NAME."""
    objects = [json.loads(text) for text in texts]
    for one in objects[:MOST]:
        validate(name, one)
    return objects
