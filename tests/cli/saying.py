# SPDX-License-Identifier: BSD-2-Clause
"""Assertions about errors and warnings of flowlabel."""

ERROR = "flowlabel: error: "
HINT = "flowlabel: hint: "
WARNING = "flowlabel: warning: "


def refused(result, status, *words):
    """Asserts that RESULT is an error in the documented form: exit STATUS, one line that says what is wrong and one
    that says what to do, nothing on stdout, and each of WORDS in one of the two lines."""
    result.expect(status)
    lines = result.stderr.splitlines()
    assert [line[:len(prefix)] for line, prefix in zip(lines, (ERROR, HINT))] == [ERROR, HINT], result
    assert len(lines) == 2, result
    assert result.stdout == "", result
    for word in words:
        assert str(word) in result.stderr, result
    return result


def warned(result, *words):
    """Asserts that RESULT is a success with one warning that contains all WORDS."""
    result.ok()
    warnings = [line for line in result.stderr.splitlines() if line.startswith(WARNING)]
    assert len(warnings) == 1, result
    for word in words:
        assert str(word) in warnings[0], result
    return result
