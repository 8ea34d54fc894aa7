"""app – sidecar – mTLS – sidecar – app: what HTTP can do is not less for two proxies between."""
import asyncio
import hashlib
import itertools
import os
import time

from support.certs import CART, PRICE
from support.mesh import MeshSuite
from support.mtls import mtls_service
from support.suite import *
from upgrade_test import WEBSOCKET, parrot

MIB = 1 << 20
INNER = ("http1", "http2", "auto")  # what the sidecars speak with each other


async def handler(request):
    path = request.target.split("?")[0]
    if path == "/ws":
        return Reply(101, [("Connection", "Upgrade"), ("Upgrade", "websocket")], tunnel=parrot)
    if path == "/early":  # while the body still comes
        return Reply(413, body=b"too much", close=True)
    if path == "/trailers":
        body = await request.read()
        return Reply(headers=[("content-type", "application/grpc")], body=body,
                     trailers=[("grpc-status", "7"), ("grpc-message", "no way")])
    if path == "/hints":
        return Reply(interim=[(103, [("link", "</a.css>")])], body=b"hinted")
    return await echo(request)


class Pair(MeshSuite):
    def pair(self, inner="auto", app_protocol="auto", services=None, **more):
        self.app = self.origin("app", handler=handler)
        self.price = self.sidecar(
            node={"service": "price"}, tls=self.mesh.tls("price"),
            inbound=[{"address": "127.0.0.1:@inbound@", "app": self.app.address,
                      "app_protocol": app_protocol}], **more)
        to_price = mtls_service(f"127.0.0.1:{self.price.inbound}", peer=[PRICE], protocol=inner)
        self.cart = self.sidecar(node={"service": "cart"}, tls=self.mesh.tls("cart"),
                                 services={"svc": to_price, **(services or {})}, **more)
        return self.cart

    def each_way(self, check):
        """check(client) with clients of both versions, for each way through."""
        for inner, app in (*itertools.product(INNER, ("http1", "http2")), ("auto", "auto")):
            self.pair(inner, app)
            for version in ("h1", "h2"):
                with self.subTest(inner=inner, app=app, version=version):
                    check(self.client(self.cart.outbound, version))
            self.assertEqual(self.app.errors, [])

    def test_large_bodies(self):
        body = os.urandom(10 * MIB)
        said = f"{len(body)} {hashlib.sha256(body).hexdigest()}".encode()
        ways = [("http1", "http1"), ("http2", "http2"), ("auto", "auto")]
        for inner, app in ways:
            self.pair(inner, app)
            for version in ("h1", "h2"):
                with self.subTest(inner=inner, app=app, version=version):
                    client = self.client(self.cart.outbound, version)
                    self.assertEqual(client.request("POST", "/sha", body=body).body, said)
                    pieces = [body[:MIB], body[MIB:]]
                    self.assertEqual(client.request("POST", "/sha", body=pieces).body, said)
                    got = client.request(target=f"/bytes/{10 * MIB}")
                    self.assertEqual(len(got.body), 10 * MIB)
                    echoed = client.request("POST", "/", body=body).body
                    self.assertEqual(hashlib.sha256(echoed).digest(), hashlib.sha256(body).digest())

    def test_many_kinds_of_requests(self):
        def check(client):
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
                got = client.request(method, "/info?a=b", [("x-a", "1")])
                self.assertEqual((got.status, got.origin), (200, "app"))
            seen = self.app.requests[-1]
            self.assertEqual((seen.target, seen.get("x-a")), ("/info?a=b", "1"))
            self.assertIn(f"URI={CART}", seen.get("x-forwarded-client-cert"))
            got = client.request("POST", "/trailers", [("content-type", "application/grpc"), ("te", "trailers")],
                                 body=[b"abc", b"def"], trailers=[("x-end", "yes")])
            self.assertEqual(bytes(got.body), b"abcdef")
            self.assertEqual((got.trailer("grpc-status"), got.trailer("grpc-message")), ("7", "no way"))
            self.assertEqual(self.app.requests[-1].trailers, [("x-end", "yes")])
            got = client.request(target="/hints")
            self.assertEqual(bytes(got.body), b"hinted")
        self.each_way(check)

    def test_one_connection_between_sidecars(self):
        self.pair("http2")

        def work(number):
            with H2(self.cart.outbound) as client:
                streams = [client.start(target="/info") for _ in range(100)]
                for stream in streams:
                    self.assertEqual(client.response(stream).status, 200)
        in_threads(4, work)
        self.assertLessEqual(self.price.metrics("woad_tls_handshakes_total", direction="inbound"), 4)

    def test_continue(self):
        for inner in INNER:
            self.pair(inner)
            client = self.client(self.cart.outbound)
            client.send(client.head("POST", "/sha", [("Expect", "100-continue"), ("Content-Length", "5")]))
            self.assertEqual(client.response_head().status, 100)
            client.send(b"hello")
            self.assertTrue(client.response().body.startswith(b"5 "))

    def test_early_response(self):
        for inner in INNER:
            self.pair(inner)
            for version in ("h1", "h2"):
                with self.subTest(inner=inner, version=version):
                    client = self.client(self.cart.outbound, version)
                    if version == "h1":
                        head = client.head("POST", "/early", [("Content-Length", str(MIB))])
                        client.send(head + "x" * 1000)
                        got = client.response()
                    else:
                        stream = client.open("POST", "/early", end=False)
                        client.h2.data(stream, b"x" * 1000)
                        client.flush()
                        while not client.responses[stream].body:
                            client.pump()
                        got = client.responses[stream]
                    self.assertEqual((got.status, bytes(got.body)), (413, b"too much"))
            self.assertEqual(fetch(self.cart.outbound).status, 200, "and others go on")

    def test_websocket(self):
        for inner in ("http1", "auto"):  # auto agrees on h2 for all else, which carries no Upgrade
            with self.subTest(inner=inner):
                self.pair(inner)
                self.assertEqual(fetch(self.cart.outbound).status, 200)
                client = self.client(self.cart.outbound)
                client.send(client.head("GET", "/ws", WEBSOCKET))
                got = client.response()
                self.assertEqual((got.status, got.get("upgrade")), (101, "websocket"))
                self.assertEqual(client.exactly(6), b"hello ")
                for size in (1, 1000, 100_000):
                    client.send(b"a" * size)
                    self.assertEqual(client.exactly(size), b"A" * size)
                client.send(b"bye")
                client.sock.shutdown(1)
                self.assertEqual(client.rest(), b"BYE")

    def test_slow_reader(self):
        """What a client does not read waits at the app, not in the sidecars."""
        size = 64 * MIB
        given = [0]

        async def pieces():
            while given[0] < size:
                given[0] += 1 << 16
                yield b"x" * (1 << 16)
        for inner in ("http1", "http2"):
            self.pair(inner, inner)
            self.app.handler = lambda request: Reply(body=pieces())
            given[0] = 0
            client = H1(self.cart.outbound, receive_buffer=65536)
            self.addCleanup(client.close)
            client.send(client.head("GET", "/", []))
            response = client.response_head()

            def still():
                before = given[0]
                time.sleep(0.3)
                return given[0] == before
            self.assertTrue(until(still), "the app has to stop")
            self.assertLess(given[0], size / 2)
            self.assertEqual(sum(map(len, client.body(response))), size)

    def test_app_that_dies(self):
        for inner in INNER:
            self.pair(inner)
            gate = asyncio.Event()

            async def die(request):
                async def pieces():
                    yield b"x" * 1000
                    await gate.wait()
                return Reply(reset=True) if request.target == "/reset" else Reply(body=pieces())
            self.app.handler = die
            got = fetch(self.cart.outbound, "POST", "/reset", body=b"x")
            self.assertEqual((got.status, got.error), (502, "upstream_reset"))
            client = self.client(self.cart.outbound)
            client.start()
            response = client.response_head()
            self.app.drop_connections()
            with self.assertRaises((Closed, ConnectionError)):
                list(client.body(response))
            self.app.handler = echo
            self.assertEqual(fetch(self.cart.outbound).status, 200)

    def test_peer_that_goes(self):
        """The other sidecar restarts: what is idle is dialled anew, with a new handshake."""
        for inner in INNER:
            self.pair(inner)
            self.assertEqual(fetch(self.cart.outbound).status, 200)
            self.price.kill()
            got = fetch(self.cart.outbound)
            self.assertEqual((got.status, got.error), (503, "connect_failed"))
            self.price.start()
            self.assertTrue(until(lambda: fetch(self.cart.outbound).status == 200))
