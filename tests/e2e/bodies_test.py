"""Large bodies stream through every protocol pair: nothing lost, nothing held back, little memory."""
import asyncio
import hashlib
import threading

from support.suite import *

SIZE = (8 if SANITIZED else 50) << 20
PIECE = bytes(range(256)) * 1024
PAIRS = [(client, upstream) for client in ("h1", "h2") for upstream in ("http1", "http2")]


def pieces(total):
    return (PIECE for _ in range(total // len(PIECE)))


EXPECTED = hashlib.sha256(PIECE * (SIZE // len(PIECE))).hexdigest()


async def handler(request):
    if request.target == "/download":
        async def body():
            for piece in pieces(SIZE):
                yield piece
        return Reply(body=body())
    return await echo(request)


class Bodies(Suite):
    def setUp(self):
        self.server = self.origin(handler=handler)
        self.woad = self.sidecar(services={
            p: service(self.server.address, protocol=p) for p in ("http1", "http2")})

    def watch_memory(self):
        """Highest resident size while the body passes, above idle."""
        idle, top, stop = self.woad.rss_kib(), [0], threading.Event()

        def look():
            while not stop.wait(0.02):
                top[0] = max(top[0], self.woad.rss_kib())
        thread = threading.Thread(target=look, daemon=True)
        thread.start()

        def result():
            stop.set()
            thread.join()
            return top[0] - idle
        return result

    def judge_memory(self, growth):
        if not SANITIZED:  # a sanitizer's own bookkeeping is not the sidecar's memory
            self.assertLessEqual(growth, 40 << 10, "KiB above idle")

    def test_upload(self):
        for version, upstream in PAIRS:
            with self.subTest(f"{version} to {upstream}"):
                growth = self.watch_memory()
                got = fetch(self.woad.outbound, "POST", "/sha", body=pieces(SIZE), host=upstream,
                            version=version)
                self.assertEqual(got.body.decode(), f"{SIZE} {EXPECTED}")
                self.judge_memory(growth())

    def test_download(self):
        for version, upstream in PAIRS:
            with self.subTest(f"{version} to {upstream}"):
                growth = self.watch_memory()
                got = fetch(self.woad.outbound, "GET", "/download", host=upstream, version=version)
                self.assertEqual(hashlib.sha256(got.body).hexdigest(), EXPECTED)
                self.judge_memory(growth())


class Streaming(Suite):
    """The first byte is out before the last byte is in, both ways: each side waits for the other."""

    def woad_for(self, handler):
        server = self.origin(handler=handler)
        return server, self.sidecar(services={
            p: service(server.address, protocol=p) for p in ("http1", "http2")})

    def test_request_is_not_held_back(self):
        arrived = threading.Event()

        async def first_piece(request):
            async for _ in request.stream():
                arrived.set()
            return Reply(body=b"done")
        _, woad = self.woad_for(first_piece)
        for version, upstream in PAIRS:
            with self.subTest(f"{version} to {upstream}"):
                arrived.clear()

                def body():
                    yield b"first"
                    assert arrived.wait(10), "the first piece waits for the last"
                    yield b"last"
                got = self.paced(woad, version, upstream, body())
                self.assertEqual(got.body, b"done")

    def paced(self, woad, version, upstream, body):
        client = self.client(woad.outbound, version)
        return client.request("POST", "/", body=body, host=upstream) if version == "h1" else \
            self.paced_h2(client, upstream, body)

    def paced_h2(self, client, upstream, body):
        stream = client.open("POST", "/", host=upstream, end=False)
        for piece in body:
            client.h2.data(stream, piece)
            client.flush()
        client.h2.data(stream, b"", end=True)
        client.flush()
        return client.response(stream)

    def test_response_is_not_held_back(self):
        gates = {}

        async def two_halves(request):
            gate = gates[request.target] = asyncio.Event()

            async def body():
                yield b"first"
                await asyncio.wait_for(gate.wait(), 10)
                yield b"last"
            await request.read()
            return Reply(body=body())
        server, woad = self.woad_for(two_halves)
        for number, (version, upstream) in enumerate(PAIRS):
            with self.subTest(f"{version} to {upstream}"):
                target, client = f"/{number}", self.client(woad.outbound, version)
                if version == "h1":
                    client.start("GET", target, host=upstream)
                    response = client.response_head()
                    rows = client.body(response)
                    body = next(rows)
                    while len(body) < 5:
                        body += next(rows)
                    server.call(gates[target].set)
                    body += b"".join(rows)
                else:
                    stream = client.start("GET", target, host=upstream)
                    while len(client.responses[stream].body) < 5:
                        client.pump()
                    server.call(gates[target].set)
                    body = client.response(stream).body
                self.assertEqual(body, b"firstlast")

    def test_slow_reader_holds_the_origin(self):
        """Nobody reads: the origin must be stopped after what the buffers hold, not run through."""
        sent = [0]

        async def endless(request):
            async def body():
                for piece in pieces(64 << 20):
                    yield piece
                    sent[0] += len(piece)
            return Reply(body=body())
        server, woad = self.woad_for(endless)
        for upstream in ("http1", "http2"):
            for version in ("h1", "h2"):
                with self.subTest(f"{version} to {upstream}"):
                    sent[0] = 0
                    client = CLIENTS[version](woad.outbound)
                    client.consume = False
                    client.start("GET", "/", host=upstream)
                    last, steady = -1, 0
                    while steady < 10:  # until the origin makes no more way
                        threading.Event().wait(0.05)
                        steady = steady + 1 if sent[0] == last else 0
                        last = sent[0]
                    self.assertLess(sent[0], 32 << 20)
                    client.close()
        self.assertEqual(fetch(woad.outbound, "HEAD", "/", host="http1").status, 200)
