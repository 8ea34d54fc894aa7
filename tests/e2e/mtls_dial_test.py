"""Whom the sidecar calls: the right identity or nobody, told in words; names, protocols, alerts."""
import ssl

from support.certs import DNS, PRICE, Ca, spiffe
from support.mesh import MeshSuite
from support.mtls import mtls_service, server_context
from support.suite import *

OTHER = spiffe("other")


class Outbound(MeshSuite):
    def woad(self, services, tls=None, **more):
        return self.sidecar(tls={**self.mesh.tls("cart"), **(tls or {})}, services=services, **more)

    def price(self, alpn=("http/1.1",), name="price", **more):
        return self.origin(name, tls=self.mesh.server(name, alpn), **more)

    def assert_refused(self, woad, error, *words, host="svc"):
        """connect_failed for both kinds of clients, with its reason in words."""
        for version in ("h1", "h2"):
            got = fetch(woad.outbound, host=host, version=version)
            self.assert_local(got, "connect_failed", 503)
            self.assertIn(f"error={error};", got.get("proxy-status"))
            row = woad.access_log(1, direction="outbound", service=host)[-1]
            for word in words:
                self.assertIn(word, row["why"])
                self.assertIn(word, got.get("proxy-status"))
        return row


class Identity(Outbound):
    def test_the_right_one(self):
        price = self.price(alpn=("h2", "http/1.1"))
        for peer in (None, [PRICE], [OTHER, PRICE], ["spiffe://example.org/ns/*/sa/price"],
                     ["spiffe://example.org/**"]):
            woad = self.woad({"svc": mtls_service(price.address, peer=peer)})
            for version in ("h1", "h2"):
                self.assertEqual(fetch(woad.outbound, version=version).origin, "price")

    def test_another_one(self):
        door = self.knocking(self.mesh.server("price"))
        for peer in ([OTHER], [PRICE + "s"], ["spiffe://example.org/ns/*"],
                     ["spiffe://example.org/ns/shop/sa/*/x", OTHER]):
            woad = self.woad({"svc": mtls_service(door.address, peer=peer)},
                             filters={"outbound": ["access_log"]})
            door.seen.clear()
            row = self.assert_refused(woad, "tls_certificate_error", PRICE, " or ".join(peer))
            self.assertTrue(until(lambda: len(door.seen) >= 2))
            self.assertEqual(set(door.seen), {("alert", "bad_certificate")})
            self.assertIn(f"its id {PRICE} is not the expected {' or '.join(peer)}", row["why"])
            self.assertGreaterEqual(
                woad.metrics("woad_tls_handshakes_total", direction="outbound", result="certificate"), 2)

    def test_root_that_is_not_ours(self):
        stranger = Ca("root")
        files = self.mesh.tls("strange", root=stranger, uris=(PRICE,))
        door = self.knocking(server_context([self.mesh.root], files))
        woad = self.woad({"svc": mtls_service(door.address)})
        self.assert_refused(woad, "tls_certificate_error", "no chain from it leads to a root")
        self.assertTrue(until(lambda: ("alert", "unknown_ca") in door.seen), door.seen)

    def test_wrong_once_told_per_request_while_the_right_one_works(self):
        price = self.price()
        woad = self.woad({"good": mtls_service(price.address, peer=[PRICE]),
                          "bad": mtls_service(price.address, peer=[OTHER])})
        for _ in range(9):
            self.assertEqual(fetch(woad.outbound, host="good").origin, "price")
            self.assertEqual(fetch(woad.outbound, host="bad").error, "connect_failed")
        self.assertEqual(len(price.requests), 9)

    def test_server_that_asks_for_no_certificate(self):
        context = self.mesh.server("price")
        context.verify_mode = ssl.CERT_NONE
        price = self.origin("price", tls=context)
        woad = self.woad({"svc": mtls_service(price.address, peer=[PRICE])})
        self.assertEqual(fetch(woad.outbound).origin, "price")

    def test_server_that_refuses_our_certificate(self):
        """In TLS 1.3 its alert comes when our side of the handshake is done."""
        foreign = Ca("foreign")
        for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            context = server_context([foreign], self.mesh.tls("price"))
            context.maximum_version = version
            door = self.knocking(context)
            woad = self.woad({"svc": mtls_service(door.address)},
                             tls={"min_version": "1.2"})
            row = self.assert_refused(woad, "tls_alert_received", "refused our certificate", "unknown_ca")
            self.assertEqual(row["error"], "connect_failed")

    def test_redials_after_refusal(self):
        """What was refused once is tried anew by the next request."""
        price = self.price()
        woad = self.woad({"svc": mtls_service(price.address, peer=[OTHER])})
        self.assert_refused(woad, "tls_certificate_error", PRICE)
        woad.reload(dict(woad.config, services={"svc": mtls_service(price.address, peer=[PRICE])}))
        self.assertEqual(fetch(woad.outbound).origin, "price")
        woad.reload(dict(woad.config, services={"svc": mtls_service(price.address, peer=[OTHER])}))
        self.assert_refused(woad, "tls_certificate_error", PRICE)
        self.assertEqual(len(price.requests), 1)


class NotTls(Outbound):
    def test_plaintext_server(self):
        said = b"HTTP/1.1 400 Bad Request\r\n\r\n"
        door = self.knocking(None, lambda c: (c.recv(1000), c.sendall(said)))
        woad = self.woad({"svc": mtls_service(door.address)})
        self.assert_refused(woad, "tls_protocol_error", "the server speaks no TLS", "HTTP/1.1 400")

    def test_server_that_speaks_first(self):
        door = self.knocking(None, lambda c: (c.sendall(b"220 hello\r\n"), c.recv(1000)))
        woad = self.woad({"svc": mtls_service(door.address)})
        self.assert_refused(woad, "tls_protocol_error", "speaks no TLS", "220 hello")

    def test_server_that_hangs_up(self):
        door = self.knocking(None, lambda c: c.recv(10))
        woad = self.woad({"svc": mtls_service(door.address)})
        self.assert_refused(woad, "tls_protocol_error", "handshake")

    def test_server_that_is_silent(self):
        door = self.knocking(None, lambda c: [None for _ in iter(lambda: c.recv(1000), b"")])
        woad = self.woad({"svc": mtls_service(door.address)}, filters={"outbound": ["access_log"]})
        self.assert_refused(woad, "connection_timeout", "handshake")

    def test_server_of_old_tls(self):
        context = self.mesh.server("price")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        door = self.knocking(context)
        woad = self.woad({"svc": mtls_service(door.address)})
        self.assert_refused(woad, "tls_alert_received", "protocol_version")
        woad = self.woad({"svc": mtls_service(door.address)}, tls={"min_version": "1.2"})
        self.assertEqual(fetch(woad.outbound).status, 200)


class Protocol(Outbound):
    def test_alpn_decides(self):
        for offered, said in ((("h2", "http/1.1"), "HTTP/2"), (("http/1.1",), "HTTP/1.1"), ((), "HTTP/1.1")):
            price = self.price(alpn=offered)
            woad = self.woad({"svc": mtls_service(price.address)})
            for version in ("h1", "h2"):
                got = fetch(woad.outbound, target="/info", version=version)
                self.assertEqual(json.loads(got.body)["version"], said)

    def test_written_protocol(self):
        both, none = self.price(alpn=("h2", "http/1.1")), self.price(alpn=())
        woad = self.woad({"one": mtls_service(both.address, protocol="http1"),
                          "two": mtls_service(both.address, protocol="http2"),
                          "none1": mtls_service(none.address, protocol="http1"),
                          "svc": mtls_service(none.address, protocol="http2")})
        for host, said in (("one", "HTTP/1.1"), ("two", "HTTP/2"), ("none1", "HTTP/1.1")):
            got = fetch(woad.outbound, target="/info", host=host)
            self.assertEqual(json.loads(got.body)["version"], said)
        self.assert_refused(woad, "tls_protocol_error", "did not agree on h2", "protocol: http2")

    def test_server_that_wants_another(self):
        """Of HTTP/1.1 alone, where the service says http2."""
        price = self.price(alpn=("http/1.1",))
        woad = self.woad({"svc": mtls_service(price.address, protocol="http2")})
        self.assert_refused(woad, "tls_protocol_error", "did not agree on h2", "protocol: http2")

    def test_sni_is_sent(self):
        names = []
        context = self.mesh.server("price")
        context.sni_callback = lambda _, name, __: names.append(name)
        price = self.origin("price", tls=context)
        woad = self.woad({"svc": mtls_service(price.address),
                          "named": mtls_service(price.address, sni="price.shop"),
                          "address": mtls_service(price.address, sni="10.0.0.1")})
        for host in ("svc", "named", "address"):
            self.assertEqual(fetch(woad.outbound, host=host).status, 200)
        self.assertEqual(names, ["svc", "price.shop", None])


class NamedServers(Outbound):
    """mode: tls, for servers that have names and no SPIFFE id."""

    def named(self, *names):
        files = self.mesh.tls("named-" + "-".join(names), uris=(), names=[(DNS, n) for n in names])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files["certificate"], files["key"])
        context.set_alpn_protocols(["http/1.1"])
        return self.origin("api", tls=context)

    def service(self, origin, ca=None, **tls):
        ca = {} if ca == "system" else {"ca": ca or self.mesh.tls("cart")["trust_bundle"]}
        return service(origin.address, tls={"mode": "tls", **ca, **tls}, external=True)

    def test_name_and_ca(self):
        api = self.named("api.example.com", "*.shop.example")
        woad = self.woad({
            "good": self.service(api, sni="api.example.com"),
            "wild": self.service(api, sni="a.shop.example"),
            "deep": self.service(api, sni="a.b.shop.example"),
            "svc": self.service(api, sni="other.example.com"),
            "default": self.service(api),
            "system": self.service(api, ca="system", sni="api.example.com")})
        for host in ("good", "wild"):
            self.assertEqual(fetch(woad.outbound, host=host).origin, "api")
        for host in ("svc", "default", "deep"):
            self.assert_refused(woad, "tls_certificate_error", "it is not for the name", host=host)
        self.assert_refused(woad, "tls_certificate_error", "root", host="system")
        self.assertEqual(len(api.requests), 2)

    def test_needs_no_identity_of_ours(self):
        api = self.named("api")
        woad = self.sidecar(services={"api": self.service(api)})
        self.assertEqual(fetch(woad.outbound, host="api").origin, "api")

    def test_external_is_plaintext_unless_told(self):
        origin = self.origin()
        woad = self.woad({"ext": service(origin.address, external=True),
                          "off": service(origin.address, tls={"mode": "off"}),
                          "svc": service(self.knocking(None, lambda c: c.sendall(b"hello")).address)})
        for host in ("ext", "off"):
            self.assertEqual(fetch(woad.outbound, host=host).origin, "origin")
        self.assert_refused(woad, "tls_protocol_error", "speaks no TLS")

    def test_external_mtls(self):
        price = self.price()
        woad = self.woad({"svc": mtls_service(price.address, external=True)})
        self.assertEqual(fetch(woad.outbound).origin, "price")
