"""Connections are never shared across identities: many services behind one address, each called
as somebody else, and a record of what came on which connection."""
import asyncio
import random
import socket
import ssl

from support.certs import DNS, spiffe
from support.mesh import SPEAKS, MeshSuite, uris_of
from support.suite import *

REQUESTS = 100_000 if FULL else 5_000
A, B, D = spiffe("a"), spiffe("b"), spiffe("d")


class Listening:
    def __init__(self, sock, task):
        self.sock, self.task = sock, task

    def close(self):
        self.task.cancel()
        self.sock.close()


class OneAddress(Origin):
    """Plaintext or TLS by the first byte, its certificate by SNI. `peers`: of each connection, by
    its number, (SNI, ALPN, the client's id); plaintext: (None, None, None)."""

    def __init__(self, contexts):
        self.contexts, self.peers = contexts, {}
        first = next(iter(contexts.values()))
        first.sni_callback = self.choose
        super().__init__("one", tls=first)

    def choose(self, tls, name, _):
        tls.name = name
        if name not in self.contexts:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        tls.context = self.contexts[name]
        return None

    async def _listen(self):
        sock = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        sock.setblocking(False)
        return Listening(sock, asyncio.ensure_future(self.accept_all(sock)))

    async def accept_all(self, sock):
        while True:
            client, _ = await self.loop.sock_accept(sock)
            asyncio.ensure_future(self.detect(client))

    async def detect(self, client):
        ready = self.loop.create_future()
        self.loop.add_reader(client, lambda: ready.done() or ready.set_result(None))
        await ready
        self.loop.remove_reader(client)
        try:
            tls = self.tls if client.recv(1, socket.MSG_PEEK) == b"\x16" else None
            reader = asyncio.StreamReader(limit=1 << 20)
            await self.loop.connect_accepted_socket(
                lambda: asyncio.StreamReaderProtocol(reader, self._accept), client, ssl=tls)
        except OSError:  # refused by the caller, as it should be where a test says so
            client.close()

    async def _accept(self, reader, writer):
        tls = writer.get_extra_info("ssl_object")
        client = uris_of(tls.getpeercert()) if tls else []
        self.peers[self.connections + 1] = (
            tls and tls.name, tls and tls.selected_alpn_protocol(), client[0] if client else None)
        await super()._accept(reader, writer)


class Identity(MeshSuite):
    def context(self, name, **spec):
        files = self.mesh.tls(name, **spec)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files["certificate"], files["key"])
        context.load_verify_locations(files["trust_bundle"])
        context.verify_mode = ssl.CERT_OPTIONAL
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context

    def setUp(self):
        names = [(DNS, "d")]
        self.server = OneAddress({"a": self.context("a"), "b": self.context("b"),
                                  "d": self.context("d", names=names)})
        self.addCleanup(self.server.close)
        ca = self.mesh.tls("cart")["trust_bundle"]
        # name: (its tls, other settings, (SNI, ALPN, is our id shown) of its connections)
        self.rows = {
            "a": ({"sni": "a", "peer": [A]}, {}, ("a", "h2", True)),
            "a-h1": ({"sni": "a", "peer": [A]}, {"protocol": "http1"}, ("a", "http/1.1", True)),
            "a-h2": ({"sni": "a", "peer": [A]}, {"protocol": "http2"}, ("a", "h2", True)),
            "a-or-b": ({"sni": "a", "peer": [A, B]}, {}, ("a", "h2", True)),
            "b-or-a": ({"sni": "b", "peer": [A, B]}, {}, ("b", "h2", True)),
            "b": ({"sni": "b", "peer": [B]}, {}, ("b", "h2", True)),
            "anyone": ({"sni": "b"}, {"protocol": "http1"}, ("b", "http/1.1", True)),
            "d": ({}, {}, ("d", "h2", True)),
            "d-name": ({"mode": "tls", "sni": "d", "ca": ca}, {}, ("d", "h2", False)),
            "d-external": ({"mode": "tls", "sni": "d", "ca": ca}, {"protocol": "http1", "external": True},
                           ("d", "http/1.1", False)),
            "off": ({"mode": "off"}, {}, (None, None, False)),
        }
        # Right name, wrong id; right id, wrong name; nobody's name.
        self.wrong = {"not-b": {"sni": "a", "peer": [B]}, "not-a": {"sni": "b", "peer": [A]},
                      "nobody": {"sni": "d", "peer": [spiffe("x")]},
                      "name": {"mode": "tls", "sni": "a", "ca": ca}}
        services = {n: service(self.server.address, tls=t, **m) for n, (t, m, _) in self.rows.items()}
        services |= {n: service(self.server.address, tls=t) for n, t in self.wrong.items()}
        self.woad = self.sidecar(tls=self.mesh.tls("cart"), services=services, workers=2,
                                 filters={"outbound": ["access_log"]})

    def run_mixed(self, count, half):
        """`count` requests in four threads, over both protocols; each is answered or refused as its
        service must be."""
        def work(number):
            dice = random.Random(number)
            clients = [SPEAKS[v](self.woad.outbound) for v in ("h1", "h2")]
            names = [*self.rows] * 4 + [*self.wrong]
            for _ in range(count // 4):
                name = dice.choice(names)
                got = dice.choice(clients).request(host=name, headers=[("x-half", half)])
                if name in self.wrong:
                    self.assertEqual((got.status, got.error), (503, "connect_failed"))
                    self.assertIn("error=tls_certificate_error", got.get("proxy-status"))
                else:
                    self.assertEqual((got.status, got.origin), (200, "one"), name)
            for client in clients:
                client.close()
        in_threads(4, work)

    def test_never_shared(self):
        self.run_mixed(REQUESTS // 2, "cart")
        self.woad.reload(dict(self.woad.config, tls=self.mesh.tls("other")))
        self.run_mixed(REQUESTS // 2, "other")
        came = {}
        for request in self.server.requests:
            came.setdefault(request.connection, set()).add((request.authority, request.get("x-half")))
        seen = set()
        for connection, what in came.items():
            services = {name for name, _ in what}
            self.assertEqual(len(services), 1, "one connection, one service")
            ((name, half),) = what if len(what) == 1 else [(services.pop(), None)]
            sni, alpn, shown = self.rows[name][2]
            self.assertEqual(self.server.peers[connection][:2], (sni, alpn), name)
            if shown:
                self.assertIsNotNone(half, "one connection, one identity of ours")
            self.assertEqual(self.server.peers[connection][2], spiffe(half) if shown else None)
            seen.add(name)
        self.assertEqual(seen, set(self.rows))
        self.assertGreater(len(self.server.requests), REQUESTS * 0.8)
        self.assertLess(len(came), REQUESTS / 10, "and they are shared within one")
        self.assertEqual(self.server.errors, [])

    def test_refusal_is_for_one_service_alone(self):
        """While a connection for the right one is open, and where only the wrong one ever asked."""
        for good, wrong in (("a", "not-b"), ("b", "not-a"), ("d", "nobody"), ("d-name", "name")):
            for _ in range(5):
                self.assertEqual(fetch(self.woad.outbound, host=wrong).error, "connect_failed")
                self.assertEqual(fetch(self.woad.outbound, host=good).status, 200)
        self.assertEqual({r.authority for r in self.server.requests}, {"a", "b", "d", "d-name"})

    def test_settings_change(self):
        """The same service with another peer, sni or mode never uses what it opened before."""
        changes = [("a", {"sni": "a", "peer": [A]}, A), ("a", {"sni": "b", "peer": [B]}, B),
                   ("a", {"sni": "a", "peer": [B]}, None), ("a", {"sni": "a", "peer": [A]}, A),
                   ("a", {"mode": "off"}, "off"), ("a", {"sni": "d"}, D),
                   ("a", {"mode": "tls", "sni": "b", "ca": self.mesh.tls("cart")["trust_bundle"]}, None)]
        for name, tls, expected in changes:
            self.woad.reload(dict(self.woad.config, services={name: service(self.server.address, tls=tls)}))
            got = fetch(self.woad.outbound, host=name)
            with self.subTest(tls):
                self.assertEqual(got.status, 200 if expected else 503)
                if expected:
                    sni = self.server.peers[self.server.requests[-1].connection][0]
                    self.assertEqual(sni, None if expected == "off" else expected[-1])
