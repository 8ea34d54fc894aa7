"""Every answer the sidecar makes itself: status, x-woad-error, Proxy-Status, a sentence; and the
same in the access log and the metrics."""
import asyncio
import socket

from support.suite import *


async def handler(request):
    answers = {
        "/reset": Reply(reset=True),
        "/garbage": Reply(raw=b"this is not HTTP\r\n\r\n", close=True),
        "/smuggle": Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked"
                              b"\r\n\r\n0\r\n\r\n", close=True),
        "/folded": Reply(raw=b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n", close=True),
        "/big": Reply(raw=b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70000 + b"\r\n\r\n", close=True),
        "/many": Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n", close=True),
        "/te": Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc", close=True),
        "/status": Reply(raw=b"HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n", close=True),
        "/interim": Reply(raw=b"HTTP/1.1 103 X\r\n\r\n" * 50, close=True),
    }
    if request.target == "/never":
        await asyncio.sleep(3600)
    return answers.get(request.target) or await echo(request)


class Errors(Suite):
    @classmethod
    def setUpClass(cls):
        cls.server = Origin(handler=handler)
        cls.full = socket.socket()  # a listener that never accepts: connects time out or hang
        cls.full.bind(("127.0.0.1", 0))
        cls.full.listen(0)
        cls.fillers = []
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(cls.full.getsockname())
            cls.fillers.append(filler)
        cls.woad = Sidecar(
            app=f"127.0.0.1:{free_port()}",
            services={
                "svc": service(cls.server.address, protocol="http1"),
                "svc2": service(cls.server.address, protocol="http2"),
                "dead": service(f"127.0.0.1:{free_port()}"), "empty": service(),
                "full": service("127.0.0.1:%d" % cls.full.getsockname()[1]),
                "nowhere": service("no-such-name.invalid:80"),
                "slow": service(cls.server.address, filters={"timeout": {"request": "200ms"}}),
                "strict": service(cls.server.address, pools={"blue": {"on_unhealthy": "fail"}})},
            filters={"outbound": ["access_log", "context", "color_routing", "timeout"]},
            routes=[{"match": {"hosts": ["gone"]}, "respond": {"status": 410, "body": "gone"}}])

    @classmethod
    def tearDownClass(cls):
        cls.woad.stop()
        cls.server.close()
        for sock in cls.fillers + [cls.full]:
            sock.close()

    def check(self, host, target, code, status, proxy_error=None, headers=(), versions=("h1", "h2")):
        for version in versions:
            with self.subTest(f"{code} {host}{target} {version}"):
                got = fetch(self.woad.outbound, "GET", target, headers, host=host, version=version)
                self.assert_local(got, code, status)
                if proxy_error:
                    self.assertIn(f"error={proxy_error};", got.get("proxy-status"))

    def test_no_route(self):
        self.check("nobody", "/", "no_route", 404, "destination_not_found")

    def test_no_endpoint(self):
        self.check("empty", "/", "no_endpoint", 503, "destination_unavailable")

    def test_connect_refused(self):
        self.check("dead", "/", "connect_failed", 503, "connection_refused")

    def test_connect_timeout(self):
        self.check("full", "/", "connect_failed", 503, "connection_timeout")

    def test_no_such_name(self):
        self.check("nowhere", "/", "connect_failed", 503, "dns_error")

    def test_no_app(self):
        got = fetch(self.woad.inbound, "GET", "/")
        self.assert_local(got, "connect_failed", 503)

    def test_upstream_reset(self):
        self.check("svc", "/reset", "upstream_reset", 502, "connection_terminated")
        self.check("svc2", "/reset", "upstream_reset", 502, "connection_terminated")

    def test_bad_upstream_responses(self):
        for target in ("/garbage", "/smuggle", "/folded", "/big", "/many", "/te", "/status",
                       "/interim"):
            self.check("svc", target, "bad_upstream_response", 502, "http_protocol_error",
                       versions=("h1", "h2") if target == "/garbage" else ("h1",))

    def test_timeout(self):
        self.check("slow", "/never", "timeout", 504, "http_response_timeout")

    def test_head_has_no_body(self):
        for version in ("h1", "h2"):
            got = fetch(self.woad.outbound, "HEAD", "/", host="nobody", version=version)
            self.assertEqual((got.status, got.error, got.body), (404, "no_route", b""))

    def test_connection_lives_on(self):
        for version in ("h1", "h2"):
            with CLIENTS[version](self.woad.outbound) as client:
                for _ in range(3):
                    self.assertEqual(client.request("GET", "/", host="nobody").status, 404)
                    self.assertEqual(client.request("POST", "/", body=b"a", host="dead").status, 503)
                    self.assertEqual(client.request("POST", "/", body=b"a", host="svc").body, b"a")

    def test_configured_answers_carry_neither(self):
        got = fetch(self.woad.outbound, "GET", "/", host="gone")
        self.assertEqual((got.status, got.body, got.error, got.get("proxy-status")),
                         (410, b"gone", None, None))

    def test_an_apps_error_is_its_own(self):
        self.server.handler, before = (lambda r: Reply(503, body=b"mine")), self.server.handler
        got = fetch(self.woad.outbound, "GET", "/", host="svc")
        self.server.handler = before
        self.assertEqual((got.status, got.error, got.body), (503, None, b"mine"))

    def test_a_broken_body_is_answered_and_told_of(self):
        """A malformed chunk before the response: one answer, one log line, one metric, one shape."""
        for number, body in enumerate((b"zz\r\n", b"5\r\nabcdefg\r\n", b"3\r\nabc\r\n-1\r\n")):
            path = f"/broken-{number}"
            before = self.woad.metrics("woad_requests_total", error="bad_request", code_class="4xx")
            with H1(self.woad.outbound) as client:
                client.send(f"POST {path} HTTP/1.1\r\nHost: svc\r\nTransfer-Encoding: chunked\r\n"
                            "\r\n".encode() + body)
                self.assert_local(client.response(), "bad_request", 400)
                self.assertTrue(client.closed())
            row = self.woad.access_log(1, path=path)[0]
            self.assertEqual((row["error"], row["response_code"], row["response_flags"]),
                             ("bad_request", 400, "DPE"))
            self.assertEqual(self.woad.metrics("woad_requests_total", error="bad_request",
                                               code_class="4xx"), before + 1)

    def test_refusals_are_counted_for_their_service(self):
        """Whether access_log is in the chain or not."""
        for chain in (["access_log", "context", "color_routing"], ["context", "color_routing"], []):
            woad = self.sidecar(services={"svc": service(self.server.address)},
                                filters={"outbound": chain})
            got = fetch(woad.outbound, "GET", "/", [("x-woad-hops", "16")], host="svc")
            self.assert_local(got, "loop", 508)
            self.assertEqual(woad.metrics("woad_requests_total", error="loop", service="svc"), 1, chain)

    def test_log_and_metrics(self):
        fetch(self.woad.outbound, "GET", "/logged-error", host="dead")
        row = self.woad.access_log(1, path="/logged-error")[0]
        self.assertEqual((row["error"], row["response_code"], row["service"]),
                         ("connect_failed", 503, "dead"))
        self.assertGreater(len(row["why"]), 10)
        self.assertGreaterEqual(self.woad.metrics("woad_requests_total", service="dead",
                                                  code_class="5xx", error="connect_failed"), 1)
