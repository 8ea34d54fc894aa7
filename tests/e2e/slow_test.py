"""Slow and many: clients that send by and by or take nothing, and the end of memory."""
import socket
import unittest

from support.suite import *


def get_raw(port, text):
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall(text.encode())
    return sock


class Slow(Suite):
    def hostile(self, woad, kind):
        return woad.metrics("woad_hostile_total", kind=kind)

    def test_a_body_that_comes_by_and_by(self):
        app = self.origin("app")
        woad = self.sidecar(app=app.address)
        h2 = self.client(woad.inbound, "h2")
        stream = h2.open("POST", "/", [("content-length", "100000")], end=False)
        slow = get_raw(woad.inbound, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\nx")
        self.addCleanup(slow.close)
        fast = lambda: fetch(woad.inbound, "POST", "/", body=b"y" * 1000).status
        self.assertTrue(until(lambda: fast() == 200 and self.hostile(woad, "slow_body") == 2, 120, 0.5))
        slow.settimeout(60)
        answer = b""
        while piece := slow.recv(4096):
            answer += piece
        self.assertTrue(answer.startswith(b"HTTP/1.1 408 "), answer)
        self.assertIn(b"slower than 500 bytes a second", answer)
        while stream not in h2.ended:
            h2.pump()
        self.assertEqual(h2.responses[stream].status, 408)
        self.assertEqual(h2.request("GET", "/").status, 200, "the connection goes on")

    def test_who_takes_nothing(self):
        big = b"z" * (64 << 20)
        app = self.origin("app", handler=lambda _: Reply(body=big))
        woad = self.sidecar(app=app.address)
        slow = get_raw(woad.inbound, "GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        self.addCleanup(slow.close)
        self.assertTrue(until(lambda: self.hostile(woad, "slow_reader") == 1, 120, 0.5))
        slow.settimeout(60)
        got = 0
        with self.assertRaises(ConnectionResetError):
            while piece := slow.recv(1 << 20):
                got += len(piece)
        self.assertLess(got, len(big))
        self.assertEqual(len(fetch(woad.inbound, "GET", "/").body), len(big), "others get theirs")

    @unittest.skipIf(SANITIZED, "a sanitizer's heap is not the allocator's")
    def test_the_end_of_memory(self):
        origin = self.origin("price")
        app = self.origin("app")
        woad = self.sidecar(services={"svc": service(origin.address)}, memory=256 << 20,
                            limits={"buffer": "1MiB"},
                            inbound=[{"address": "127.0.0.1:@inbound@", "app": app.address,
                                      "mtls": "off", "probe_paths": ["/healthz"]}],
                            filters={"outbound": ["access_log", {"fault": {
                                "delay": {"percent": "100%", "for": "1h"}, "only_dyed": True}}]})
        ceiling = woad.metrics("woad_memory_ceiling_bytes")
        self.assertEqual(ceiling, (256 << 20) * 3 // 4)
        get = lambda: fetch(woad.outbound, "GET", "/")
        self.assertEqual(get().status, 200)
        held = []
        head = "POST / HTTP/1.1\r\nhost: svc\r\nx-woad-color: red\r\ncontent-length: 1048576\r\n\r\n"
        for _ in range(250):
            held.append(get_raw(woad.outbound, head))
            self.addCleanup(held[-1].close)
            held[-1].setblocking(False)
        body, sent = b"b" * (1 << 20), [0] * len(held)

        def push():
            for number, sock in enumerate(held):
                try:
                    sent[number] += sock.send(body[sent[number]:sent[number] + (64 << 10)])
                except BlockingIOError:
                    pass
            return get().status == 503
        self.assertTrue(until(push, every=0.3), "refused when memory is short")
        self.assert_local(get(), "overloaded", 503)
        self.assertIn("memory is short", woad.stderr())
        self.assert_local(fetch(woad.inbound, "GET", "/"), "overloaded", 503)
        for version in ("h1", "h2"):
            probe = fetch(woad.inbound, "GET", "/healthz", version=version)
            self.assertEqual((probe.status, probe.origin), (200, "app"), "the kubelet's")
        for sock in held:
            sock.close()
        self.assertTrue(until(lambda: get().status == 200), "served when there is memory again")
        self.assertIn("there is memory again", woad.stderr())
