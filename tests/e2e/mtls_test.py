"""Who may come in: strict, permissive and off, probes, and what the app is told."""
import ssl

from support.certs import CART, PRICE
from support.mesh import InboundSuite
from support.mtls import alert_of, knock, s_client
from support.suite import *

PROBES = ["/healthz", "/ready/z"]
GARBAGE = [b"\x00" * 64, b"\x16\x03\x01\x00\x05hello", b"SSH-2.0-x\r\n", b"\x80\x2e\x01\x00\x02" * 20,
           b"\x17\x03\x03\x00\x10" + b"x" * 16, b"\x16\x03\x01\xff\xff" + b"\0" * 100,
           b"PRI * HTTP/3.0\r\n\r\n", b"EHLO a b\r\n", b"\r\n\0\0\r\n\r\n"]


class Strict(InboundSuite):
    def test_handshake_is_required(self):
        woad = self.woad()
        self.assertIn("certificate required", s_client(woad.inbound, None))
        for version in ("h1", "h2"):
            with self.assertRaises((ssl.SSLError, OSError, Closed)) as caught:
                self.secure(woad.inbound, None, version).request()
            self.assertIn(alert_of(caught.exception), (None, "certificate_required"))
        self.unseen()
        self.assertEqual(self.secure(woad.inbound).request().origin, "app")
        self.assertGreaterEqual(woad.metrics("woad_tls_handshakes_total", result="certificate"), 3)

    def test_plaintext_is_told_and_closed(self):
        woad = self.woad(listener={"probe_paths": PROBES})
        for version in ("h1", "h2"):
            client = self.plain(woad, version)
            got = client.request("POST", "/x", body=b"secret")
            self.assert_local(got, "mtls_required", 403)
            self.assertIn("error=http_request_denied", got.get("proxy-status"))
            if version == "h1":
                self.assertTrue(client.closed())
            else:
                with self.assertRaises(Closed):
                    while True:
                        client.pump()
        self.unseen()
        rows = woad.access_log(2, direction="inbound", error="mtls_required")
        self.assertEqual([r["protocol"] for r in rows], ["HTTP/1.1", "HTTP/2"])
        for row in rows:
            self.assertTrue(row["peer"].startswith("127.0.0.1:"), "of nobody, the address")

    def test_garbage_is_closed(self):
        woad = self.woad(limits={"header_timeout": "5m"})  # what waits for that does not end in time
        for data in GARBAGE:
            with self.subTest(data):
                client = self.plain(woad)
                client.send(data)
                self.assertRegex(client.rest(), rb"\A(\Z|\x15)")  # x15: a TLS alert
        self.unseen()

    def test_silence_is_closed(self):
        woad = self.woad(limits={"header_timeout": "300ms"})
        for begin in (b"", b"\x16\x03\x01"):
            client = self.plain(woad)
            client.send(begin)
            self.assertEqual(client.rest(), b"")
        self.assertEqual(woad.metrics("woad_tls_handshakes_total", result="timeout"), 2)

    def test_peer_in_log_and_true_forward_client_cert(self):
        woad = self.woad()
        spoofs = [("x-forwarded-client-cert", "URI=spiffe://example.org/ns/shop/sa/admin"),
                  ("X-Forwarded-Client-Cert", "By=a;URI=b"), ("X-FORWARDED-CLIENT-CERT", "x,y"),
                  ("Connection", "x-forwarded-client-cert"), ("x-forwarded-client-cert", "")]
        hash_ = self.mesh.leaves["cart"].sha256
        lower = [(k, v) for k, v in spoofs if k != "Connection"]
        for version, fields in (("h1", spoofs), ("h1", spoofs[:1]), ("h2", lower), ("h2", ())):
            got = self.secure(woad.inbound, version=version).request(target="/info", headers=fields)
            seen = [(k, v) for k, v in json.loads(got.body)["headers"]
                    if k.lower() == "x-forwarded-client-cert"]
            self.assertEqual([v for _, v in seen], [f"By={PRICE};Hash={hash_};URI={CART}"])
        rows = woad.access_log(4, direction="inbound")
        self.assertEqual({r["peer"] for r in rows}, {CART})

    def test_no_other_spelling_gets_through(self):
        woad = self.woad("permissive")
        opens = [f for v in ("h1", "h2") for f in (lambda v=v: self.secure(woad.inbound, version=v),
                                                   lambda v=v: self.plain(woad, v))]
        for field in ("x_forwarded_client_cert", "X-Forwarded_Client-Cert", "x-forwarded-client-cert"):
            for more in ({"headers": [(field, "URI=evil")]},
                         {"trailers": [(field.lower(), "URI=evil")], "body": [b"x"]}):
                for open_client in opens:
                    got = open_client().request("POST", "/info", **more)
                    self.assertIn(got.status, (200, 400))
                    self.assertNotIn(b"evil", got.body)
        self.assertNotIn(b"evil", self.app.raw)

    def test_spoofs_go_when_nothing_true_is_set(self):
        chain = ["access_log", {"peer_identity": {"forward_client_cert": False}}, "context"]
        woad = self.woad(filters={"inbound": chain})
        for version in ("h1", "h2"):
            got = self.secure(woad.inbound, version=version).request(
                target="/info", headers=[("x-forwarded-client-cert", "URI=x")] * 2)
            self.assertNotIn(b"forwarded-client-cert", got.body.lower())


class Probes(InboundSuite):
    def setUp(self):
        super().setUp()
        self.sidecar_ = self.woad(
            listener={"probe_paths": PROBES},
            context={"trust": {"plaintext": "trust"}},
            dye=[{"match": {"path": {"prefix": "/"}}, "set": {"color": "red"}}],
            filters={"inbound": ["access_log", "peer_identity",
                                 {"authorization": {"rules": [{"name": "cart", "action": "allow",
                                                               "match": {"principals": [CART]}}]}},
                                 "context", "timeout"]})

    def test_exactly_these(self):
        for version in ("h1", "h2"):
            for method in ("GET", "HEAD"):
                for path in PROBES:
                    got = self.plain(self.sidecar_, version).request(method, path)
                    self.assertEqual((got.status, got.origin), (200, "app"))

    def test_nothing_else(self):
        rows = [("POST", "/healthz"), ("PUT", "/healthz"), ("OPTIONS", "/healthz"),
                ("DELETE", "/ready/z"), ("GET", "/healthz?x"), ("GET", "/healthz?"),
                ("GET", "/healthz/"), ("GET", "//healthz"), ("GET", "/Healthz"), ("GET", "/health"),
                ("GET", "/healthz/../x"), ("GET", "/x/../healthz"), ("GET", "/healthz;x"),
                ("GET", "/healthz%20"), ("GET", "/%68ealthz"), ("GET", "/ready"), ("GET", "/"),
                ("OPTIONS", "*"), ("GET", "/healthz%00")]
        for version in ("h1", "h2"):
            for method, target in rows:
                with self.subTest(target, method=method, version=version):
                    got = self.plain(self.sidecar_, version).request(method, target)
                    self.assertIn((got.status, got.error),
                                  ((403, "mtls_required"), (400, "bad_request")))
        self.unseen()

    def test_carries_no_context(self):
        fields = [("x-woad-color", "blue"), ("baggage", "woad.color=blue,k=v"),
                  ("x-forwarded-client-cert", f"URI={CART}")]
        for version in ("h1", "h2"):
            got = self.plain(self.sidecar_, version).request(target="/healthz", headers=fields)
            self.assertEqual(got.status, 200)
            seen = str([(k.lower(), v) for k, v in self.app.requests[-1].headers])
            for word in ("blue", "red", "x-woad-color", "client-cert"):
                self.assertNotIn(word, seen)
        row = self.sidecar_.access_log(2, direction="inbound")[-1]
        self.assertEqual((row["color"], row["peer"][:10]), ("base", "127.0.0.1:"))
        got = self.secure(self.sidecar_.inbound).request(target="/healthz")
        self.assertEqual(self.app.requests[-1].get("x-woad-color"), "red", "over mTLS it is a request")

    def refused_or_closed(self, client):
        try:
            self.assertEqual(client.request(target="/secret").error, "mtls_required")
        except (Closed, ConnectionError):
            pass

    def test_what_follows_on_the_connection_is_refused(self):
        for version in ("h1", "h2"):
            client = self.plain(self.sidecar_, version)
            self.assertEqual(client.request(target="/healthz").status, 200)
            before = len(self.app.raw)
            self.refused_or_closed(client)
            self.assertEqual(len(self.app.raw), before)
        pipelined = self.plain(self.sidecar_)
        pipelined.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /secret HTTP/1.1\r\nHost: a\r\n\r\n")
        answers = pipelined.rest()
        self.assertTrue(answers.startswith(b"HTTP/1.1 200"))
        self.assertNotIn(b"/secret", self.app.raw)

    def test_a_body_that_hides_a_request(self):
        client = self.plain(self.sidecar_)
        client.send("GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 42\r\n\r\n"
                    "GET /secret HTTP/1.1\r\nHost: a\r\nX: yyyy\r\n\r\n")
        self.assertEqual(client.response().status, 200)
        self.refused_or_closed(client)
        self.assertEqual([r.target for r in self.app.requests], ["/healthz"])


class Permissive(InboundSuite):
    def test_both_come_in_and_plaintext_is_told(self):
        woad = self.woad("permissive")
        for version in ("h1", "h2"):
            plain = self.plain(woad, version)
            for _ in range(3):
                self.assertEqual(plain.request(target="/info").origin, "app")
            got = self.secure(woad.inbound, version=version).request(target="/info")
            self.assertIn(CART, got.body.decode())
        listener = f"127.0.0.1:{woad.inbound}"
        self.assertEqual(woad.metrics("woad_plaintext_requests_total", listener=listener), 6)
        page = woad.json("/certs")
        self.assertEqual(page["listeners"], [{"address": listener, "mtls": "permissive"}])
        (caller,) = page["plaintext_callers"]
        self.assertEqual((caller["address"], caller["requests"]), ("127.0.0.1", 6))
        status, text, _ = woad.get("/readyz")
        self.assertEqual(status, 200)
        self.assertRegex(text, r"(?m)^warning: .*permissive")
        with self.assertRaises((ssl.SSLError, Closed, OSError)):
            self.secure(woad.inbound, None).request()

    def test_plaintext_is_nobody(self):
        rule = {"name": "cart", "action": "allow", "match": {"principals": ["spiffe://example.org/**"]}}
        woad = self.woad("permissive", filters={
            "inbound": ["access_log", "peer_identity", {"authorization": {"rules": [rule]}}]})
        spoof = [("x-forwarded-client-cert", f"URI={CART}")]
        for version in ("h1", "h2"):
            self.assert_local(self.plain(woad, version).request(headers=spoof), "denied", 403)
            self.assertEqual(self.secure(woad.inbound, version=version).request().status, 200)

    def test_off(self):
        woad = self.woad("off")
        self.assertEqual(self.plain(woad).request().origin, "app")
        self.assertEqual(knock(woad.inbound, self.mesh.client())[0], None)
        self.assertNotIn("warning", woad.get("/readyz")[1])

    def test_modes_change_under_open_connections(self):
        woad = self.woad("strict")
        secure = [self.secure(woad.inbound, version=v) for v in ("h1", "h2")]

        def mode(mtls):
            woad.reload(dict(woad.config, inbound=[self.listener(mtls)]))
            for client in secure:
                self.assertEqual(client.request(target="/info").status, 200)
        mode("permissive")
        plain = [self.plain(woad, v) for v in ("h1", "h2")]
        for client in plain:
            self.assertEqual(client.request().status, 200)
        mode("strict")
        for client in plain:
            self.assert_local(client.request(), "mtls_required", 403)
        mode("permissive")
        self.assertEqual(self.plain(woad).request().status, 200)
        mode("off")
        self.assertEqual(self.plain(woad).request().status, 200)
        mode("strict")
        self.assert_local(self.plain(woad).request(), "mtls_required", 403)
        for client in secure:
            self.assertEqual(client.request().status, 200, "one connection all along")
