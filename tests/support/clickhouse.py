# SPDX-License-Identifier: BSD-2-Clause
"""A real ClickHouse server for a test, with its own directories and ports, and a proxy that injects faults.

    server = Server(lab, namespace, tmp_path).start()
    server.make_tables()
    server.query("SELECT count() FROM flowlabel.records")
"""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading

from kernel import eventually
from lab import binary, command

CONFIG = """<?xml version="1.0"?>
<yandex>
  <logger><level>information</level><log>{home}/log</log><errorlog>{home}/errors</errorlog></logger>
  <http_port>{http}</http_port>
  <tcp_port>{tcp}</tcp_port>
  <listen_host>::</listen_host>
  <path>{home}/data/</path>
  <tmp_path>{home}/tmp/</tmp_path>
  <users_config>{home}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
  <timezone>UTC</timezone>
  <remote_servers><pair>{shards}</pair></remote_servers>
</yandex>
"""
SHARD = "<shard><replica><host>::1</host><port>{port}</port></replica></shard>"
USERS = """<?xml version="1.0"?>
<yandex>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>{users}</users>
</yandex>
"""
USER = ("<{name}><password>{password}</password><networks><ip>::/0</ip></networks>"
        "<profile>default</profile><quota>default</quota></{name}>")
HTTP_PORT = 8123
TCP_PORT = 9000
LONG = 3  # seconds: longer than a collector waits for a sink that accepts nothing
DELAYS = {"slow": 0.5, "work": LONG}
PIECES = 30  # a request that is read slowly is read in so many parts
RECEIVE_BUFFER = 16384  # bytes: limits what the kernel accepts before the proxy reads


def missing_server():
    """Why no server can be started on this machine, or None."""
    if not shutil.which("clickhouse-server"):
        return "needs clickhouse-server: run tools/setup"
    return None


class Refused(Exception):
    """The server refused a query; the text is the server's message."""


class Server:
    """A server in NAMESPACE whose files are in DIRECTORY. NUMBER distinguishes the servers of a cluster of SHARDS: it
    is added to the usual ports. USERS: {name: password}, in addition to the user `default`, who has no password."""

    def __init__(self, lab, namespace, directory, number=0, shards=1, users=None):
        self._lab = lab
        self.namespace = namespace
        self.port = HTTP_PORT + number
        self._home = directory / f"clickhouse{number}"
        self._home.mkdir(mode=0o700)
        self._process = None
        everyone = {"default": "", **(users or {})}
        (self._home / "config.xml").write_text(CONFIG.format(
            home=self._home, http=self.port, tcp=TCP_PORT + number,
            shards="".join(SHARD.format(port=TCP_PORT + shard) for shard in range(shards))))
        (self._home / "users.xml").write_text(USERS.format(
            users="".join(USER.format(name=name, password=password) for name, password in everyone.items())))

    def start(self):
        """Starts the server and returns itself once the server answers."""
        self._process = self._lab.start(self.namespace, "clickhouse-server", f"--config-file={self._home}/config.xml",
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._answers)
        return self

    def _answers(self):
        assert self._process.poll() is None, (self._home / "errors").read_text()[-2000:]
        try:
            return self.query("SELECT 1") == "1\n"
        except OSError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.kill()

    def kill(self):
        """Sends SIGKILL; the files stay."""
        self._process.kill()
        self._process.wait()

    def freeze(self):
        """Stops the process with SIGSTOP: the kernel still accepts connections, and nothing answers."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        """Continues the process with SIGCONT."""
        self._process.send_signal(signal.SIGCONT)

    @property
    def pid(self):
        """The process id of the running server."""
        return self._process.pid

    @property
    def url(self):
        """The URL for a collector in the same namespace."""
        return f"http://[::1]:{self.port}"

    def query(self, text, host="::1"):
        """The server's answer to a query."""
        with self.namespace.inside():
            connection = http.client.HTTPConnection(host, self.port, timeout=30)
            connection.request("POST", "/", text.encode())
            answer = connection.getresponse()
            body = answer.read().decode()
            connection.close()
        if answer.status != 200:
            raise Refused(body)
        return body

    def rows(self, text):
        """The rows of the answer, each a list of values."""
        return json.loads(self.query(text + " FORMAT JSONCompact"))["data"]

    def number(self, text):
        """The answer, if it is one number."""
        return int(self.query(text))

    def make_tables(self, *options):
        """Creates the tables from the output of `collect --print-schema` with the server's own client, as in
        docs/fleet.md."""
        schema = command(binary(), "collect", "--print-schema", *options).stdout
        self.namespace.run("clickhouse-client", "--host", "::1", "--port", self.port - HTTP_PORT + TCP_PORT,
                           "--multiquery", input=schema)
        return self

    def totals(self, table="flowlabel.records"):
        """{"packets", "bytes"}: the sums over all records."""
        ((packets, octets),) = self.rows(f"SELECT sum(packets), sum(bytes) FROM {table}")
        return {"packets": int(packets), "bytes": int(octets)}


class Meddler:
    """An HTTP proxy in NAMESPACE in front of SERVER that injects faults. FAULTS has one fault for each INSERT, in
    order; after the last one every request is forwarded. Queries other than INSERT are always forwarded.

    drop          the connection is closed before any byte of the request reaches the server
    cut           half of the request reaches the server, then the connection to the server is closed
    no-answer     the server gets the whole request and answers; the connection to the collector is closed
    silence       the same, but the connection stays open without an answer
    garbage       the same, and the answer is not HTTP
    web-page      nothing reaches the server; the answer is 200 with a web page
    late          the connection is closed; the server gets the request once the collector has asked whether it is running
    refuse        the answer is 503; nothing reaches the server
    slow          the answer comes after half a second
    work          the server gets the whole request, and the answer comes after three seconds
    trickle       the request is read in small parts, for three seconds, and is then forwarded
    hang          nothing reaches the server, and no answer comes until let_go()
    """

    def __init__(self, server, faults=(), port=8200, tls=None):
        self._server = server
        self.faults = list(faults)
        self.done = []
        self.inserts = []  # complete requests
        self.port = port
        self._tls = tls
        self._late = []  # requests, and how often the server was asked whether they are running
        self._lock = threading.Lock()
        with server.namespace.inside():
            self._listener = socket.create_server(("::1", port), family=socket.AF_INET6)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)  # connections inherit it
        self._open = []
        self._hung = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.let_go()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for connection in self._open:
            connection.close()

    @property
    def url(self):
        """The URL for a collector in the same namespace."""
        return f"{'https' if self._tls else 'http'}://[::1]:{self.port}"

    def let_go(self):
        """Closes the connections that hang, and forwards every request from now on."""
        self.faults.clear()
        self._hung.set()

    def _run(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while request := _read_message(stream, self._pace):
                    self._handle(connection, request)
        except (OSError, ValueError):
            pass  # the collector or the proxy closed the connection

    def _pace(self, head):
        """How many seconds reading the body after HEAD takes."""
        with self._lock:
            return LONG if b"query=INSERT" in head and self.faults[:1] == ["trickle"] else 0

    def _handle(self, connection, request):
        insert = b"query=INSERT" in request.split(b"\r\n", 1)[0]
        if b"system.processes" in request:
            self._deliver_late()
        with self._lock:
            fault = self.faults.pop(0) if insert and self.faults else None
            if fault:
                self.done.append(fault)
            if insert:
                self.inserts.append(request)
        if fault == "hang":
            self._hung.wait()
        if fault in ("drop", "hang"):
            connection.shutdown(socket.SHUT_RDWR)
        elif fault == "cut":
            self.ask(request[:len(request) // 2])
            connection.shutdown(socket.SHUT_RDWR)
        elif fault == "late":
            self._late.append([request, 0])
            connection.shutdown(socket.SHUT_RDWR)
        elif fault == "web-page":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>")
        elif fault == "refuse":
            connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nno\r\nroom\n")
        else:
            self._answer(connection, request, fault)

    def _answer(self, connection, request, fault):
        answer = self.ask(request)
        if fault == "no-answer":
            connection.shutdown(socket.SHUT_RDWR)
        elif fault == "garbage":
            connection.sendall(b"\x00\xff garbage \r\n" * 100)
            connection.shutdown(socket.SHUT_RDWR)
        elif fault == "silence":
            threading.Event().wait(3)
        else:
            if fault in DELAYS:
                threading.Event().wait(DELAYS[fault])
            connection.sendall(answer)

    def _deliver_late(self):
        for late in self._late:
            if late[1] == 1:
                self.ask(late[0])
            late[1] += 1

    def ask(self, request):
        """Sends REQUEST, complete or truncated, to the server and returns the answer."""
        with self._server.namespace.inside(), socket.create_connection(("::1", self._server.port)) as upstream:
            upstream.sendall(request)
            upstream.shutdown(socket.SHUT_WR)
            answer = http.client.HTTPResponse(upstream)
            answer.begin()
            body = answer.read()
        return b"HTTP/1.1 %d %s\r\nContent-Length: %d\r\n\r\n" % (answer.status, answer.reason.encode(), len(body)) + body


def _read_message(stream, pace):
    """Reads a complete HTTP request with a Content-Length; empty at the end of the stream. PACE(head) is how many
    seconds reading the body takes."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        head += line
    length = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    size = int(length[0]) if length else 0
    pause = pace(head) / PIECES
    body = b""
    while pause and len(body) < size:
        body += stream.read(min(size // PIECES + 1, size - len(body)))
        threading.Event().wait(pause)
    return head + body + stream.read(size - len(body))


def spool_files(directory):
    """The file names in a spool, sorted, without the lock file."""
    return sorted(name for name in os.listdir(directory) if name != "lock")
