"""Certificates are replaced under load, and files that do not hold change nothing and show."""
import asyncio
import hashlib
import os
import shutil
import ssl
import tempfile
import threading
import time

from support.certs import openssl, spiffe
from support.mesh import ALPN, SPEAKS, Issuer, MeshSuite
from support.mtls import knock, mtls_service
from support.suite import *

SECONDS = 60 if FULL else 8


def hash_of(path):
    return hashlib.sha256(openssl("x509", "-in", path, "-outform", "DER")).hexdigest()


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


class Rotation(MeshSuite):
    """cart calls price; both have their certificates of `woad certs`."""

    def setUp(self):
        self.ca = Issuer()
        self.addCleanup(self.ca.close)
        self.ca.issue("cart", "price", "caller")
        self.app = self.origin("app")
        self.price = self.sidecar(
            node={"service": "price"}, tls=self.ca.tls("price"),
            inbound=[{"address": "127.0.0.1:@inbound@", "app": self.app.address}])
        to = f"127.0.0.1:{self.price.inbound}"
        peer = [spiffe("price")]
        self.cart = self.sidecar(
            node={"service": "cart"}, tls=self.ca.tls("cart"),
            services={v: mtls_service(to, peer=peer, protocol=p)
                      for v, p in (("h1", "http1"), ("h2", "http2"))})

    def context(self, folder="caller", alpn=()):
        """Of a caller that is no sidecar, with the files as they are now."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        tls = self.ca.tls(folder)
        while True:
            try:
                context.load_cert_chain(tls["certificate"], tls["key"])
                break
            except ssl.SSLError as error:  # read between the two being replaced
                if error.reason != "KEY_VALUES_MISMATCH":
                    raise
        context.load_verify_locations(tls["trust_bundle"])
        context.set_alpn_protocols(list(alpn))
        return context

    def shown(self):
        """The hash of the certificate that price shows now."""
        with H1(self.price.inbound, tls=self.context()) as client:
            self.assertEqual(client.request().status, 200)
            return hashlib.sha256(client.sock.getpeercert(True)).hexdigest()

    def said(self, version):
        """The hash of cart's certificate as price tells it to its app."""
        got = fetch(self.cart.outbound, target="/info", host=version)
        self.assertEqual(got.status, 200, got)
        return got.body.decode().split("Hash=")[1][:64]

    def roots(self):
        return {len(w.json("/certs")["identity"]["trust_bundle"]) for w in (self.cart, self.price)}

    def newest_is_used(self):
        """By every new handshake and new request, at most 2 s after the swap."""
        price, cart = (hash_of(self.ca.path(n, "tls.crt")) for n in ("price", "cart"))
        began = time.monotonic()
        self.assertTrue(until(lambda: self.shown() == price, 2 if not SANITIZED else 8))
        for version in ("h1", "h2"):
            left = (2 if not SANITIZED else 8) - (time.monotonic() - began)
            self.assertTrue(until(lambda: self.said(version) == cart, max(left, 0.01)))
        self.assertEqual((self.shown(), self.said("h1"), self.said("h2")), (price, cart, cart))

    def metrics(self, woad, result):
        return woad.metrics("woad_certificate_reloads_total", result=result)


class UnderLoad(Rotation):
    def load(self, open_client, counts):
        """Requests on one connection after another until the end; what fails is written down."""
        client, used = None, 0
        while not self.done.is_set():
            try:
                client, used = (client, used) if client else (open_client(), 0)
                got = client.request("POST", "/sha", body=b"x" * 5000)
                if got.status != 200 or not got.body.startswith(b"5000 "):
                    counts["failed"].append((got.status, got.headers, bytes(got.body)))
                counts["good"] += 1
                used += 1
                if used == 50:
                    client.close()
                    client = None
            except Exception as error:
                counts["failed"].append(repr(error))
                client = None
        if client:
            client.close()

    def callers(self):
        """Through cart, HTTP/1.1 and HTTP/2 outside and inside; and with price itself."""
        for outside in ("h1", "h2"):
            for inside in ("h1", "h2"):
                def through(outside=outside, inside=inside):
                    client = SPEAKS[outside](self.cart.outbound)
                    request = client.request
                    client.request = lambda *a, **m: request(*a, host=inside, **m)
                    return client
                yield through
            yield lambda v=outside: SPEAKS[v](self.price.inbound, tls=self.context("caller", ALPN[v]))

    def steps(self):
        """A root is replaced in five steps; each waits until both sidecars know of it."""
        names = ("cart", "price", "caller")
        while True:
            for _ in range(2):
                self.ca.issue(*names)
                yield
            self.ca.run("--new-root")
            self.assertTrue(until(lambda: self.roots() == {2}, 5))
            yield
            self.ca.issue(*names)
            yield
            self.ca.issue("price", "caller")
            yield
            self.ca.run("--drop-old-roots")
            self.assertTrue(until(lambda: self.roots() == {1}, 5))
            yield

    def test_replaced_every_second(self):
        self.done = threading.Event()
        counts = [{"good": 0, "failed": []} for _ in range(6)]
        threads = [threading.Thread(target=self.load, args=(c, n), daemon=True)
                   for c, n in zip(self.callers(), counts)]
        for thread in threads:
            thread.start()
        self.addCleanup(self.done.set)
        end, rounds = time.monotonic() + SECONDS, 0
        for _ in self.steps():
            rounds += 1
            tick = time.monotonic() + 1
            self.newest_is_used()
            if time.monotonic() > end and rounds >= 6:
                break
            time.sleep(max(0, tick - time.monotonic()))
        self.done.set()
        for thread in threads:
            thread.join(30)
        self.assertEqual([c["failed"] for c in counts], [[]] * 6)
        self.assertTrue(all(c["good"] > 5 * SECONDS for c in counts), counts)
        for woad in (self.cart, self.price):
            self.assertGreaterEqual(self.metrics(woad, "success"), rounds * 0.6)
            self.assertIsNone(woad.json("/certs")["last_error"])
        self.assertEqual(self.cart.access_log(0, direction="outbound", error="connect_failed"), [])


class BadFiles(Rotation):
    def refused(self, woad, words, before):
        """The old pair stays, and all places say why."""
        self.assertTrue(until(lambda: words in (woad.json("/certs")["last_error"] or ""), 5),
                        (words, woad.json("/certs")["last_error"]))
        status, text, _ = woad.get("/readyz")
        self.assertEqual(status, 200)
        self.assertRegex(text, r"(?m)^warning: new certificate files were refused.*")
        self.assertIn(words, text)
        self.assertGreater(self.metrics(woad, "rejected"), before)

    def test_each_kind(self):
        folder = self.ca.path("price")
        names = ("tls.crt", "tls.key", "ca.crt")
        good = {name: read(f"{folder}/{name}") for name in names}
        used = self.shown()
        cart_crt = read(self.ca.path("cart", "tls.crt"))
        rows = [
            ("tls.key", read(self.ca.path("cart", "tls.key")), "tls.key: "),
            ("tls.crt", cart_crt, "tls.key: "),
            ("tls.crt", good["tls.crt"][:200], "tls.crt: "), ("tls.key", good["tls.key"][:100], "tls.key: "),
            ("tls.crt", "", "tls.crt: "), ("tls.key", "", "tls.key: "), ("ca.crt", "", "ca.crt: "),
            ("ca.crt", good["ca.crt"][:100], "ca.crt: "), ("tls.crt", "\0" * 5000, "tls.crt: "),
            ("tls.key", good["tls.crt"], "tls.key: "), ("ca.crt", cart_crt, "is not a CA"),
            ("tls.crt", good["ca.crt"], "tls.key: is not the key of"),
            ("tls.crt", None, "tls.crt: no such file"), ("tls.key", None, "tls.key: no such file"),
            ("ca.crt", None, "ca.crt: no such file"),
        ]
        clients = [self.secure(version) for version in ("h1", "h2")]
        for name, text, words in rows:
            with self.subTest(name, text=text and text[:40], words=words):
                before = self.metrics(self.price, "rejected")
                if text is None:
                    os.remove(f"{folder}/{name}")
                else:
                    write(f"{folder}/{name}", text)
                self.refused(self.price, words, before)
                self.assertEqual(self.shown(), used)
                for client in clients:
                    self.assertEqual(client.request().status, 200)
                write(f"{folder}/{name}", good[name])
                self.assertTrue(until(lambda: self.price.json("/certs")["last_error"] is None, 5))
                self.assertNotIn("warning", self.price.get("/readyz")[1])
                self.assertEqual(self.shown(), used)
        self.ca.issue("price")
        self.newest_is_used()

    def secure(self, version):
        client = SPEAKS[version](self.price.inbound, tls=self.context("caller", ALPN[version]))
        self.addCleanup(client.close)
        return client

    def test_yaml_reload_meanwhile(self):
        other = self.origin("other")
        used, good = self.shown(), read(self.ca.path("price", "tls.crt"))
        write(self.ca.path("price", "tls.crt"), "garbage")
        self.refused(self.price, "tls.crt: ", 0)
        inbound = [dict(self.price.config["inbound"][0], app=other.address)]
        self.price.reload(dict(self.price.config, version="two", inbound=inbound))
        status = self.price.json("/config/status")
        self.assertEqual((status["version"], status["last_error"]), ("two", None))
        with H1(self.price.inbound, tls=self.context()) as client:
            self.assertEqual(client.request().origin, "other")
        self.assertEqual(self.shown(), used)
        self.assertIn("tls.crt", self.price.json("/certs")["last_error"])
        write(self.ca.path("price", "tls.crt"), good)
        self.ca.issue("price")
        self.newest_is_used()
        self.assertIsNone(self.price.json("/certs")["last_error"])

    def test_a_start_with_bad_files_fails(self):
        write(self.ca.path("price", "tls.crt"), "garbage")
        code, _, err = run("run", "-c", self.price.path)
        self.assertEqual(code, 1)
        self.assertRegex(err, r"woad\.yaml:\d+:\d+: error: tls\.certificate: .*tls\.crt")


class Ways(Rotation):
    def test_as_kubernetes_swaps(self):
        """file → ..data/file, and ..data → a folder that is replaced whole."""
        mount = self.ca.path("mount")
        os.mkdir(mount)

        def publish(number):
            self.ca.issue("price")
            shutil.copytree(self.ca.path("price"), f"{mount}/..{number}")
            os.symlink(f"..{number}", f"{mount}/..data_tmp")
            os.rename(f"{mount}/..data_tmp", f"{mount}/..data")
            if number > 1:
                shutil.rmtree(f"{mount}/..{number - 1}")
        publish(1)
        tls = dict(self.ca.tls("price"))
        for key, name in (("certificate", "tls.crt"), ("key", "tls.key"), ("trust_bundle", "ca.crt")):
            os.symlink(f"..data/{name}", f"{mount}/{name}")
            tls[key] = f"{mount}/{name}"
        self.price.reload(dict(self.price.config, tls=tls))
        for number in range(2, 6):
            publish(number)
            self.newest_is_used()
        self.assertEqual(self.metrics(self.price, "rejected"), 0)

    def test_dropped_root(self):
        """Callers whose certificates are of the old root are refused once it is gone, and only then."""
        elsewhere = tempfile.TemporaryDirectory()
        self.addCleanup(elsewhere.cleanup)
        old = f"{elsewhere.name}/old"
        shutil.copytree(self.ca.path("caller"), old)
        stays = H1(self.price.inbound, tls=self.context(old))
        self.addCleanup(stays.close)
        self.assertEqual(stays.request().status, 200)
        self.ca.run("--new-root")
        self.assertTrue(until(lambda: self.roots() == {2}, 5))
        self.ca.issue("cart", "price", "caller")
        self.newest_is_used()
        shutil.copy(self.ca.path("ca.crt"), f"{old}/ca.crt")
        self.assertEqual(knock(self.price.inbound, self.context(old)), (200, None))
        self.ca.run("--drop-old-roots")
        self.assertTrue(until(lambda: self.roots() == {1}, 5))
        self.assertEqual(knock(self.price.inbound, self.context(old)), (None, "unknown_ca"))
        self.assertEqual(stays.request().status, 200, "what runs finishes there")
        self.newest_is_used()

    def test_unchanged(self):
        used = self.shown()
        path = self.ca.path("price", "tls.crt")
        os.utime(path)
        self.assertTrue(until(lambda: self.metrics(self.price, "unchanged") >= 1, 5))
        self.assertEqual((self.shown(), self.metrics(self.price, "success")), (used, 0))

    def test_expiry_is_told(self):
        self.assertNotIn("warning", self.price.get("/readyz")[1])
        page = self.price.json("/certs")["identity"]
        self.assertEqual(page["id"], spiffe("price"))
        ends = self.price.metrics("woad_certificate_expiry_timestamp_seconds", name="certificate")
        self.assertAlmostEqual(ends, time.time() + 86400, delta=120)

    def test_a_peer_certificate_ends(self):
        """Its connections take no new requests and finish what runs; new ones are let in for 60 s
        more, for clocks differ."""
        gate = asyncio.Event()

        async def slow(request):
            if request.target == "/slow":
                await gate.wait()
            return await echo(request)
        self.app.handler = slow
        self.ca.run("--id", spiffe("caller"), "--ttl", "3s")
        ends = time.monotonic() + 3
        h1, h2 = [SPEAKS[v](self.price.inbound, tls=self.context("caller", ALPN[v])) for v in ALPN]
        for client in (h1, h2):
            self.addCleanup(client.close)
            self.assertEqual(client.request().status, 200)
        stream = h2.start(target="/slow")
        while h2.h2.goaway is None:
            h2.pump()
        self.assertGreater(time.monotonic(), ends - 1)
        self.assertEqual(h2.h2.goaway, 0, "without an error")
        self.app.call(gate.set)
        self.assertEqual(h2.response(stream).status, 200, "what runs is finished")
        with self.assertRaises(Closed):
            h2.pump()
        try:
            self.assertEqual((got := h1.request()).status, 200)
            self.assertEqual((got.get("connection") or "").lower(), "close")
        except (Closed, ConnectionError):
            pass
        self.assertTrue(h1.closed())
        self.assertEqual(knock(self.price.inbound, self.context())[0], 200, "60 s of skew")
        if FULL:
            time.sleep(max(0, ends + 62 - time.monotonic()))
            self.assertEqual(knock(self.price.inbound, self.context()), (None, "certificate_expired"))
