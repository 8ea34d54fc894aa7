"""Hostile HTTP/1 requests (corpus/): refused or understood alike by everybody, never smuggled on."""
import pathlib
import re
import socket

from support.suite import *

CORPUS = pathlib.Path(__file__).parent / "corpus"


def unescape(text):
    text = re.sub(r"\{(.+?)\*(\d+)\}", lambda m: m[1] * int(m[2]), text)
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def cases():
    for path in sorted(CORPUS.glob("*.txt")):
        for block in re.split(r"(?m)^= ", path.read_text(encoding="utf-8"))[1:]:
            title, _, data = block.partition("\n")
            name, _, rule = title.rpartition(": ")
            yield name, rule.split(), unescape("".join(data.split("\n")))


def send(port, data, piece):
    """Everything the sidecar answered until it closed (or had nothing more to say)."""
    client = H1(port)
    client.sock.settimeout(3)
    try:
        for at in range(0, len(data), piece):
            client.send(data[at:at + piece])
    except ConnectionError:
        pass
    try:
        answer, ended = client.rest(), True
    except socket.timeout:
        answer, ended = bytes(client.buffer), False
    client.close()
    return answer, ended


class Hostile(Suite):
    @classmethod
    def setUpClass(cls):
        cls.origins = Origin()
        cls.woad = Sidecar(services={"svc": service(cls.origins.address)},
                           limits={"header_timeout": "2s"})

    @classmethod
    def tearDownClass(cls):
        cls.woad.stop()
        cls.origins.close()

    def run_corpus(self, piece):
        for number, (name, rule, data) in enumerate(cases()):
            if piece < len(data) > 4096:
                continue  # byte by byte is for the small ones
            with self.subTest(name):
                mark = f"{number}-{piece}"  # an earlier case's request may come in late
                data = data.replace(b"Host: svc\r\n", b"Host: svc\r\nX-Case: %s\r\n" % mark.encode(), 1)
                self.origins.requests.clear()
                answer, ended = send(self.woad.outbound, data, piece)
                self.requests = [r for r in self.origins.requests
                                 if r.get("x-case") in (mark, None)]
                self.judge(name, rule, answer, ended)

    def judge(self, name, rule, answer, ended):
        seen = [r.target for r in self.requests]
        statuses = [int(s) for s in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]
        context = f"{name}: answered {statuses}, the origin saw {seen}, ended {ended}"
        self.assertNotIn("/smuggled", seen, context)
        self.assertEqual(self.origins.errors, [], context)
        self.assertTrue(ended or rule[0] in ("safe", "answer"), context)
        if rule[0] in ("refuse", "answer"):
            allowed = [int(s) for s in rule[1:]] or range(400, 600)
            self.assertEqual(len(statuses), 1, context)
            self.assertIn(statuses[0], allowed, context)
            self.assertIn(b"x-woad-error:", answer.lower(), context)
            # a body that breaks off may have begun to pass; nobody may have taken it as whole
            self.assertEqual([r.target for r in self.requests if r.done], [], context)
        elif rule[0] == "close":
            self.assertLessEqual(len(statuses), 1, context)
            self.assertEqual(seen, [], context)
        elif rule[0] == "pass":
            self.assertEqual((len(statuses), len(seen)), (int(rule[1]), int(rule[1])), context)
        else:
            self.assertIn(len(seen), (0, 1), context)

    def test_whole(self):
        self.run_corpus(1 << 30)

    def test_byte_by_byte(self):
        self.run_corpus(1)

    def test_serves_on(self):
        self.assertEqual(fetch(self.woad.outbound, "GET", "/after").status, 200)
        self.assertEqual(fetch(self.woad.outbound, "GET", "/after", version="h2").status, 200)
        self.assertGreater(self.woad.metrics("woad_hostile_total"), 0)


class HostileH2(Suite):
    """The same truths over HTTP/2: what nghttp2 lets through meets the validator of HTTP/1."""

    CASES = {
        "authority and host differ": [(":authority", "svc"), ("host", "evil")],
        "user in the authority": [(":authority", "u@svc")],
        "fragment": [(":authority", "svc"), (":path", "/a#b")],
        "8-bit path": [(":authority", "svc"), (":path", "/\xff")],
        "no token for a method": [(":authority", "svc"), (":method", "G T")],
        "method of the preface": [(":authority", "svc"), (":method", "PRI")],
        "method over 32 bytes": [(":authority", "svc"), (":method", "A" * 33)],
        "CONNECT": [(":authority", "svc"), (":method", "CONNECT")],
        "scheme ftp": [(":authority", "svc"), (":scheme", "ftp")],
        "content_length twin": [(":authority", "svc"), ("content_length", "3")],
        "upper-case name": [(":authority", "svc"), ("A", "b")],
        "transfer-encoding": [(":authority", "svc"), ("transfer-encoding", "chunked")],
        "connection": [(":authority", "svc"), ("connection", "close")],
        "CR LF in a value": [(":authority", "svc"), ("a", "b\r\nc: d")],
        "CR LF in the path": [(":authority", "svc"), (":path", "/a HTTP/1.1\r\nX: y")],
        "absolute path": [(":authority", "svc"), (":path", "http://evil/")],
        "empty path": [(":authority", "svc"), (":path", "")],
        "no authority": [],
        "two colours": [(":authority", "svc"), ("x-woad-color", "red"), ("x-woad-color", "blue")],
    }

    def test_refused(self):
        origin = self.origin()
        woad = self.sidecar(services={"svc": service(origin.address)})
        for name, fields in self.CASES.items():
            with self.subTest(name), H2(woad.outbound) as client:
                pseudo = {":method": "GET", ":scheme": "http", ":path": "/a"}
                pseudo.update({k: v for k, v in fields if k.startswith(":")})
                head = list(pseudo.items()) + [f for f in fields if not f[0].startswith(":")]
                stream = client.open(raw=head)
                try:
                    response = client.response(stream)
                    refused = response.reset is not None or 400 <= response.status < 600
                except Closed:
                    refused = True
                self.assertTrue(refused, name)
                self.assertEqual([r.target for r in origin.requests], [], name)

    def test_field_too_long(self):
        """Over 64 KiB nothing can go on: everybody is told why, and nobody takes it for his own fault."""
        why = "a header field on this connection is longer than 65,536 bytes"
        origin = self.origin()
        woad = self.sidecar(services={"svc": service(origin.address)})
        before = woad.metrics("woad_hostile_total", kind="headers_too_large") or 0
        with H2(woad.outbound) as client:
            client.open("POST", "/beside", end=False)
            self.assertTrue(until(lambda: origin.requests))
            client.open("GET", "/long", [("x-long", "v" * 70_000)])
            with self.assertRaises(Closed):
                while True:
                    client.pump()
            self.assertEqual((client.h2.goaway, client.h2.goaway_text), (9, why))
        self.assertTrue(until(lambda: len(woad.access_log()) == 2))
        rows = {row["path"]: row for row in woad.access_log()}
        self.assertEqual(rows["/long"]["error"], "headers_too_large")
        self.assertEqual(rows["/long"]["why"], why)
        self.assertEqual(rows["/beside"]["why"], f"closed by downstream: {why}")
        self.assertEqual(woad.metrics("woad_hostile_total", kind="headers_too_large"), before + 1)
        with open(woad.err_path, encoding="utf-8") as log:
            told = [line for line in log if why in line]
        self.assertEqual(len(told), 1)

    def test_body_longer_than_its_length(self):
        origin = self.origin()
        woad = self.sidecar(services={"svc": service(origin.address)})
        for length in ("2", "9"):
            with self.subTest(length), H2(woad.outbound) as client:
                stream = client.start("POST", "/a", [("content-length", length)], [b"abc"])
                response = client.response(stream)
                self.assertTrue(response.reset is not None or response.status >= 400)
                self.assertEqual([r for r in origin.requests if r.done and r.size != int(length)], [])
