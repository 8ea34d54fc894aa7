"""Certificates are replaced, under load too: no request fails, and the newest is used at once."""
import asyncio
import os
import shutil
import tempfile
import threading
import time

from support.certs import spiffe
from support.mesh import ALPN, SPEAKS
from support.mtls import knock
from support.rotation import RotationSuite
from support.suite import *

SECONDS = 60 if FULL else 8


class UnderLoad(RotationSuite):
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


class Ways(RotationSuite):
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
        ends = time.monotonic() + 3  # or up to a second before that: certificates know whole ones
        self.ca.run("--id", spiffe("caller"), "--ttl", "3s")
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
