"""limits: sizes and times that a peer may not pass."""
from support.suite import *


class Limits(Suite):
    def woad_with(self, **limits):
        self.server = self.origin()
        return self.sidecar(limits=limits, services={"svc": service(self.server.address)})

    def test_target(self):
        woad = self.woad_with(headers={"bytes": "64KiB", "count": 200, "target": "1KiB"})
        for version in ("h1", "h2"):
            self.assertEqual(fetch(woad.outbound, "GET", "/" + "a" * 900, version=version).status, 200)
            self.assert_local(fetch(woad.outbound, "GET", "/" + "a" * 1100, version=version),
                              "target_too_long", 414)

    def test_header_count(self):
        woad = self.woad_with(headers={"bytes": "64KiB", "count": 20, "target": "16KiB"})
        for version in ("h1", "h2"):
            few, many = ([(f"x-{n}", "1") for n in range(c)] for c in (10, 40))
            self.assertEqual(fetch(woad.outbound, "GET", "/", few, version=version).status, 200)
            self.assert_local(fetch(woad.outbound, "GET", "/", many, version=version),
                              "headers_too_large", 431)

    def test_header_bytes(self):
        woad = self.woad_with(headers={"bytes": "4KiB", "count": 200, "target": "1KiB"})
        for version in ("h1", "h2"):
            self.assert_local(fetch(woad.outbound, "GET", "/", [("x", "y" * 5000)], version=version),
                              "headers_too_large", 431)
            self.assertEqual(fetch(woad.outbound, "GET", "/", [("x", "y" * 3000)],
                                   version=version).status, 200)

    def test_header_timeout(self):
        """A head that trickles in is cut off however often another byte comes."""
        woad = self.woad_with(header_timeout="500ms")
        client = self.client(woad.outbound)
        client.send("GET / HTTP/1.1\r\nHost: svc\r\nx: ")
        got = client.response()
        self.assertEqual((got.status, got.error), (408, "bad_request"))
        self.assertTrue(client.closed())

    def test_silence_before_a_request_is_no_error(self):
        woad = self.woad_with(idle_timeout="1s", header_timeout="10s")
        client = self.client(woad.outbound)
        self.assertEqual(client.request("GET", "/").status, 200)
        self.assertTrue(client.closed())
        h2 = self.client(woad.outbound, "h2")
        self.assertEqual(h2.request("GET", "/").status, 200)
        with self.assertRaises(Closed):
            while True:
                h2.pump()
        self.assertEqual(h2.h2.goaway, 0)

    def test_client_connections(self):
        woad = self.woad_with(client_connections=4)
        clients = [self.client(woad.outbound) for _ in range(4)]
        for client in clients:
            self.assertEqual(client.request("GET", "/").status, 200)
        for version in ("h1", "h2"):
            fifth = self.client(woad.outbound, version)
            self.assert_local(fifth.request("GET", f"/over-{version}"), "overloaded", 503)
            row = woad.access_log(1, path=f"/over-{version}")[0]
            self.assertEqual((row["error"], row["response_code"]), ("overloaded", 503))
        self.assertEqual(woad.metrics("woad_requests_total", error="overloaded"), 2)
        self.assertEqual(woad.metrics("woad_client_connections", direction="outbound"), 4)
        for client in clients:
            self.assertEqual(client.request("GET", "/").status, 200)
        clients[0].close()
        self.assertTrue(until(lambda: self.served(woad)), "room is found again")

    def test_probes_over_client_connections(self):
        app = self.origin("app")
        woad = self.sidecar(limits={"client_connections": 1}, inbound=[
            {"address": "127.0.0.1:@inbound@", "app": app.address, "mtls": "off",
             "probe_paths": ["/healthz"]}])
        first = self.client(woad.inbound)
        self.assertEqual(first.request("GET", "/").status, 200)
        for version in ("h1", "h2"):
            for method, path in (("GET", "/"), ("POST", "/healthz"), ("GET", "/healthz?a")):
                self.assert_local(fetch(woad.inbound, method, path, version=version), "overloaded", 503)
            probe = self.client(woad.inbound, version)
            self.assertEqual(probe.request("GET", "/healthz").origin, "app")
            with self.assertRaises((Closed, ConnectionError), msg="one request"):
                probe.request("GET", "/healthz")
        self.assertEqual(first.request("GET", "/").status, 200)

    def served(self, woad):
        try:
            return fetch(woad.outbound, "GET", "/").status == 200
        except (Closed, ConnectionError):
            return False

    def test_concurrent_streams(self):
        woad = self.woad_with(http2={"concurrent_streams": 10, "resets_per_second": 100})
        client = self.client(woad.outbound, "h2")
        streams = [client.start("POST", "/", body=b"x" * 100) for _ in range(10)]
        for stream in streams:
            self.assertEqual(client.response(stream).status, 200)

    def test_rapid_reset(self):
        woad = self.woad_with(http2={"concurrent_streams": 256, "resets_per_second": 50})
        client = self.client(woad.outbound, "h2")
        with self.assertRaises((Closed, ConnectionError)):
            for _ in range(5000):
                stream = client.open("GET", "/")
                client.h2.reset(stream)
            client.flush()
            while True:
                client.pump()
        self.read_on(client)
        self.assertIn(client.h2.goaway, (11, None))
        self.assertLess(len(self.server.requests), 2000)
        self.assertEqual(fetch(woad.outbound, version="h2").status, 200)

    def read_on(self, client):
        try:
            while True:
                client.pump()
        except (Closed, OSError):
            pass
