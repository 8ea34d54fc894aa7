"""Mirrored requests: whole whatever their size, and never a burden for the request itself."""
import asyncio
import hashlib
import socket
import threading

from support.suite import *

PIECE = bytes(range(256)) * 1024
PAIRS = [(client, shadow) for client in ("h1", "h2") for shadow in ("http1", "http2")]
BEHIND = 16 << 20  # what may wait for a shadow (config/reference.md, "Routes")


def upload(size):
    return (PIECE for _ in range(size // len(PIECE)))


def digest(size):
    return hashlib.sha256(PIECE * (size // len(PIECE))).hexdigest()


class Mirrors(Suite):
    def mirrored(self, shadow=echo, protocol="http1", **more):
        """A sidecar whose route copies everything to an origin that does as `shadow` says."""
        self.real, self.shadow = self.origin("real"), self.origin("shadow", handler=shadow)
        return self.sidecar(
            routes=[{"match": {"path": {"prefix": "/"}}, "to": "real",
                     "mirror": {"service": "shadow"}}],
            services={"real": service(self.real.address),
                      "shadow": service(self.shadow.address, protocol=protocol)}, **more)

    def post(self, woad, size, version="h1", **more):
        got = fetch(woad.outbound, "POST", "/sha", body=upload(size), host="real", version=version, **more)
        self.assertEqual(got.body.decode(), f"{size} {digest(size)}")

    def ends(self, woad):
        """{how: count} of the copies."""
        found = {}
        for line in woad.get("/metrics")[1].split("\n"):
            if line.startswith("woad_mirrored_requests_total{"):
                labels, value = line.split("} ")
                found[labels.split('result="')[1].split('"')[0]] = int(float(value))
        return found

    def assert_ends(self, woad, **expected):
        self.assertTrue(until(lambda: self.ends(woad) == expected), self.ends(woad))

    def test_large_bodies_come_whole(self):
        shas = []

        async def shadow(request):
            reply = await echo(request)
            shas.append(reply.body.decode())
            return reply
        size = BEHIND - (1 << 20)  # more is whole only where the shadow keeps up
        for version, protocol in PAIRS:
            with self.subTest(f"{version}, mirrored over {protocol}"):
                shas.clear()
                woad = self.mirrored(shadow, protocol)
                self.post(woad, size, version)
                self.assert_ends(woad, answered=1)  # a copy that is behind would come second
                got = fetch(woad.outbound, "POST", "/sha", body=PIECE, host="real", version=version)
                self.assertEqual(got.status, 200)  # with its length
                self.assert_ends(woad, answered=2)
                self.post(woad, 1 << 20, version, trailers=[("x-t", "1")])
                self.assert_ends(woad, answered=3)
                self.assertEqual(shas, [f"{n} {digest(n)}" for n in (size, 256 << 10, 1 << 20)])
                self.assertEqual([(k.lower(), v) for k, v in self.shadow.requests[2].trailers], [("x-t", "1")])

    def test_a_shadow_that_begins_late_gets_all_of_it(self):
        for version in ("h1", "h2"):
            with self.subTest(version):
                go = asyncio.Event()

                async def shadow(request):
                    await go.wait()
                    return await echo(request)
                woad = self.mirrored(shadow)
                self.post(woad, BEHIND - (1 << 20), version)  # answered while the shadow stands still
                self.shadow.call(go.set)
                self.assert_ends(woad, answered=1)
                self.assertEqual(self.shadow.requests[0].size, BEHIND - (1 << 20))

    def test_a_shadow_that_stands_still_slows_nobody(self):
        with socket.create_server(("127.0.0.1", 0)) as shadow:  # connected by the kernel, and never read
            real = self.origin("real")
            for version, protocol in PAIRS:
                with self.subTest(f"{version}, mirrored over {protocol}"):
                    woad = self.sidecar(
                        routes=[{"match": {"path": {"prefix": "/"}}, "to": "real",
                                 "mirror": {"service": "shadow"}}],
                        services={"real": service(real.address), "shadow": service(
                            f"127.0.0.1:{shadow.getsockname()[1]}", protocol=protocol)})
                    self.post(woad, BEHIND + (16 << 20), version)
                    self.assert_ends(woad, too_slow=1)
                    self.assertTrue(until(lambda: '"result":"too_slow"' in woad.stderr()))
                    self.assertIn("a mirrored request was given up", woad.stderr())

    def test_an_answer_of_any_size_is_dropped(self):
        async def shadow(request):
            await request.read()
            return Reply(body=b"x" * (30 << 20))
        for version, protocol in PAIRS:
            with self.subTest(f"{version}, mirrored over {protocol}"):
                woad = self.mirrored(shadow, protocol)
                self.post(woad, 256 << 10, version)
                self.assert_ends(woad, answered=1)

    def test_a_part_never_looks_like_a_whole(self):
        for version, protocol in PAIRS:
            with self.subTest(f"{version}, mirrored over {protocol}"):
                arrived = threading.Event()

                async def shadow(request):
                    async for _ in request.stream():
                        arrived.set()
                    return Reply()
                woad = self.mirrored(shadow, protocol)
                if version == "h1":
                    client = self.client(woad.outbound)
                    client.send(client.head("POST", "/x", [("Transfer-Encoding", "chunked")], "real"))
                    client.send("5\r\nhello\r\n")
                    arrived.wait(10)
                    client.abort()
                else:
                    client = self.client(woad.outbound, "h2")
                    stream = client.open("POST", "/x", host="real", end=False)
                    client.h2.data(stream, b"hello")
                    client.flush()
                    arrived.wait(10)
                    client.h2.reset(stream)
                    client.flush()
                self.assert_ends(woad, cancelled=1)
                self.assertFalse(self.shadow.requests[0].done)

    def test_a_dead_shadow_is_counted_and_told(self):
        woad = self.mirrored()
        self.shadow.close()
        for _ in range(50):
            self.post(woad, 256 << 10)
        self.assert_ends(woad, failed=50)
        self.assertLessEqual(woad.stderr().count("a mirrored request was given up"), 45)
        self.assertIn('"service":"shadow"', woad.stderr())
