# SPDX-License-Identifier: BSD-2-Clause
"""Reads the page of `collect --prometheus`: with a small parser of the text format, with promtool, with the OpenMetrics
parser of another project, and with a Prometheus server."""

import dataclasses
import http.client
import json
import re
import shutil
import socket
import subprocess
import urllib.parse

from kernel import eventually

PORT = 9641
ADDRESS = f"127.0.0.1:{PORT}"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_SAMPLE = re.compile(r"([a-z0-9_]+)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)')
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def missing_tools():
    """Why these tests cannot run on this machine, or None."""
    tools = [tool for tool in ("prometheus", "promtool") if not shutil.which(tool)]
    try:
        import prometheus_client.openmetrics.parser  # noqa: F401
    except ImportError:
        tools.append("python3-prometheus-client")
    return f"needs {', '.join(tools)}: run tools/setup" if tools else None


@dataclasses.dataclass
class Answer:
    """An HTTP response."""

    status: int
    headers: dict
    text: str


def ask(namespace, path="/metrics", method="GET", address=("127.0.0.1", PORT), body=None, **headers):
    """Sends a request from NAMESPACE. HEADERS are header fields: accept="…" is the field Accept."""
    with namespace.inside():
        connection = http.client.HTTPConnection(*address, timeout=60)
        connection.connect()
    connection.request(method, path, body=body, headers=headers)
    response = connection.getresponse()
    answer = Answer(response.status, dict(response.getheaders()), response.read().decode("utf-8"))
    connection.close()
    return answer


def serving(namespace, collector):
    """Waits until COLLECTOR serves its page, then returns it."""
    eventually(lambda: _connects(namespace) or collector.process.poll() is not None)
    return collector


def _connects(namespace):
    with namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


class Page:
    """The samples of a page in the text format."""

    def __init__(self, text):
        self.text = text
        self.samples = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                name, labels, value = _SAMPLE.fullmatch(line).groups()
                self.samples.setdefault(name, []).append((_labels(labels or ""), float(value)))

    def value(self, name, **labels):
        """The value of the one sample of NAME that has LABELS."""
        (value,) = [value for given, value in self.samples[name] if labels.items() <= given.items()]
        return value

    def labels(self, name):
        """The labels of each sample of NAME, in the order of the page."""
        return [labels for labels, _ in self.samples.get(name, [])]


def _labels(text):
    found = {name: re.sub(r"\\.", lambda escape: _ESCAPES[escape[0]], value) for name, value in _LABEL.findall(text)}
    assert ",".join(match[0].rstrip(",") for match in _LABEL.finditer(text)) == text, text
    return found


def page(namespace):
    """Fetches the current page."""
    answer = ask(namespace)
    assert (answer.status, answer.headers["Content-Type"]) == (200, TEXT), answer
    return Page(answer.text)


def check_text(text):
    """Asserts that promtool finds nothing wrong with a page in the text format."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done


def openmetrics_families(text):
    """{name: type} of a page in OpenMetrics format, parsed by the reference parser, which is strict."""
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    return {family.name: family.type for family in text_string_to_metric_families(text)}


class Prometheus:
    """A Prometheus server in NAMESPACE with RULES that scrapes the page every second. Its files are in DIRECTORY."""

    _LISTEN = ("127.0.0.1", 9090)

    def __init__(self, lab, namespace, directory, rules):
        config = directory / "prometheus.json"  # JSON is YAML
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "scrape_configs": [{"job_name": "flowlabel", "static_configs": [{"targets": [ADDRESS]}]}],
        }))
        self._namespace = namespace
        self._process = lab.start(namespace, "prometheus", f"--config.file={config}", "--log.level=warn",
                                  f"--storage.tsdb.path={directory / 'data'}", "--web.listen-address=%s:%d" % self._LISTEN,
                                  stderr=subprocess.PIPE, text=True)
        eventually(self._ready)

    def _ready(self):
        assert self._process.poll() is None, self._process.stderr.read()
        try:
            return ask(self._namespace, "/-/ready", address=self._LISTEN).status == 200
        except ConnectionRefusedError:
            return False

    def _api(self, path, **parameters):
        answer = ask(self._namespace, f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}", address=self._LISTEN)
        document = json.loads(answer.text)
        assert document["status"] == "success", document
        return document["data"]

    def query(self, expression):
        """The result of an instant query: [(labels, value)]."""
        return [(entry["metric"], float(entry["value"][1]))
                for entry in self._api("query", query=expression)["result"]]

    def metadata(self):
        """{name: type} of the scraped metrics."""
        return {entry["metric"]: entry["type"] for entry in self._api("targets/metadata")}

    def alerts(self):
        """The names of the alerts that are pending or firing."""
        return {alert["labels"]["alertname"] for alert in self._api("alerts")["alerts"]}
