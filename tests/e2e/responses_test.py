"""Answers of an app that are odd but legal, or to be mended by a proxy, over both protocols."""
import contextlib
import socket
import threading

from support import h2
from support.suite import *

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
# path -> the app's answer, and what the client gets: status, body, fields that must or must not be there
ODD = {
    "/blank": (b"HTTP/1.1 200 OK\r\nX-A : y\r\nX-B\t :z\r\nContent-Length : 2\r\n\r\nok",
               200, b"ok", {"x-a": "y", "x-b": "z"}),
    "/blank-framing": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                       200, b"ok", {}),
    "/204-chunked": (b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\nX-A: y\r\n\r\n",
                     204, b"", {"transfer-encoding": None, "content-length": None, "x-a": "y"}),
    "/204-chunks": (b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    204, b"", {"transfer-encoding": None, "content-length": None}),
    "/204-length": (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
                    204, b"", {"content-length": None}),
    "/204-body": (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
                  204, b"", {"content-length": None}),
    "/204-zero": (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204, b"",
                  {"content-length": None}),
    "/103-length": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 3\r\n\r\n"
                    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", {}),
    "/304-length": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\n\r\n", 304, b"",
                    {"content-length": "1234"}),
    "/size-blank": (CHUNKED + b"5 \r\nhello\r\n1\t \r\n!\r\n0 \r\n\r\n", 200, b"hello!", {}),
    "/extensions": (CHUNKED + b"5;a=b;c\r\nhello\r\n0;z=\"q;r\"\r\n\r\n", 200, b"hello", {}),
}
# path -> the app's answer, and what the details say
BROKEN = {
    "/999": (b"HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n", "status 999 is outside 100-599"),
    "/600": (b"HTTP/1.1 600\r\nContent-Length: 0\r\n\r\n", "status 600 is outside 100-599"),
    "/099": (b"HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n", "status 099 is outside 100-599"),
    "/6xx": (b"HTTP/1.1 6xx X\r\nContent-Length: 0\r\n\r\n", "the status is not a number of three digits"),
    "/flood": (CHUNKED + b"5;" + b"a" * 5000 + b"\r\nhello\r\n0\r\n\r\n", None),
    "/lf": (CHUNKED + b"5;a=\"\n\"\r\nhello\r\n0\r\n\r\n", None),
}


async def handler(request):
    rows = {**ODD, **BROKEN}
    if request.target in rows:
        return Reply(raw=rows[request.target][0])
    if request.target.startswith("/h2/"):
        return Reply(int(request.target[4:]))
    if request.target == "/h2-long":
        return Reply(headers=[("x-long", "v" * 70_000)])
    return await echo(request)


class Responses(Suite):
    def setUp(self):
        self.server = self.origin(handler=handler)
        self.woad = self.sidecar(services={p: service(self.server.address, protocol=p)
                                           for p in ("http1", "http2")})

    def test_odd_answers_pass(self):
        for version in ("h1", "h2"):
            with CLIENTS[version](self.woad.outbound) as client:
                for path, (_, status, body, fields) in ODD.items():
                    with self.subTest(path, version=version):
                        got = client.request("GET", path, host="http1")
                        self.assertEqual((got.status, bytes(got.body)), (status, body))
                        for name, value in fields.items():
                            self.assertEqual(got.get(name), value, name)
                        got = client.request("GET", "/bytes/3", host="http1")
                        self.assertEqual((got.status, bytes(got.body)), (200, b"xxx"), "the next one is its own")

    def test_broken_answers_do_not(self):
        for version in ("h1", "h2"):
            for path, (_, details) in BROKEN.items():
                with self.subTest(path, version=version):
                    if details is None:
                        self.assert_cut(path, version)
                        continue
                    got = fetch(self.woad.outbound, "GET", path, host="http1", version=version)
                    self.assert_local(got, "bad_upstream_response", 502)
                    self.assertIn(details, got.get("proxy-status"))

    def assert_cut(self, path, version):
        try:
            got = fetch(self.woad.outbound, "GET", path, host="http1", version=version)
        except (Closed, ConnectionError):
            return
        self.assertTrue(got.status == 502 or got.reset is not None, got)

    def test_status_from_http2(self):
        for version in ("h1", "h2"):
            for status in (600, 999):
                got = fetch(self.woad.outbound, "GET", f"/h2/{status}", host="http2", version=version)
                self.assert_local(got, "bad_upstream_response", 502)
                self.assertIn(f"status {status} is outside 100-599", got.get("proxy-status"))

    def test_field_too_long_from_http2(self):
        """One answer has it; it is that answer's fault, and the process log says so."""
        why = "a header field on this connection is longer than 65,536 bytes"
        for version in ("h1", "h2"):
            got = fetch(self.woad.outbound, "GET", "/h2-long", host="http2", version=version)
            self.assert_local(got, "bad_upstream_response", 502)
            self.assertIn(why, got.get("proxy-status"))
        self.assertEqual(self.woad.metrics("woad_hostile_total", kind="upstream_response"), 2)
        with open(self.woad.err_path, encoding="utf-8") as log:
            self.assertEqual(len([line for line in log if why in line]), 2)


class WrongProtocol(Suite):
    """The file says another protocol than the upstream speaks: the details say where to look."""

    def upstream(self, *words):
        """What it sends in place of an answer, whatever it is asked; then it closes."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def serve():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client, contextlib.suppress(OSError):  # it may hang up at the first word
                    client.recv(1 << 16)
                    for word in words:
                        client.sendall(word)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(1 << 16):
                        pass
        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{server.getsockname()[1]}"

    def asked(self, protocol, address, says):
        woad = self.sidecar(services={"svc": service(address, protocol=protocol)})
        for version in ("h1", "h2"):
            got = fetch(woad.outbound, version=version)
            self.assertEqual(got.status, 502, got.body)
            self.assertIn(says, got.get("proxy-status"))
            self.assertIn(says, got.body.decode())
        self.assertIn(says, woad.access_log(2)[-1]["why"])

    def test_http2_where_the_file_says_http1(self):
        settings = h2.frame(4, 0, 0, bytes.fromhex("000300000064"))
        goaway = h2.frame(7, 0, 0, bytes(7) + b"\x01bad preface")
        for words in ((settings, goaway), (settings + goaway,), (settings[:5], settings[5:]), (goaway,)):
            with self.subTest(words):
                self.asked("http1", self.upstream(*words), "let protocol (of an app: app_protocol) say http2")

    def test_http1_where_the_file_says_http2(self):
        for words in ((b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",),
                      (b"HTTP/1.0 505 No\r\n\r\n",), (b"<!DOCTYPE html><p>bad request",), ()):
            with self.subTest(words):
                self.asked("http2", self.upstream(*words), "let protocol (of an app: app_protocol) say http1")
