"""Answers that come before the end of the request: the client may end it in its own time.

A real client (httpx) sends HEADERS, DATA and an empty DATA with END_STREAM in three writes, and
throws an answer away when a reset comes in between.
"""
import socket

from support.client import TIMEOUT
from support.suite import *

EARLY = {"/app": (413, "svc"), "/respond": (410, "gone"), "/nobody": (404, "nobody")}


async def handler(request):
    if request.target == "/app":
        return Reply(413, body=b"too much")
    return await echo(request)


class EarlyAnswers(Suite):
    def setUp(self):
        self.server = self.origin(handler=handler)
        self.woad = self.sidecar(
            app=self.server.address, services={"svc": service(self.server.address, protocol="http2")},
            filters={"inbound": ["access_log", {"authorization": {"default": "deny"}}]},
            routes=[{"match": {"hosts": ["gone"]}, "respond": {"status": 410, "body": "gone"}}])
        self.ways = [(self.woad.outbound, target, *row) for target, row in EARLY.items()]
        self.ways.append((self.woad.inbound, "/denied", 403, "svc"))

    def quiet(self, client, seconds=0.3):
        """What comes meanwhile is taken in."""
        client.sock.settimeout(seconds)
        try:
            while True:
                client.pump()
        except socket.timeout:
            client.sock.settimeout(TIMEOUT)

    def answered(self, client, stream, status):
        got = client.response(stream)
        self.assertEqual((got.status, got.reset), (status, None))

    def test_no_reset_between_answer_and_end(self):
        for port, target, status, host in self.ways:
            for length in ([("content-length", "3")], []):
                with self.subTest(target, length=length), H2(port) as client:
                    streams = [client.open("POST", target, length, host=host, end=False) for _ in range(20)]
                    for stream in streams:
                        self.answered(client, stream, status)
                    for end, piece in ((False, b"abc"), (True, b"")):
                        for stream in streams:
                            client.h2.data(stream, piece, end=end)
                        client.flush()
                        self.quiet(client)
                    self.assertEqual([client.responses[s].reset for s in streams], [None] * 20)
                    self.answered(client, client.start("POST", target, body=b"abc", host=host), status)

    def test_length_met_before_the_answer(self):
        with H2(self.woad.outbound) as client:
            streams = [client.open("POST", "/app", [("content-length", "3")], end=False) for _ in range(20)]
            for stream in streams:
                client.h2.data(stream, b"abc")
                client.flush()
            for stream in streams:
                self.answered(client, stream, 413)
            self.quiet(client)
            for stream in streams:
                client.h2.data(stream, b"", end=True)
            client.flush()
            self.quiet(client)
            self.assertEqual([client.responses[s].reset for s in streams], [None] * 20)

    def test_reset_when_there_is_something_to_stop(self):
        """Beyond the window, or for ever: NO_ERROR, behind a whole answer."""
        for body in (b"x" * 1_000_000, b"x"):
            for port, target, status, host in self.ways:
                with self.subTest(target, body=len(body)), H2(port) as client:
                    stream = client.open("POST", target, host=host, end=False)
                    self.answered(client, stream, status)
                    client.h2.data(stream, body)
                    client.flush()
                    while client.responses[stream].reset is None:
                        client.pump()
                    self.assertEqual(client.responses[stream].reset, 0)

    def test_http1_gets_its_answer_while_it_sends(self):
        for port, target, status, host in self.ways:
            with self.subTest(target), H1(port) as client:
                client.send(client.head("POST", target, [("Content-Length", "10000000")], host))
                try:
                    for _ in range(20):
                        client.send(b"x" * 500_000)
                except ConnectionError:
                    self.fail("the rest of the body meets a reset")
                self.assertEqual(client.response().status, status)
                self.assertTrue(client.closed())
