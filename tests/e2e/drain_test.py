"""SIGTERM while clients run, inbound and outbound: nothing is lost and nothing is cut short."""
import asyncio
import random
import signal
import threading
import time

from support.suite import *

SIZE = 100_000
MAX_STREAM = (1 << 31) - 1


class Watching(H2):
    """Keeps the last stream of each GOAWAY."""

    def __init__(self, *args, **more):
        self.goaways = []
        super().__init__(*args, **more)

    def _event(self, event):
        if event.kind == "goaway":
            self.goaways.append(event.stream)
        super()._event(event)


class Load:
    """One client after another on a port, each used until it is told that it will end; it ends when
    it is told to, or nobody listens any more."""

    def __init__(self, port, version):
        self.port, self.version = port, version
        self.good, self.failed, self.told, self.refused = 0, [], 0, False
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.done.is_set():
            try:
                client = Watching(self.port) if self.version == "h2" else H1(self.port)
            except OSError:
                self.refused = True
                return
            with client:
                self.use(client)

    def use(self, client):
        while not self.done.is_set():
            try:
                got = client.request()
            except (Closed, OSError) as error:
                self.failed.append((self.version, self.good, repr(error)))
                return
            if got.status != 200 or len(got.body) != SIZE:
                self.failed.append((got.status, got.error, len(got.body)))
            self.good += 1
            if self.ends(client, got):
                self.told += 1
                return

    def ends(self, client, got):
        if self.version == "h2":
            return bool(client.goaways)
        return (got.get("connection") or "").lower() == "close"

    def served(self, more):
        """Waits for so many answers from now on."""
        wanted = self.good + more
        return until(lambda: self.good >= wanted or not self.thread.is_alive())


class Drain(Suite):
    def started(self, workers=1, **drain):
        async def handler(request):
            await request.read()
            await asyncio.sleep(random.random() * 0.01)
            return Reply(body=b"x" * SIZE)
        server = self.origin(handler=handler)
        return self.sidecar(app=server.address, services={"svc": service(server.address)}, drain=drain,
                            workers=workers)

    def load(self, port):
        loads = [Load(port, version) for version in ("h1", "h2") for _ in range(2)]
        for load in loads:
            self.addCleanup(load.done.set)
        return loads

    def finished(self, loads):
        for load in loads:
            load.thread.join(60)
            self.assertEqual(load.failed, [])

    def test_under_load(self):
        for delay, workers in (("1s", 1), ("0s", 1), ("0s", 2)):
            with self.subTest(delay=delay, workers=workers):
                woad = self.started(workers, delay=delay, timeout="20s")
                inbound, outbound = self.load(woad.inbound), self.load(woad.outbound)
                self.assertTrue(all(load.served(5) for load in inbound + outbound))
                woad.process.send_signal(signal.SIGTERM)
                self.assertTrue(until(lambda: woad.get("/readyz")[0] == 503))
                self.finished(inbound)
                self.assertTrue(all(load.refused and load.told for load in inbound))
                before = [load.good for load in outbound]
                self.assertTrue(all(load.served(5) for load in outbound))
                self.assertTrue(all(load.good >= n + 5 for load, n in zip(outbound, before)),
                                "outbound serves on")
                for load in outbound:
                    load.done.set()
                self.finished(outbound)
                self.assertEqual(woad.process.wait(30), 0)

    def test_outbound_under_load_to_the_end(self):
        woad = self.started(delay="0s", timeout="3s")
        loads = self.load(woad.outbound)
        self.assertTrue(all(load.served(5) for load in loads))
        woad.process.send_signal(signal.SIGTERM)
        self.assertEqual(woad.process.wait(30), 0)
        self.finished(loads)
        self.assertTrue(all(load.refused and load.told for load in loads))
        self.assertNotIn("is cut", woad.stderr())

    def test_two_goaways(self):
        """The first refuses nothing; the second names the last stream that is served."""
        woad = self.started(delay="2s", timeout="20s")
        client = Watching(woad.inbound)
        self.addCleanup(client.close)
        client.request()
        woad.process.send_signal(signal.SIGTERM)
        self.assertTrue(until(lambda: woad.get("/readyz")[0] == 503))
        late = client.start()  # before it has read the first one
        self.assertEqual(client.response(late).status, 200)
        with self.assertRaises(Closed):
            while True:
                client.pump()
        self.assertEqual(client.goaways, [MAX_STREAM, late])
        self.assertEqual(woad.process.wait(30), 0)

    def test_a_slow_reader_gets_all(self):
        """What is written and not read yet is no reason to end."""
        size = 12 << 20

        async def large(request):
            return Reply(body=b"x" * size)
        for version in ("h1", "h2"):
            with self.subTest(version):
                server = self.origin(handler=large)
                woad = self.sidecar(app=server.address, drain={"delay": "0s", "timeout": "60s"})
                client = self.client(woad.inbound, version)
                stream = client.start()
                self.assertTrue(until(lambda: server.requests))
                woad.process.send_signal(signal.SIGTERM)
                self.assertTrue(until(lambda: woad.get("/readyz")[0] == 503))
                time.sleep(1)  # the client sleeps, for it is slow
                got = client.response(*([stream] if stream else []))
                self.assertEqual((got.status, len(got.body)), (200, size))
                client.close()
                self.assertEqual(woad.process.wait(60), 0)
                self.assertNotIn("is cut", woad.stderr())

    def test_a_connection_that_just_came(self):
        """It asks after the end was announced, and is told so with its answer."""
        woad = self.started(delay="0s", timeout="20s")
        for port in (woad.inbound, woad.outbound):
            self.client(port).request()
        silent = self.client(woad.inbound)
        woad.process.send_signal(signal.SIGTERM)
        got = silent.request()
        self.assertEqual((got.status, len(got.body)), (200, SIZE))
        self.assertEqual(woad.process.wait(30), 0)
